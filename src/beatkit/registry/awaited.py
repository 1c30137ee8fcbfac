"""Which tasks are coroutines that nobody awaits?

Celery calls an `async def` task and throws the coroutine away: the run counts as a success
and nothing has happened. Pools and base classes that await exist, and a beat cannot see what
its workers use; so this is said, and no reason to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import iscoroutinefunction
from typing import Any

from beatkit.entry import Entry
from beatkit.registry.problem import Problem, render


def never_awaited(app: Any, entries: Mapping[str, Entry]) -> list[str]:
    """Return a message for each entry whose task Celery would not run to its end.

    Args:
        app: A Celery app that has been finalized.
        entries: The schedule, as `effective_entries` gives it.
    """
    found = ((entry, app.tasks.get(entry.task)) for entry in entries.values())
    return [_message(entry) for entry, task in found if task is not None and _is_dropped(task)]


def _is_dropped(task: Any) -> bool:
    from celery import Task  # not loaded before an app has a task

    own_call = type(task).__call__ is not Task.__call__
    return iscoroutinefunction(task.run) and not own_call


def _message(entry: Entry) -> str:
    problem = Problem(
        f"task {entry.task!r} is an async def that Celery itself never awaits",
        "put @periodic on the function in place of @app.task, unless your pool awaits it",
    )
    return render(problem, entry=entry.name, source=entry.source, where="beat_schedule")
