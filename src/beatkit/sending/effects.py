"""Does building an entry's message run somebody's code? Then the slot is reserved first.

Such code may count, trace, call out or send; a beat that loses the race for the slot must
not have run it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, MethodType, ModuleType
from typing import Any

from beatkit.entry import Entry


def judge(app: Any, *, patched: bool = False) -> Callable[[Entry], str]:
    """Look at what concerns every message; return a function that judges single entries.

    It holds for the messages of one batch: somebody may subscribe before the next.

    Args:
        app: The Celery app.
        patched: The scheduler sends an entry by code that is not its own any more.

    Returns:
        Says which code of somebody's own runs when a message of an entry is built, for
        people; "" if only Celery's own code runs.
    """
    from celery.beat import BeatLazyFunc

    concerns_all = _concerns_all(patched)
    own: dict[str, bool] = {}

    def effects(entry: Entry) -> str:
        if concerns_all:
            return concerns_all
        for value in (*entry.args, *entry.kwargs.values()):
            if isinstance(value, BeatLazyFunc):
                return "an argument is a BeatLazyFunc"
        if entry.task not in own:
            own[entry.task] = is_celerys_own(app, entry)
        return "" if own[entry.task] else f"apply_async of {entry.task!r} is overridden"

    return effects


def _concerns_all(patched: bool) -> str:
    if patched:
        return "how the scheduler sends an entry is overridden or patched"
    for name in ("before_task_publish", "after_task_publish", "task_sent"):
        if _receivers(name):
            return f"a receiver is connected to the signal {name}"
    return ""


def _receivers(name: str) -> bool:
    from celery import signals

    return bool(getattr(signals, name).receivers)


def is_celerys_own(app: Any, entry: Entry) -> bool:
    """Say whether the entry's task is sent by Celery's own, unpatched code."""
    import celery.app.base
    import celery.app.task
    import kombu.messaging

    task = app.tasks.get(entry.task)
    if task is not None and not defined_in(celery.app.task, task.apply_async):
        return False
    return defined_in(celery.app.base, app.send_task) and defined_in(
        kombu.messaging, app.amqp.Producer.publish
    )


def defined_in(module: ModuleType, method: Any) -> bool:
    """Say whether a method is a function of that module, as it stands there.

    Not by name: functools.wraps gives a wrapper the name and module of what it wraps. And by
    exact type: a wrapper of wrapt's, as tracers put around Celery's methods, answers `isinstance`
    and `__func__` for what it wraps.
    """
    function = method.__func__ if type(method) is MethodType else method
    return type(function) is FunctionType and function.__globals__ is vars(module)


def has_fixed_routes(app: Any) -> bool:
    """Say whether a task's route is the same each time: no router is somebody's code."""
    routes = app.conf.task_routes or ()
    rows = routes if isinstance(routes, list | tuple) else [routes]
    return all(isinstance(row, dict | list | tuple) for row in rows)
