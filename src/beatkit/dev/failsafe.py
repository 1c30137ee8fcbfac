"""The end of a worker that does not end: Celery may wait for ever for a task of its pool.

Its cold shutdown ends the tasks of whose start the pool has told it, and then waits for all.
A task that is taken in that very moment, or has just been, runs on unknown to it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from celery.exceptions import WorkerTerminate

END_S = 5.0
"""How long Celery may take to end running tasks; it takes well under one where it can."""

UNWIND_S = 3.0
"""How long the rest may take once they are killed: terminal, server, temporary folder."""


class EndNow(WorkerTerminate):
    """Unwinds the main thread where Celery would wait for tasks that it cannot end.

    Of Celery's own kind, as the solo pool takes any other for a task that killed its process.
    """


class Failsafe:
    """After so many seconds it kills the pool's processes and raises EndNow in the main thread.

    If the main thread does not come to that either, the process ends without it.

    Args:
        processes: Returns the ids of the pool's processes.
        on_late: Called when it kills them.
    """

    def __init__(self, processes: Callable[[], Iterable[int]], on_late: Callable[[], None]) -> None:
        self._processes = processes
        self._on_late = on_late
        self._over = threading.Event()
        self._timer = threading.Timer(END_S, self._end)
        self._timer.daemon = True

    def start(self) -> None:
        """Let the time run; in the main thread, also in a signal handler, once."""
        signal.signal(signal.SIGALRM, self._unwind)
        self._timer.start()

    def cancel(self) -> None:
        """The worker has ended; in the main thread. Not started: does nothing."""
        self._over.set()
        self._timer.cancel()

    def _unwind(self, *_: Any) -> None:
        if not self._over.is_set():
            raise EndNow

    def _end(self) -> None:
        self._on_late()
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
        # Nothing is flushed: all streams are line buffered, and the lock of one of them may be
        # what the main thread waits for.
        if not self._over.wait(UNWIND_S):
            os._exit(1)
