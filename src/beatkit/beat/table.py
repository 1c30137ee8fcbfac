"""The entries as Celery shows them: `Scheduler.schedule`, a mapping of schedule entries.

Users' `beat_init` receivers and monitoring tools read it, and some add to it. Celery's entry
of a name is made when somebody asks for it: of 100,000, mostly nobody does. The mapping
notes when it was changed, so that a tick need not compare it with what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
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


class Table(MutableMapping[str, ScheduleEntry]):
    """Celery's entries by name, made when they are asked for.

    Args:
        app: The Celery app.
        entries: The definitions to begin with.
        rows: Celery's entries to begin with, by name.

    Attributes:
        changed: Set by every change; the scheduler clears it.
    """

    def __init__(
        self,
        app: Any,
        entries: Iterable[Entry] = (),
        rows: Mapping[str, ScheduleEntry] | None = None,
    ) -> None:
        self.changed = True
        self._app = app
        self._definitions: dict[str, Entry | None] = {entry.name: entry for entry in entries}
        self._rows: dict[str, ScheduleEntry] = {}
        self._sent: dict[str, tuple[int, int]] = {}  # last slot, and how many
        self.update(rows or {})

    def __getitem__(self, name: str) -> ScheduleEntry:
        row = self._rows.get(name)
        if row is None:
            definition = self._definitions[name]
            assert definition is not None
            row = self._rows[name] = self._shown(definition)
        return row

    def __setitem__(self, name: str, row: ScheduleEntry) -> None:
        self.changed = True
        self._definitions[name] = row.definition
        self._rows[name] = row

    def __delitem__(self, name: str) -> None:
        self.changed = True
        del self._definitions[name]
        self._rows.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def __len__(self) -> int:
        return len(self._definitions)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.values())!r})"

    def definitions(self) -> list[Entry]:
        """Return what the table is made of.

        Raises:
            DeclarationError: An entry that was added by hand cannot work.
        """
        found = self._definitions.items()
        return [self._rows[name].defined() if entry is None else entry for name, entry in found]

    def sent(self, name: str, slot: int) -> None:
        """Note a slot that this beat sent."""
        if name not in self._definitions:
            return  # it was added while running, and is no part of what Celery shows
        _, count = self._sent.get(name, (0, 0))
        self._sent[name] = (slot, count + 1)
        row = self._rows.get(name)
        if row is not None:
            row.last_run_at = datetime.fromtimestamp(slot / 1000, UTC)
            row.total_run_count = count + 1

    def _shown(self, entry: Entry) -> ScheduleEntry:
        slot, count = self._sent.get(entry.name, (None, 0))
        return ScheduleEntry(
            name=entry.name,
            task=entry.task,
            schedule=entry.schedule,
            args=entry.args,
            kwargs=dict(entry.kwargs),
            options=dict(entry.options),
            last_run_at=None if slot is None else datetime.fromtimestamp(slot / 1000, UTC),
            total_run_count=count,
            app=self._app,
            definition=entry,
        )
