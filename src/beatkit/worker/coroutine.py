"""How an `async def` task runs inside a worker: one event loop a process or thread.

The loop outlives the run, so that connection pools opened by one run serve the next. It
is closed when the process ends, or at once when a run was torn out of it (a soft time
limit, a signal): what that run left behind must not wake up inside the next one.
"""

from __future__ import annotations

import atexit
import functools
import os
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from celery import signals

if TYPE_CHECKING:
    import asyncio

P = ParamSpec("P")
R = TypeVar("R")


class _Loop(threading.local):
    """This thread's runner, and the process that made it: a fork must not inherit it."""

    runner: asyncio.Runner | None = None
    pid: int = 0


_loop = _Loop()


def run_in_worker(function: Callable[P, Any]) -> Callable[P, Any]:
    """Return a plain function that runs the coroutine function to its end.

    Args:
        function: An `async def` function. Its context variables are the caller's, so
            tracing and logging set up around the task are seen inside. Where a decorator
            stands around it, what that returns is run if it is a coroutine.

    Returns:
        A function with the same name, signature and documentation.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        made = function(*args, **kwargs)
        if not iscoroutine(made):
            return made
        _refuse_inside_a_running_loop(function, made)
        return _run(made)

    return run


def _refuse_inside_a_running_loop(
    function: Callable[..., object], made: Coroutine[Any, Any, Any]
) -> None:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    made.close()
    raise RuntimeError(
        f"Task {function.__name__!r} is an async def and was called from a running event loop\n"
        f"  write await {function.__name__}.run.__wrapped__(...) to run it here,"
        f" or {function.__name__}.delay(...) to have a worker run it"
    )


def _run(coroutine: Coroutine[Any, Any, R]) -> R:
    ended = False

    async def watched() -> R:
        nonlocal ended
        try:
            return await coroutine
        finally:
            ended = True

    try:
        return _runner().run(watched(), context=copy_context())
    finally:
        if not ended:
            coroutine.close()
            close_loop()


def _runner() -> asyncio.Runner:
    import asyncio  # 9 ms, which a program without async tasks need not wait for

    if _loop.runner is None or _loop.pid != os.getpid():
        _loop.runner, _loop.pid = asyncio.Runner(), os.getpid()
    return _loop.runner


def close_loop(**_: object) -> None:
    """Close this thread's event loop; the next run opens a new one. Safe to repeat."""
    runner, _loop.runner = _loop.runner, None
    if runner is not None and _loop.pid == os.getpid():
        runner.close()


# A prefork worker's processes end without atexit; everything else ends without the signal.
signals.worker_process_shutdown.connect(close_loop)
atexit.register(close_loop)
