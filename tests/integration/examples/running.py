"""Start a project's commands as its user would, and read what they print as it comes."""

from __future__ import annotations

import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@dataclass
class Command:
    """One running command and what it has printed so far, line by line."""

    line: str
    process: subprocess.Popen[str]
    printed: list[str] = field(default_factory=list)
    _coming: queue.Queue[str | None] = field(default_factory=queue.Queue)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line)
        self._coming.put(None)

    def until(self, seen: Callable[[list[str]], bool], *, within: float = 60) -> list[str]:
        """Read on until `seen` says yes to all lines printed so far."""
        give_up = time.monotonic() + within
        while not seen(self.printed):
            try:
                line = self._coming.get(timeout=max(0, give_up - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self.line}: not seen in {within} s") from None
            assert line is not None, f"{self.line}: ended early"
            self.printed.append(line)
        return self.printed

    def all_printed(self) -> str:
        """What was read, and what has come since."""
        while not self._coming.empty():
            self.printed.append(self._coming.get() or "(ended)\n")
        return "".join(self.printed)


@contextmanager
def running(folder: Path, env: Mapping[str, str], *lines: str) -> Iterator[list[Command]]:
    """Run the commands in a folder until the block ends; stop them as a supervisor would."""
    commands: list[Command] = []
    try:
        for line in lines:
            commands.append(_start(folder, env, line))
        yield commands
    except AssertionError as error:
        for command in commands:
            error.add_note(f"$ {command.line}\n{command.all_printed()}")
        raise
    finally:
        # A pool process that is stopped in the instant its task ends waits 30 s for a
        # receipt that its parent gives no more (billiard's _ensure_messages_consumed).
        time.sleep(0.3)
        for command in commands:
            command.process.send_signal(signal.SIGTERM)
        for command in commands:
            _wait(command.process)


def _start(folder: Path, env: Mapping[str, str], line: str) -> Command:
    words = shlex.split(line)
    if "worker" in words and "--hostname" not in words:
        # Two of one name on one RabbitMQ lock each other out.
        words += ["--hostname", f"{uuid4().hex[:8]}@%h"]
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    command = Command(line, process)
    threading.Thread(target=command.read, daemon=True).start()
    return command


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, with the commands of its interpreter first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **env}


def _wait(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def count(text: str) -> Callable[[list[str]], int]:
    """How many lines hold the text."""
    return lambda printed: sum(text in line for line in printed)
