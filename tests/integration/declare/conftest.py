"""A project in a folder of its own, and Celery's commands run in it as processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.servers import ValkeyServer


class Project:
    """Files and processes of one test; stop() ends whatever still runs."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.folder = folder
        self.env = {**os.environ, "BROKER": broker, "PYTHONUNBUFFERED": "1"}
        self.running: list[subprocess.Popen[bytes]] = []

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))

    def start(self, *command: str) -> Path:
        """Start a Python command in the background; its output goes to the file returned."""
        log = self.folder / f"{len(self.running)}.log"
        with log.open("wb") as out:
            self.running.append(
                subprocess.Popen(
                    [sys.executable, *command],
                    cwd=self.folder,
                    env=self.env,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        return log

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def see(self, log: Path, text: str, times: int = 1, within: float = 60.0) -> None:
        """Wait until a text stands in a log so many times."""
        deadline = time.monotonic() + within
        while log.read_text().count(text) < times:
            assert time.monotonic() < deadline, f"no {text!r} in\n{log.read_text()}"
            time.sleep(0.05)

    def stop(self) -> None:
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def project(
    tmp_path: Path, new_valkey: Callable[..., ValkeyServer]
) -> Iterator[Callable[[], Project]]:
    """Make a project whose BROKER is a server of its own."""
    made: list[Project] = []

    def make(server: bool = True) -> Project:
        made.append(Project(tmp_path, new_valkey().url() if server else "memory://"))
        return made[-1]

    yield make
    for each in made:
        each.stop()
