"""`beatkit dev` on a terminal of its own, and what that terminal shows."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte

from tests.integration.dev.conftest import PATIENCE


class Terminal:
    """A pty with a screen that understands what is written to it.

    Args:
        folder: Where the command runs.
        command: What runs in it, as the leader of the terminal's session.
        environ: Added to the environment.
        columns: Its width.
        lines: Its height.
    """

    def __init__(
        self,
        folder: Path,
        command: list[str],
        environ: dict[str, str],
        columns: int = 80,
        lines: int = 24,
    ) -> None:
        self._ours, theirs = os.openpty()
        self._screen = _TwoScreens(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.resize(columns, lines)
        kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environ},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._theirs = theirs  # open, so that its modes can be read when all have gone

    @property
    def modes(self) -> list[Any]:
        """The keyboard's modes."""
        return termios.tcgetattr(self._theirs)

    @property
    def text(self) -> str:
        """What is to be seen, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def second(self) -> bool:
        """Whether the second screen is shown."""
        return self._screen.second

    @property
    def cursor(self) -> bool:
        """Whether there is a cursor."""
        return not self._screen.cursor.hidden

    def resize(self, columns: int, lines: int) -> None:
        """Change the window's size, as its user would."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen.resize(lines, columns)

    def press(self, typed: str) -> None:
        """Press keys."""
        os.write(self._ours, typed.encode())

    def wait_for(self, seen: str | Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until the screen has the pattern, or the condition holds."""
        deadline = time.monotonic() + seconds
        while not (re.search(seen, self.text, re.MULTILINE) if isinstance(seen, str) else seen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"no {seen!r} on the screen:\n{self.text}")
            self.read(0.05)

    def read(self, seconds: float) -> None:
        """Take in what is written within so many seconds."""
        if select.select([self._ours], [], [], seconds)[0]:
            self._stream.feed(os.read(self._ours, 65_536))

    def ended(self) -> int:
        """Wait for the end of the command; return its exit code."""
        self.wait_for(lambda: self.process.poll() is not None)
        for _ in range(20):
            self.read(0.01)
        return int(self.process.wait())

    def close(self) -> None:
        """End the command, and let go of the terminal."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


class _TwoScreens(pyte.Screen):
    """pyte knows no second screen: what is drawn there must not be taken for the first."""

    second = False
    _first: tuple[Any, Any] | None = None

    def set_mode(self, *modes: int, **how: Any) -> None:
        if 1049 in modes and how.get("private"):
            self._first = (
                {y: dict(row) for y, row in self.buffer.items()},
                (self.cursor.x, self.cursor.y),
            )
            self.second = True
            self.erase_in_display(2)
        super().set_mode(*modes, **how)

    def reset_mode(self, *modes: int, **how: Any) -> None:
        if 1049 in modes and how.get("private") and self._first is not None:
            self.erase_in_display(2)
            rows, (self.cursor.x, self.cursor.y) = self._first
            for y, row in rows.items():
                self.buffer[y].update(row)
            self.second, self._first = False, None
        super().reset_mode(*modes, **how)
