"""How does a task's function come by its Slot?

The message says which slot it is for, in headers. The parameter is filled in right at the
call of the function and nowhere else, so a retry, whose message carries the headers on, is
given the same Slot, and no Slot ever has to travel as an argument.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from celery import current_task

from beatkit.entry import Slot
from beatkit.registry.arguments import signature_of
from beatkit.registry.slot_parameter import slot_parameter


def fill_in_slots(app: Any) -> None:
    """Have every task of the app that asks for its Slot be given it. Safe to repeat."""
    for task in app.tasks.values():
        name = _asks_for(task)
        if name is not None and not hasattr(task.run, "_beatkit_fills"):
            task.run = _filling(task.run, name)


def slot_of(request: Any) -> Slot | None:
    """Return the slot that a task's request is for; None if no beat of ours sent it."""
    entry, slot_ms = _header(request, "beatkit-entry"), _header(request, "beatkit-slot")
    if entry is None or slot_ms is None:
        return None
    previous_ms = _header(request, "beatkit-previous")
    return Slot(
        entry=entry,
        scheduled_for=_instant(slot_ms),
        kind=_header(request, "beatkit-kind") or "scheduled",
        previous=None if previous_ms is None else _instant(previous_ms),
    )


def _asks_for(task: Any) -> str | None:
    run = task.run
    if not any("Slot" in str(each) for each in getattr(run, "__annotations__", {}).values()):
        return None
    signature = signature_of(run)
    return slot_parameter(run, signature) if signature else None


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


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
