"""Can an entry's arguments travel in a message?"""

from __future__ import annotations

import sys
from typing import Any

from kombu.serialization import dumps

from beatkit.entry import Entry
from beatkit.registry.problem import Problem, shown


def unserialisable(entry: Entry, task: Any, setting: str) -> Problem | None:
    """Return why the app's serializer cannot carry the entry's arguments.

    Args:
        entry: Its `serializer` option comes first.
        task: The registered task, whose serializer comes next; None for a remote one.
        setting: The `task_serializer` setting.
    """
    if not entry.args and not entry.kwargs:
        return None
    serializer = entry.options.get("serializer") or getattr(task, "serializer", None) or setting
    args, kwargs = _as_sent(entry, task)
    if _refusal((args, kwargs), serializer) is None:
        return None
    named = [(f"args[{index}]", value) for index, value in enumerate(args)]
    named += [(f"kwargs[{key!r}]", value) for key, value in kwargs.items()]
    for place, value in named:
        reason = _refusal(value, serializer)
        if reason is not None:
            return Problem(
                f"{place} is {shown(value)}, which the serializer {serializer!r} cannot carry:"
                f" {reason}",
                "write plain data that the task can look the object up with, such as its id",
            )
    return None


def _as_sent(entry: Entry, task: Any) -> tuple[list[Any], dict[str, Any]]:
    """Leave out what is made at each send; let Celery dump pydantic models, if it does."""
    made_late = getattr(sys.modules.get("celery.beat"), "BeatLazyFunc", ())
    args = [None if isinstance(value, made_late) else value for value in entry.args]
    kwargs = {key: value for key, value in entry.kwargs.items() if not isinstance(value, made_late)}
    dump = getattr(task, "_dump_pydantic_arguments", None)
    if dump is not None:
        args, kwargs = dump(args, kwargs)
    return args, kwargs


def _refusal(value: object, serializer: str) -> str | None:
    try:
        dumps(value, serializer)  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - serializers raise what they like
        return str(error)
    return None
