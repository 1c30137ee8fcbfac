"""What does this app's schedule hold, and what comes next? For programs and for the CLI.

`Schedule` reads what the app defines: declarations, `beat_schedule`, `add_periodic_task`.
It needs no server: not the broker, not the store.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from heapq import merge
from itertools import islice
from types import MappingProxyType
from typing import Any

from beatkit.clock import read_host
from beatkit.entry import Entry, Slot
from beatkit.errors import EntryNotFound
from beatkit.registry import effective_entries
from beatkit.registry.unknown import unknown_tasks
from beatkit.schedules.timetable import to_datetime, to_ms
from beatkit.simulation import upcoming

HORIZON = timedelta(days=366 * 30)
"""How far ahead slots are looked for where no end is given; 29 February on a Monday fits."""


SEE_NAMES = "see the names with: celery -A ... schedule list"

UNROUTABLE = "?"
"""Stands for the queue where a router of the app's own raises."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an entry's messages go.

    Attributes:
        queue: The queue's name, or the exchange's where the message is routed by one.
        priority: None where none is set.
        known: False for a queue that the app's configuration forbids to create, and where
            a router of the app's own raises.
    """

    queue: str
    priority: int | None = None
    known: bool = True


class Schedule:
    """The schedule of one app, as the app defines it.

    The entries are read when first asked for, and stay what they were; make another
    Schedule to read them again.

    Args:
        app: A Celery app, made by `make_app`, given to `install`, or plain.

    Example:
        >>> from celery import Celery
        >>> from beatkit import Schedule
        >>> app = Celery("shop", set_as_current=False)
        >>> app.conf.beat_schedule = {
        ...     "cleanup": {"task": "celery.backend_cleanup", "schedule": 15.0}}
        >>> [slot.entry for slot in Schedule(app).next(2)]
        ['cleanup', 'cleanup']
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by name, also those that are not enabled.

        Raises:
            DeclarationError: Entries cannot work; the message lists all problems.
        """
        return MappingProxyType(effective_entries(self.app))

    def entry(self, name: str) -> Entry:
        """Return the entry of a name.

        Raises:
            EntryNotFound: There is none; the message offers the nearest name.
        """
        if name in self.entries:
            return self.entries[name]
        close = difflib.get_close_matches(name, self.entries, n=1)
        raise EntryNotFound(
            f"There is no entry {name!r} in the schedule of app {self.app.main!r}\n"
            f"  {f'did you mean {close[0]!r}?' if close else SEE_NAMES}"
        )

    def select(self, patterns: Iterable[str] = ()) -> list[Entry]:
        """Return the entries whose names match any of some names or globs; all for none.

        Args:
            patterns: Such as "shop.close_day" or "shop.*"; case matters.

        Raises:
            EntryNotFound: A pattern matches nothing.
        """
        wanted = list(patterns)
        if not wanted:
            return list(self.entries.values())
        chosen: dict[str, Entry] = {}
        for pattern in wanted:
            found = {name: e for name, e in self.entries.items() if fnmatchcase(name, pattern)}
            chosen |= found or {pattern: self.entry(pattern)}
        return list(chosen.values())

    def next(
        self,
        count: int = 20,
        *,
        patterns: Iterable[str] = (),
        after: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Slot]:
        """Return the coming slots of all enabled entries, merged, earliest first.

        Args:
            count: So many at most.
            patterns: Names or globs of entries; none for all.
            after: Aware; slots strictly later are meant. Default: the host's present.
            until: Aware; slots strictly earlier are meant. Default: 30 years on.

        Raises:
            EntryNotFound: A pattern matches nothing.
            ScheduleError: A datetime is naive.
        """
        start = now() if after is None else after
        first, stop = to_ms(start, "after"), to_ms(until or start + HORIZON, "until")
        lanes = [_lane(entry, first, stop) for entry in self.select(patterns) if entry.enabled]
        return [Slot(name, to_datetime(slot)) for slot, name in islice(merge(*lanes), count)]

    def following(self, entry: Entry, after: datetime) -> datetime | None:
        """Return one entry's first slot strictly later than an instant, enabled or not.

        Args:
            entry: One of the entries.
            after: Aware.

        Returns:
            Aware, in UTC; None if there is none.
        """
        start = to_ms(after, "after")
        slot = next(upcoming(entry, start, start + HORIZON // timedelta(milliseconds=1)), None)
        return None if slot is None else to_datetime(slot)

    @cached_property
    def unknown_tasks(self) -> frozenset[str]:
        """Names of the tasks that entries name, no module defines and no setting excuses."""
        return frozenset(
            entry.task
            for entry in self.entries.values()
            if unknown_tasks(self.app, {entry.name: entry})
        )

    def destination(self, entry: Entry) -> Destination:
        """Return where the entry's messages go, as Celery's router decides it."""
        return destination(self.app, entry)


def _lane(entry: Entry, after: int, stop: int) -> Iterator[tuple[int, str]]:
    return ((slot, entry.name) for slot in upcoming(entry, after, stop))


def now() -> datetime:
    """Return the host's present, aware, in UTC."""
    return to_datetime(round(read_host().wall)).astimezone(UTC)


def destination(app: Any, entry: Entry) -> Destination:
    """Return where an entry's messages go; see `Schedule.destination`."""
    from celery.exceptions import QueueNotFound

    task = app.tasks.get(entry.task)
    own = {name: getattr(task, name, None) for name in ("queue", "exchange", "routing_key")}
    options = {name: value for name, value in own.items() if value is not None}
    options |= entry.options
    priority = options.get("priority", getattr(task, "priority", None))
    try:
        route = app.amqp.router.route(
            dict(options), entry.task, entry.args, dict(entry.kwargs), task_type=task
        )
    except QueueNotFound:
        return Destination(str(options.get("queue")), priority, known=False)
    except Exception:  # noqa: BLE001  # a router of the user's own may raise anything
        return Destination(UNROUTABLE, priority, known=False)
    queue = route.get("queue") or route.get("exchange") or app.conf.task_default_queue
    priority = route.get("priority") if priority is None else priority
    if priority is None:
        priority = app.conf.task_default_priority
    return Destination(str(getattr(queue, "name", queue)), priority)
