"""How does a task's function come by its Slot?

The message says which slot it is for, in headers. The parameter is filled in right at the
call of the function and nowhere else, so a retry, whose message carries the headers on, is
given the same Slot, and no Slot ever has to travel as an argument.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from celery import current_task

from beatkit.entry import Slot
from beatkit.registry.arguments import signature_of
from beatkit.registry.slot_parameter import slot_parameter

_HEADERS = {
    "entry": "beatkit-entry",
    "scheduled_for": "beatkit-slot",
    "kind": "beatkit-kind",
    "previous": "beatkit-previous",
}

GIVEN = "beatkit-given"
"""Attribute of a request: the newest slot that the start of its run covers."""


def fill_in_slots(app: Any) -> None:
    """Have every task of the app that asks for its Slot be given it. Safe to repeat."""
    for task in app.tasks.values():
        name = _asks_for(task)
        if name is not None and not hasattr(task.run, "_beatkit_fills"):
            task.run = _filling(task.run, name)


def slot_of(request: Any) -> Slot | None:
    """Return the slot that a task's request is for; None if no beat of ours sent it."""
    said = {field: _header(request, header) for field, header in _HEADERS.items()}
    if said["entry"] is None or said["scheduled_for"] is None:
        return None
    given = request.get(GIVEN)
    if given is not None:
        said["scheduled_for"] = given
    return Slot.from_json({**said, "kind": said["kind"] or "scheduled"})


def _asks_for(task: Any) -> str | None:
    # Not by __annotations__: from 3.14 on they raise where a name in them is imported for type
    # checkers only.
    signature = signature_of(task.run)
    return slot_parameter(task.run, signature) if signature else None


def _filling(run: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(run)
    def filled(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get(name) is None:
            kwargs[name] = slot_of(current_task.request)
        return run(*args, **kwargs)

    filled._beatkit_fills = name  # type: ignore[attr-defined]
    return filled


def _header(request: Any, name: str) -> Any:
    found = request.get(name)
    return found if found is not None else (request.headers or {}).get(name)
