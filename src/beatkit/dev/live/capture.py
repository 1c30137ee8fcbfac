"""What tasks print, caught where every process of ours writes: at the descriptors 1 and 2.

Until there is a view, and after it, what is printed goes on to where it would have gone; so
an error at the start or at the end is seen as it always is.
"""

from __future__ import annotations

import os
import sys
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Sequence
from threading import Event, Lock, Thread

MOST_LINES = 2_000
LONGEST_LINE = 2_000
"""Characters of a line that are kept; a task may print megabytes without a line's end."""

_DRAIN_SECONDS = 1.0


class Capture:
    """The output of this process and those that it forks; those that go to a terminal.

    Between `start`, which must come before the pool is forked, and `stop`, what is written
    there goes through a pipe. The thread that reads it holds no lock that a forked process
    would need.
    """

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._open = ""  # a line without its end yet
        self._lock = Lock()
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._aside = Event()
        self._saved: dict[int, int] = {}
        self._thread: Thread | None = None

    def start(self) -> None:
        """Catch what is printed from now on, and pass it on."""
        reader, writer = os.pipe()
        for number in (1, 2):
            if os.isatty(number):
                _flush()
                self._saved[number] = os.dup(number)
                os.dup2(writer, number)
        os.close(writer)
        self._thread = Thread(target=self._read, args=(reader,), name="output", daemon=True)
        self._thread.start()

    def hold(self) -> None:
        """Keep what is printed for the view, and pass it on no more."""
        self._aside.set()

    def release(self) -> None:
        """Pass on what is printed again."""
        self._aside.clear()

    def stop(self) -> None:
        """Let the descriptors lead where they led before; a second call does nothing.

        Waits a second at most for what was printed: a process that a task has left behind
        may hold the pipe open for ever.
        """
        _flush()
        for number, before in self._saved.items():
            os.dup2(before, number)
        if self._thread is not None:
            self._thread.join(_DRAIN_SECONDS)
        self._saved.clear()

    def last(self, count: int) -> Sequence[str]:
        """Return the last lines, at most so many, the newest at the end."""
        with self._lock:
            kept = list(self._lines)[-count:] if count else []
            return [*kept, self._open][-count:] if self._open and count else kept

    def _read(self, reader: int) -> None:
        terminal = next(iter(self._saved.values()))
        while chunk := os.read(reader, 65_536):
            self._keep(self._decode(chunk))
            if not self._aside.is_set():
                _pass_on(terminal, chunk)
        os.close(reader)

    def _keep(self, text: str) -> None:
        with self._lock:
            *whole, rest = (self._open + text).split("\n")
            self._lines.extend(line[:LONGEST_LINE] for line in whole[-MOST_LINES:])
            self._open = rest[-LONGEST_LINE:]


def _pass_on(terminal: int, chunk: bytes) -> None:
    try:
        while chunk:
            chunk = chunk[os.write(terminal, chunk) :]
    except OSError:
        pass  # the terminal has gone; the pipe must be read all the same, or tasks would wait


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
