"""Broker, worker and scheduler in one command: the order in which they start and stop.

The server starts first and gets ready while Python imports Celery and the target. The pool
forks before the scheduler's thread exists. On the way out the scheduler stops first, then
the worker when its tasks have finished, then the server.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beatkit.dev.binary import find_binary
from beatkit.dev.options import Options

if TYPE_CHECKING:
    from beatkit.dev.server import Server

_REQUESTS_TO_END = ("SIGTERM", "SIGHUP")


def run(options: Options) -> int:
    """Run until Ctrl-C, or until the time is over; return the exit code.

    Call it in the main thread: signals arrive there, and the private server dies with the
    thread that started it.

    Raises:
        BeatkitError: It cannot start; the message says why.
    """
    with _interrupted_by_requests_to_end(), _broker(options) as server:
        from beatkit.dev.session import Session  # imports Celery, while the server starts

        return Session(options, server).run()


@contextmanager
def _broker(options: Options) -> Iterator[Server | None]:
    """The private server, or None where a broker is given or there is no server to start."""
    binary = None if options.broker or sys.platform == "win32" else find_binary()
    if binary is None:
        yield None
        return
    from beatkit.dev import server, state

    owned = state.fresh() if options.fresh else state.kept(Path.cwd())
    with owned as folder, server.running(binary, folder) as started:
        yield started


@contextmanager
def _interrupted_by_requests_to_end() -> Iterator[None]:
    """Until the worker handles them, SIGTERM and SIGHUP are what Ctrl-C is."""

    def interrupt(*_: Any) -> None:
        if os.getpid() == ours:  # a pool's process may be asked before it has its own handlers
            raise KeyboardInterrupt

    ours = os.getpid()
    before = {
        number: signal.signal(number, interrupt)
        for name in _REQUESTS_TO_END
        if (number := getattr(signal, name, None)) is not None
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
