"""An entry in words: its schedule, its queue, its state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from beatkit.cli.when import distance
from beatkit.destination import Destination
from beatkit.entry import Entry


def schedule_text(entry: Entry) -> str:
    """Return the schedule as it was written, briefly."""
    schedule = entry.schedule
    texts = getattr(schedule, "texts", None)
    if texts:
        return " | ".join(texts)
    period = getattr(getattr(schedule, "rule", None), "period_ms", None)
    if period:
        return f"every {distance(timedelta(milliseconds=period))}"
    since_last = getattr(schedule, "run_every", None)
    if isinstance(since_last, timedelta):  # Celery's schedule(relative=True)
        return f"{distance(since_last)} after a run"
    return described(schedule)


def described(schedule: Any) -> str:
    """Return the schedule in plain English; a class of the user's own by its repr."""
    describe = getattr(schedule, "describe", None)
    return str(describe()) if callable(describe) else repr(schedule)


def scope_text(scope: str) -> str:
    """Return what a pause holds: `shop.hello`, `tag mail`, `everything`."""
    kind, _, name = scope.partition(":")
    words = {"*": "everything", "tag": f"tag {name}", "skip": f"{name}, its next slot"}
    return words.get(kind, name or scope)


def queue_text(destination: Destination) -> str:
    """Return `queue`, or `queue/priority`."""
    if destination.priority is None:
        return destination.queue
    return f"{destination.queue}/{destination.priority}"
