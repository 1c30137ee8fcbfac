"""Can an entry's arguments and headers travel in a message?"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from kombu.serialization import dumps

from beatkit.entry import Entry
from beatkit.registry.problem import Problem, shown
from beatkit.settings.problems import Unfit


def unserialisable(entry: Entry, task: Any, setting: str) -> Problem | None:
    """Return why a message cannot carry the entry's arguments and headers.

    Args:
        entry: Its `serializer` option comes first.
        task: The registered task, whose serializer comes next; None for a remote one.
        setting: The `task_serializer` setting.
    """
    options = entry.options
    used = options.get("serializer") or getattr(task, "serializer", None) or setting
    return (
        _unknown_serializer(options.get("serializer"))
        or _bad_argument(entry, task, used)
        or _bad_header(options.get("headers") or {})
    )


def _unknown_serializer(name: Any) -> Problem | None:
    """Asked only now that the app's modules, which may register one, have been imported."""
    if name is None:
        return None
    from beatkit.settings.registered import serializer

    try:
        serializer(name)
    except Unfit as error:
        (flaw,) = error.flaws
        return Problem(f"options['serializer'] {flaw.said}", flaw.remedy)
    return None


def _bad_header(headers: Mapping[str, Any]) -> Problem | None:
    for key, value in headers.items():
        # Redis carries a message as JSON whatever the serializer of its arguments.
        reason = _refusal(value, "json")
        if reason is not None:
            what = (
                f"headers[{key!r}] is {shown(value, key)}, which a message cannot carry: {reason}"
            )
            return Problem(what, "write text or a number")
    return None


def _bad_argument(entry: Entry, task: Any, used: str) -> Problem | None:
    if not entry.args and not entry.kwargs:
        return None
    args, kwargs = _as_sent(entry, task)
    if _refusal((args, kwargs), used) is None:
        return None
    named = [(f"args[{index}]", value) for index, value in enumerate(args)]
    named += [(f"kwargs[{key!r}]", value) for key, value in kwargs.items()]
    for place, value in named:
        reason = _refusal(value, used)
        if reason is not None:
            return Problem(
                f"{place} is {shown(value)}, which the serializer {used!r} cannot carry: {reason}",
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


def _refusal(value: object, used: str) -> str | None:
    try:
        dumps(value, used)  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - serializers raise what they like
        return str(error)
    return None
