"""The order of things: the target, the broker, the worker with the scheduler, and back.

The target comes first: one that cannot be imported starts no server and leaves no folder.
On the way out the scheduler stops first, then the worker when its tasks have finished,
then the server.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import Celery

from beatkit.dev import reload
from beatkit.dev.binary import find_binary
from beatkit.dev.blame import blaming
from beatkit.dev.failsafe import EndNow
from beatkit.dev.options import Options
from beatkit.dev.redirect import ENVIRONMENT, MEMORY, Servers, given
from beatkit.dev.session import Session
from beatkit.dev.target import Target, TargetError, load
from beatkit.errors import BeatkitError
from beatkit.registry.binding import binding_of
from beatkit.registry.effective import check_start, effective_entries

_REQUESTS_TO_END = ("SIGTERM", "SIGHUP")


def run(options: Options) -> int:
    """Run until Ctrl-C, or until the time is over; return the exit code.

    Call it in the main thread: signals arrive there, and the private server dies with the
    thread that started it.

    Raises:
        BeatkitError: It cannot start; the message says why.
    """
    if options.reload:
        reload.check()
    start = reload.Start.now(options.seconds)
    try:
        with _interrupted_by_requests_to_end():
            target = _mended(options, start)
            if target is None:
                return 0
            with _servers(options, target) as servers:
                code = Session(options, target, servers, start).run()
    except EndNow:
        os._exit(1)  # Python would wait for what still runs tasks
    except reload.Changed:
        start.another()
    return code


def _mended(options: Options, start: reload.Start) -> Target | None:
    """Return the target; where a change has broken it, wait for the next change.

    At the first start an error ends the command: TARGET itself may be wrong.

    Returns:
        None: the time was over before.
    """
    try:
        return importable(options.target)
    except BeatkitError as error:
        if not start.again:
            raise
        _note(f"beatkit dev: {error}")
        if reload.wait_for_change(start, error, lambda: _note("Waiting for a change.")):
            raise reload.Changed from None
    return None


def _note(line: str) -> None:
    """Write it in one piece, which `print` does not: a Ctrl-C at that moment would part them."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def importable(name: str) -> Target:
    """Return the app with everything that it imports and declares in place.

    Raises:
        BeatkitError: It cannot be found or imported, or one of its entries cannot work.
    """
    _silence_notices_of_the_configured_broker()
    target = load(name)
    with blaming(f"The app {target.name!r} cannot start", TargetError):
        target.app.set_default()
        target.app.loader.import_default_modules()
        target.app.finalize()
        _check(target.app)
    return target


def _check(app: Celery) -> None:
    """Refuse what the worker would, before a server is started for it."""
    check_start(app) if binding_of(app) else effective_entries(app)


def _silence_notices_of_the_configured_broker() -> None:
    """That broker is not used here, so nobody needs to hear which one it is, and why."""
    unneeded = ("broker_url is not set", *(f"{variable} is " for variable in ENVIRONMENT))
    for name in ("beatkit", "beatkit.settings"):
        logging.getLogger(name).addFilter(
            lambda record: not record.getMessage().startswith(unneeded)
        )


@contextmanager
def _servers(options: Options, target: Target) -> Iterator[Servers]:
    """The broker that was given, else a private server, else memory; ready for use."""
    if options.broker is not None:
        yield given(options.broker)
        return
    binary = None if sys.platform == "win32" else find_binary()
    if binary is None:
        yield MEMORY
        return
    from beatkit.dev import server, state  # they need what Windows has not

    folder = Path.cwd() / state.NAME / state.folder_name(target.file, target.name)
    owned = state.fresh() if options.fresh else state.kept(folder)
    with owned as own, server.running(binary, own) as running:
        words = f"private Valkey, {own.words}"
        yield Servers(running.url(0), running.url(1), words)


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
