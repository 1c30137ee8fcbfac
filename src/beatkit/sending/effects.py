"""Does building an entry's message run somebody's code? Then the slot is reserved first.

Such code may count, trace, call out or send; a beat that loses the race for the slot must
not have run it.
"""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any

from beatkit.entry import Entry


def side_effects(app: Any, entry: Entry, *, patched: bool = False) -> str:
    """Say which code of somebody's own runs when a message of this entry is built.

    Args:
        app: The Celery app.
        entry: The entry.
        patched: The scheduler's `apply_entry` is not its own any more.

    Returns:
        What it is, for people; "" if only Celery's own code runs.
    """
    if patched:
        return "apply_entry of the scheduler is overridden or patched"
    for name in ("before_task_publish", "after_task_publish", "task_sent"):
        if _receivers(name):
            return f"a receiver is connected to the signal {name}"
    if any(_is_lazy(value) for value in (*entry.args, *entry.kwargs.values())):
        return "an argument is a BeatLazyFunc"
    return "" if is_celerys_own(app, entry) else f"apply_async of {entry.task!r} is overridden"


def _receivers(name: str) -> bool:
    from celery import signals

    return bool(getattr(signals, name).receivers)


def _is_lazy(value: Any) -> bool:
    from celery.beat import BeatLazyFunc

    return isinstance(value, BeatLazyFunc)


def is_celerys_own(app: Any, entry: Entry) -> bool:
    """Say whether the entry's task is sent by Celery's own, unpatched code."""
    import celery.app.base
    import celery.app.task
    import kombu.messaging

    task = app.tasks.get(entry.task)
    if task is not None and not _defined_in(celery.app.task, task.apply_async):
        return False
    return _defined_in(celery.app.base, app.send_task) and _defined_in(
        kombu.messaging, app.amqp.Producer.publish
    )


def _defined_in(module: ModuleType, method: Any) -> bool:
    # Not by name: functools.wraps gives a wrapper the name and module of what it wraps.
    function = getattr(method, "__func__", method)
    return isinstance(function, FunctionType) and function.__globals__ is vars(module)


def has_fixed_routes(app: Any) -> bool:
    """Say whether a task's route is the same each time: no router is somebody's code."""
    routes = app.conf.task_routes or ()
    rows = routes if isinstance(routes, list | tuple) else [routes]
    return all(isinstance(row, dict | list | tuple) for row in rows)
