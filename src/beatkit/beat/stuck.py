"""Ending a beat whose tick does not end.

Every wait of a pass is bounded, but a tick also runs other people's code: routers, signal
receivers, custom schedules and task classes. A beat that hangs there has a process, answers
signals, and sends nothing, for days. So a thread watches the tick; a beat that it ends is
started again by its supervisor, and another beat sends meanwhile.

It counts its own looks and reads no clock, for a process that was stopped (or a machine that
slept) was not stuck: then nobody looked either.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

logger = logging.getLogger("beatkit.beat")

STUCK_S = 60.0
"""The default of `beatkit_stuck_after`: thirty times the longest wait of a pass."""

LOOKS = 12
"""A tick is stuck when it is found unchanged so many times in a row."""

LOGGING_S = 2.0
"""What is stuck may be the log itself; so it is given no longer to take the last words."""

EX_SOFTWARE = 70  # sysexits.h


def stuck_after(app: Any) -> float:
    """Return the setting `beatkit_stuck_after`, seconds; 0: never."""
    given = app.conf.get("beatkit_stuck_after")
    return STUCK_S if given is None else float(given)


class Watchdog:
    """Watches what runs inside `with watchdog:`, one after another, in one thread.

    Only a beat in its process's main thread is ended, as `celery beat` and `worker -B` run
    it. One in a thread of its own (`beatkit dev`) is not: the process does other things too.

    Args:
        seconds: Longer than this is stuck; 0: nobody watches.
        end: Ends the process with an exit code, at once.
    """

    def __init__(self, seconds: float, end: Callable[[int], object] = os._exit) -> None:
        self._seconds = seconds
        self._end = end
        self._count = 0
        self._running = 0  # the number of the tick under way; 0: none is
        self._last = 0
        self._seen = 0
        self._thread_id = 0
        self._over = threading.Event()
        self._started = False

    def __enter__(self) -> None:
        if not self._started:
            self._start()
        self._count += 1
        self._running = self._count

    def __exit__(self, *_: object) -> None:
        self._running = 0

    def close(self) -> None:
        """Watch no more."""
        self._over.set()

    def look(self) -> None:
        """Look once: `LOOKS` times in `seconds`, by a thread."""
        running = self._running
        self._seen = self._seen + 1 if running and running == self._last else 0
        self._last = running
        if self._seen == LOOKS:
            self._act()

    def _start(self) -> None:
        self._started = True
        self._thread_id = threading.get_ident()
        if self._seconds:
            threading.Thread(target=self._watch, name="beatkit-watchdog", daemon=True).start()

    def _watch(self) -> None:
        while not self._over.wait(self._seconds / LOOKS):
            self.look()

    def _act(self) -> None:
        main = self._thread_id == threading.main_thread().ident
        words = threading.Thread(target=self._tell, args=(main,), daemon=True)
        words.start()
        words.join(LOGGING_S)
        if main:
            self._end(EX_SOFTWARE)

    def _tell(self, ends: bool) -> None:
        frame = sys._current_frames().get(self._thread_id)
        stack = "".join(traceback.format_stack(frame)) if frame else "(its thread is gone)\n"
        logger.critical(
            "beat: a tick has not ended for %g s (beatkit_stuck_after). %s It stands here:\n%s",
            self._seconds,
            "The beat ends; start it again." if ends else "This beat sends nothing.",
            stack.rstrip("\n"),
        )
