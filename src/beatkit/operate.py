"""What does this app's schedule hold, what comes next, and what shall be otherwise?

`Schedule` reads what the app defines: declarations, `beat_schedule`, `add_periodic_task`.
That needs no server. Its verbs (`pause`, `resume`, `trigger`) and what they left behind
(`pauses`, `deeds`) need the store that the beats share.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from heapq import merge
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from beatkit.clock import read_host
from beatkit.destination import Destination, destination
from beatkit.entry import Entry, Slot
from beatkit.errors import EntryNotFound
from beatkit.pauses import Paused, Pausing, Resuming, Rows, Target, pause, resume, shown
from beatkit.record import Deed, checked, deed, signed
from beatkit.registry import effective_entries
from beatkit.registry.unknown import unknown_tasks
from beatkit.schedules.timetable import to_datetime, to_ms
from beatkit.simulation import upcoming
from beatkit.store import Action, Store
from beatkit.store.choice import choose, open_choice

if TYPE_CHECKING:
    from beatkit.trigger import Triggered

HORIZON = timedelta(days=366 * 30)
"""How far ahead slots are looked for where no end is given; 29 February on a Monday fits."""


SEE_NAMES = "see the names with: celery -A ... schedule list"


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

    def pause(
        self,
        *names: str,
        queue: str | None = None,
        tag: str | None = None,
        everything: bool = False,
        reason: str,
        until: datetime | None = None,
        by: str | None = None,
    ) -> Pausing:
        """Pause entries: from now on, no beat sends their slots.

        In force for every slot that is not sent yet, whichever beats are alive, until
        `resume` or `until`; deploys and restarts change nothing. What comes due is recorded
        as missed and not caught up. Runs on their way go on, and `trigger` works. A second
        call replaces reason and end.

        Args:
            names: Names, or globs such as "shop.*". Globs and queues mean the entries that
                there are now; a tag and everything also those that a later release adds.
            queue: The entries whose messages go to this queue.
            tag: The entries with this tag.
            everything: All entries but those with `even_when_paused`.
            reason: Why, for whoever finds it; at most 500 characters.
            until: When it ends by itself, aware: a slot due then is sent. Default: never.
            by: Who does it. Default: this process's user and host.

        Raises:
            EntryNotFound: Nothing is meant by that.
            ActionError: Not exactly one of names, queue, tag and everything; or the reason is
                empty or too long.
            ScheduleError: `until` is naive, or past by the store's clock.
            StoreError: The store cannot be reached, or there is none.
        """
        target, why = Target(names, queue, tag, everything), checked(reason, wanted=True)
        end = None if until is None else to_ms(until, "until")
        with self._store() as (store, _):
            return pause(store, target, self._rows, Action("pause", (), signed(by), why, end))

    def resume(
        self,
        *names: str,
        queue: str | None = None,
        tag: str | None = None,
        everything: bool = False,
        reason: str = "",
        by: str | None = None,
    ) -> Resuming:
        """Lift pauses: just those of these scopes, so that two people's do not mix.

        `everything` lifts the pause of everything, not those of single entries or tags; and
        an entry whose own pause is lifted stays held by that of its tag: see `still`.
        Running beats learn of it within a second. What was missed is not caught up. A
        second call finds nothing to lift.

        Args:
            names: Names or globs; those of paused entries that have left the schedule too.
            queue: The entries whose messages go to this queue.
            tag: The pause of this tag.
            everything: The pause of everything.
            reason: Why, for the record; at most 500 characters.
            by: Who does it. Default: this process's user and host.

        Raises:
            EntryNotFound, ActionError, StoreError: As `pause`.
        """
        target, why = Target(names, queue, tag, everything), checked(reason)
        with self._store() as (store, _):
            return resume(store, target, self._rows, Action("resume", (), signed(by), why))

    def pauses(self) -> list[Paused]:
        """Return the pauses in force.

        Raises:
            StoreError: The store cannot be reached, or there is none.
        """
        with self._store() as (store, _):
            found = store.pauses().pauses
        return list(shown(found, found))

    def trigger(self, name: str, *, reason: str = "", by: str | None = None) -> Triggered:
        """Send one run of an entry now: exactly what beat would send, with an id of its own.

        Its kind is "manual". No slot is taken by it, so the next one comes as planned. It
        is sent also while the entry is paused or not enabled. Each call sends a run.

        Args:
            name: The entry's name.
            reason: Why, for the record; at most 500 characters.
            by: Who does it. Default: this process's user and host.

        Raises:
            EntryNotFound: There is none of that name.
            ActionError: The reason is too long.
            DeclarationError: No module defines its task.
            NotTriggered: The message could not be built. Nothing was sent.
            StoreError: The store or the broker cannot be reached; the message says whether
                anything was sent.
        """
        from beatkit.trigger import trigger

        entry, why = self.entry(name), checked(reason)
        with self._store() as (store, prefix):
            return trigger(self.app, prefix, entry, store, by=signed(by), reason=why)

    def deeds(self, limit: int = 100) -> list[Deed]:
        """Return who paused, resumed and triggered what and why, the newest first.

        Args:
            limit: So many at most; the store keeps about the newest 1,000.

        Raises:
            StoreError: The store cannot be reached, or there is none.
        """
        with self._store() as (store, _):
            return [deed(action) for action in store.actions(limit)]

    @property
    def _rows(self) -> Rows:
        return Rows(self.entries, self.select, lambda entry: self.destination(entry).queue)

    @contextmanager
    def _store(self) -> Iterator[tuple[Store, str]]:
        choice = choose(self.app)
        store = open_choice(choice)
        try:
            yield store, choice.name
        finally:
            store.close()


def _lane(entry: Entry, after: int, stop: int) -> Iterator[tuple[int, str]]:
    return ((slot, entry.name) for slot in upcoming(entry, after, stop))


def now() -> datetime:
    """Return the host's present, aware, in UTC."""
    return to_datetime(round(read_host().wall)).astimezone(UTC)
