"""What does this app's schedule hold, what comes next, and what shall be otherwise?

`Schedule` reads what the app defines: declarations, `beat_schedule`, `add_periodic_task`.
That needs no server. Its verbs, and what they left behind, need the store that the beats
share; so does `with_runtime`, which takes in the entries that were added while running.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from heapq import merge
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from beatkit import recalling, verbs
from beatkit.clock import read_host
from beatkit.destination import Destination, destination
from beatkit.entry import Entry, Slot
from beatkit.errors import StoreUnavailable
from beatkit.names import matching, named
from beatkit.pauses import Rows
from beatkit.registry import effective_entries
from beatkit.registry.unknown import unknown_tasks
from beatkit.schedules.timetable import to_datetime, to_ms
from beatkit.simulation import upcoming
from beatkit.store import Store
from beatkit.store.choice import choose, open_choice

if TYPE_CHECKING:
    from beatkit.runtime import RuntimeEntry

HORIZON = timedelta(days=366 * 30)
"""How far ahead slots are looked for where no end is given; 29 February on a Monday fits."""


class Schedule:
    """The schedule of one app, as the app defines it.

    The entries are read when first asked for, and stay what they were; make another
    Schedule to read them again.

    All verbs take `by`, who does it (default: this process's user and host), and `reason`,
    why: at most 500 characters. Both are kept, with the time, in the record that `deeds`
    returns. All raise `StoreError` where the store cannot be reached, or there is none.

    Args:
        app: A Celery app, made by `make_app`, given to `install`, or plain.

    Attributes:
        runtime: The runtime-owned entries by name; empty unless `with_runtime` made this.

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
        self.runtime: Mapping[str, RuntimeEntry] = MappingProxyType({})

    @cached_property
    def code(self) -> Mapping[str, Entry]:
        """Every code-owned entry by name, also those that are not enabled.

        Raises:
            DeclarationError: Entries cannot work; the message lists all problems.
        """
        return MappingProxyType(effective_entries(self.app))

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """The entries of `code` and of `runtime`; of one name, that of the code.

        Raises:
            DeclarationError: As `code`.
        """
        added = {name: one.entry for name, one in self.runtime.items()}
        return MappingProxyType({**added, **self.code})

    def with_runtime(self, *, timeout: float = 2.0) -> Schedule:
        """Return this schedule with the runtime-owned entries, as the store has them now.

        Args:
            timeout: Seconds to wait for the store.

        Raises:
            StoreError: The store cannot be reached, or there is none.
        """
        with self.open(timeout) as (store, _):
            return self.joined(store)

    def entry(self, name: str) -> Entry:
        """Return the entry of a name.

        Raises:
            EntryNotFound: There is none; the message offers the nearest name.
        """
        return named(self.entries, name, self.app.main)

    def select(self, patterns: Iterable[str] = ()) -> list[Entry]:
        """Return the entries whose names match any of some names or globs; all for none.

        Args:
            patterns: Such as "shop.close_day" or "shop.*"; case matters.

        Raises:
            EntryNotFound: A pattern matches nothing.
        """
        return matching(self.entries, patterns, self.app.main)

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

    # The verbs. They are written in a file of their own, for their length alone.
    pause = verbs.pause
    resume = verbs.resume
    pauses = verbs.pauses
    trigger = verbs.trigger
    skip_next = verbs.skip_next
    backfill = verbs.backfill
    forget = verbs.forget
    upsert = verbs.upsert
    remove = verbs.remove
    differences = verbs.differences
    deeds = verbs.deeds

    # What happened. In a file of its own too.
    history = recalling.history
    last_runs = recalling.last_runs
    why = recalling.why
    wait = recalling.wait

    def rows(self, store: Store) -> Rows:
        """Return what a choice of entries is made from."""
        full = self.joined(store)
        return Rows(full.entries, full.select, lambda entry: self.destination(entry).queue)

    def joined(self, store: Store) -> Schedule:
        """Return this schedule with the runtime-owned entries of an open store."""
        from beatkit.runtime import read_all

        joined = Schedule(self.app)
        joined.__dict__["code"] = self.code
        joined.runtime = MappingProxyType(read_all(store))
        return joined

    def found(self, store: Store, name: str) -> Entry:
        """Return an entry of the code, or the runtime-owned one, by one look."""
        from beatkit.runtime import read_one

        if name in self.entries:
            return self.entries[name]
        found = read_one(store, name)
        return self.joined(store).entry(name) if found is None else found.entry

    @contextmanager
    def open(self, timeout: float = 2.0) -> Iterator[tuple[Store, str]]:
        """Open the store for a block; gives it, and what sets this schedule apart in it."""
        choice = choose(self.app)
        store = open_choice(choice, timeout)
        try:
            yield store, choice.name
        except StoreUnavailable as error:  # what a beat need not do, who asks must: come again
            error.args = (str(error).replace(_OWED, _AGAIN),)
            raise
        finally:
            store.close()


_OWED = "nothing is lost: what is owed is sent when it is back"
_AGAIN = "try again when it is back: nothing is done twice by that"


def _lane(entry: Entry, after: int, stop: int) -> Iterator[tuple[int, str]]:
    return ((slot, entry.name) for slot in upcoming(entry, after, stop))


def now() -> datetime:
    """Return the host's present, aware, in UTC."""
    return to_datetime(round(read_host().wall)).astimezone(UTC)
