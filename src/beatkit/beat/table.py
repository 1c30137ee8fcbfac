"""The entries as Celery shows them: `Scheduler.schedule`, a mapping of schedule entries.

Users' `beat_init` receivers and monitoring tools read it, and some add to it. It notes when
it was changed, so that a tick need not compare it with what it was.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from celery.beat import ScheduleEntry as CeleryEntry

from beatkit.entry import Entry
from beatkit.errors import DeclarationError
from beatkit.registry.plain import plain_entry
from beatkit.registry.zone import zone_name
from beatkit.sending.message import Outgoing


class ScheduleEntry(CeleryEntry):
    """Celery's schedule entry, which remembers the definition it was made of.

    `last_run_at` is the last slot that this beat sent, `total_run_count` how many it sent.
    """

    def __init__(self, *args: Any, definition: Entry | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition = definition

    def defined(self) -> Entry:
        """Return the definition; of an entry added by hand, made from its fields.

        Raises:
            DeclarationError: Its fields cannot work.
        """
        if self.definition is None:
            messages: list[str] = []
            row = {
                "task": self.task,
                "schedule": self.schedule,
                "args": self.args,
                "kwargs": self.kwargs,
                "options": self.options,
            }
            self.definition = plain_entry(self.name, row, None, zone_name(self.app.conf), messages)
            if self.definition is None:
                raise DeclarationError("\n\n".join(messages))
        return self.definition

    def sent(self, slot: int) -> None:
        """Note a slot that this beat sent."""
        self.last_run_at = datetime.fromtimestamp(slot / 1000, UTC)
        self.total_run_count += 1


def dispatched(out: Outgoing, app: Any) -> ScheduleEntry:
    """Return a slot's message as an entry of its own, which `apply_entry` may change."""
    return ScheduleEntry(
        name=out.entry.name,
        task=out.entry.task,
        schedule=out.entry.schedule,
        args=out.args,
        kwargs=out.kwargs,
        options=out.options,
        last_run_at=datetime.fromtimestamp(out.slot / 1000, UTC),
        app=app,
        definition=out.entry,
    )


def shown(entry: Entry, app: Any, now: datetime) -> ScheduleEntry:
    """Return an entry as Celery shows it; before its first slot, `last_run_at` is now."""
    return ScheduleEntry(
        name=entry.name,
        task=entry.task,
        schedule=entry.schedule,
        args=entry.args,
        kwargs=dict(entry.kwargs),
        options=dict(entry.options),
        last_run_at=now,
        app=app,
        definition=entry,
    )


class Table(dict[str, ScheduleEntry]):
    """A dictionary that knows whether it was changed.

    Attributes:
        changed: Set by every change; the scheduler clears it.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.changed = True

    def __setitem__(self, name: str, entry: ScheduleEntry) -> None:
        self.changed = True
        super().__setitem__(name, entry)

    def __delitem__(self, name: str) -> None:
        self.changed = True
        super().__delitem__(name)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """As of a dictionary."""
        self.changed = True
        super().update(*args, **kwargs)

    def pop(self, *args: Any) -> Any:
        """As of a dictionary."""
        self.changed = True
        return super().pop(*args)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """As of a dictionary."""
        self.changed = True
        return super().setdefault(name, default)

    def clear(self) -> None:
        """As of a dictionary."""
        self.changed = True
        super().clear()
