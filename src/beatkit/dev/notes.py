"""What `beatkit dev` says before it starts: what runs, on which broker, by which schedule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery.schedules import schedule as interval

from beatkit.dev.lines import duration

MOST_ENTRIES = 12
LONGEST_COLUMN = 32
"""Cells: one long name does not push all schedules out of a narrow terminal."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """The facts that a session starts with.

    Attributes:
        target: As the user wrote it.
        app: The form that `celery -A` takes.
        broker: Which broker is used, in words.
        hint: What would make a better one, or "".
        not_used: URL of the broker that the app was configured with, or "".
        worker: Its pool, in words.
        queues: Names of the queues that it reads.
        schedule: `conf.beat_schedule`.
        view_hint: What would give a live view, or "".
    """

    target: str
    app: str
    broker: str
    hint: str
    not_used: str
    worker: str
    queues: tuple[str, ...]
    schedule: Mapping[str, Mapping[str, Any]]
    view_hint: str = ""

    def lines(self) -> Iterable[str]:
        """Yield the note, line by line."""
        yield f"beatkit dev {self.target}"
        yield _row("app", self.app)
        yield _row("broker", self.broker)
        if self.hint:
            yield _row("", self.hint)
        if self.not_used:
            yield _row("", f"the app's own, {self.not_used}, is not used")
        yield _row("worker", self.worker)
        yield _row("queues" if len(self.queues) > 1 else "queue", ", ".join(self.queues))
        yield from _schedule(self.schedule)
        if self.view_hint:
            yield _row("view", f"plain lines: {self.view_hint}")
        yield "Ctrl-C stops it."
        yield ""


def _row(label: str, text: str) -> str:
    return f"  {label:<9} {text}".rstrip()


def _schedule(entries: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    if not entries:
        yield _row("schedule", "empty: write @periodic(seconds=15) above a function of the app")
        return
    shown = sorted(entries)[:MOST_ENTRIES]
    width = min(max(len(name) for name in shown), LONGEST_COLUMN)
    for number, name in enumerate(shown):
        text = f"{name:<{width}}  {described(entries[name]['schedule'])}"
        yield _row("" if number else "schedule", text)
    if len(entries) > len(shown):
        yield _row("", f"and {len(entries) - len(shown)} more")


def described(when: Any) -> str:
    """Return a schedule in words, or as Celery shows it where it has none."""
    if hasattr(when, "describe"):
        return str(when.describe())
    if type(when) is interval:
        when = when.run_every
    if isinstance(when, timedelta):
        when = when.total_seconds()
    return f"every {duration(when)}" if isinstance(when, int | float) else str(when)
