"""What a Schedule can be asked about the past: each function here is a method of it.

Reading only. All raise `StoreError` where the store cannot be reached, or there is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

from beatkit.entry import Entry
from beatkit.errors import EntryNotFound, StoreUnavailable
from beatkit.history import Record, lasts, recall, records, within
from beatkit.record import ActionError
from beatkit.schedules.timetable import to_datetime, to_ms
from beatkit.store import Store
from beatkit.store.history import KeepsHistory

if TYPE_CHECKING:
    from beatkit.operate import Schedule
    from beatkit.trigger import Triggered
    from beatkit.why import Why

POLL_S = 0.25
"""Seconds between two looks at a run that is waited for."""

NEWEST = 3_000
"""Events that such a look reads: more than come between two."""


def history(
    self: Schedule,
    name: str | None = None,
    *,
    limit: int | None = 100,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Record]:
    """Return what became of slots, the newest first: sent, run, skipped or missed.

    The store keeps about `beatkit_history` runs (default 10,000). That a run started and how
    it ended is known of entries with a policy, whose workers have the guard.

    Args:
        name: An entry's name, also of one that has left the schedule, or a glob; None: all.
        limit: So many at most; None: all that are kept.
        since: Only what happened then or later; aware.
        until: Only what happened before; aware.

    Raises:
        EntryNotFound: There is no entry of that name, nor anything known of one.
        ScheduleError: A datetime is naive.
    """
    for given, argument in ((since, "since"), (until, "until")):
        if given is not None:
            to_ms(given, argument)
    with self.open() as (store, prefix):
        found = recall(store, prefix)[1]
        if name is not None:
            found = [one for one in found if one.entry == name or fnmatchcase(one.entry, name)]
            if not found:
                self.joined(store).select([name])
    return within(found, since, until)[:limit]


def last_runs(
    self: Schedule, names: Iterable[str] = (), *, timeout: float = 2.0
) -> Mapping[str, Record]:
    """Return the last run of each entry: it is kept apart, however long ago it was.

    Args:
        names: Names or globs; none for all.
        timeout: Seconds to wait for the store.

    Returns:
        By name: the run that started last; of an entry without a policy, whose runs nobody
        tells of, the one sent last. An entry that never ran is left out.

    Raises:
        EntryNotFound: A name matches nothing.
    """
    chosen = [entry.name for entry in self.select(names)]
    with self.open(timeout) as (store, prefix):
        return lasts(store, prefix, chosen)


def why(self: Schedule, name: str, at: datetime) -> Why:
    """Say what was decided for the slot of an entry at an instant, and why.

    Args:
        name: The entry's name.
        at: The slot, or up to a second before; aware.

    Raises:
        EntryNotFound: There is no entry of that name, nor anything known of one.
        ScheduleError: `at` is naive.
    """
    return explained(self, name, at, say=_say, span=lambda seconds: f"{seconds:g} s")


def explained(
    self: Schedule,
    name: str,
    at: datetime,
    *,
    say: Callable[[datetime], str],
    span: Callable[[float], str],
) -> Why:
    """Do the same as `why`, with times and durations written by somebody else."""
    from beatkit.why import Knowledge, why

    to_ms(at, "at")
    with self.open() as (store, prefix):
        past, found = recall(store, prefix)
        progress = store.read([name]).progress.get(name)
        own = [one for one in found if one.entry == name]
        entry = _entry(self, store, name, known=bool(own or progress))
    known = Knowledge(past, own, None if progress is None else progress.slot, say, span)
    return why(name, entry, at, known)


def _entry(self: Schedule, store: Store, name: str, *, known: bool) -> Entry | None:
    """Return an entry; None of one that has left the schedule and is known to the store."""
    try:
        return self.found(store, name)
    except EntryNotFound:
        if known:
            return None
        raise


def wait(
    self: Schedule,
    run: Triggered,
    timeout: float = 60.0,
    *,
    seen: Callable[[Record], None] = lambda record: None,
) -> Record:
    """Wait until a triggered run is over, or not to be run, and return what became of it.

    It is seen in the store, which the guard tells; and, of an entry that has no policy, in
    the result backend.

    Args:
        run: What `trigger` returned.
        timeout: Seconds.
        seen: Called with each new state of it.

    Returns:
        Its record; where it is not `over`, the time was.

    Raises:
        ActionError: Nobody can tell: no policy, and no result backend.
        StoreUnavailable: The store went away. The run goes on; the message has its task id.
    """
    try:
        guarded = refuse_unseen(self, run.entry)
        with self.open() as (store, prefix):
            return _watched(self, run, store, prefix, guarded, time.monotonic() + timeout, seen)
    except StoreUnavailable as error:
        first = str(error).splitlines()[0]
        raise StoreUnavailable(_UNWATCHED.format(run.entry, first, run.task_id)) from error


def _watched(
    self: Schedule,
    run: Triggered,
    store: Store,
    prefix: str,
    guarded: bool,
    give_up: float,
    seen: Callable[[Record], None],
) -> Record:
    last = ""
    while True:
        record = _look(store, prefix, run)
        if not guarded and (state := _result(self.app, run.task_id)):
            record = replace(record, outcome=state)
        if record.outcome != last:
            last = record.outcome
            seen(record)
        if record.over or time.monotonic() >= give_up:
            return record
        time.sleep(POLL_S)


def refuse_unseen(self: Schedule, name: str) -> bool:
    """Refuse to wait where nobody can tell how a run of an entry ends.

    Returns:
        Whether the guard tells the store; if not, the result backend has the outcome.

    Raises:
        ActionError: It has no policy, and there is no result backend.
    """
    with self.open() as (store, _):
        entry = self.found(store, name)
    if entry.policy is None and not _keeps_results(self.app):
        raise ActionError(_UNSEEN.format(name))
    return entry.policy is not None


def _look(store: Store, prefix: str, run: Triggered) -> Record:
    past = cast(KeepsHistory, store).history().past(NEWEST)
    found = next((one for one in records(past, prefix) if one.task_id == run.task_id), None)
    at = run.scheduled_for
    return found or Record(run.entry, at, "manual", "sent", sent=at, task_id=run.task_id)


def _keeps_results(app: Any) -> bool:
    from celery.backends.base import DisabledBackend

    return not isinstance(app.backend, DisabledBackend)


def _result(app: Any, task_id: str) -> str | None:
    """Return the state that the result backend has, once it is final."""
    result = app.AsyncResult(task_id)
    return str(result.state) if result.ready() else None


def _say(at: datetime) -> str:
    text = to_datetime(to_ms(at, "at")).astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")


_UNWATCHED = (
    "Entry {0!r}: its run was sent, and its end cannot be seen. {1}\n"
    "  its task id is {2}\n"
    "  look for it when the store is back, and do not trigger it again: "
    "celery -A ... schedule history {0}"
)
_UNSEEN = (
    "Entry {0!r}: nobody can tell how its run ends: it has no policy, so no guard tells the "
    "store, and there is no result backend\n"
    "  nothing was sent\n"
    "  trigger it without waiting, or set result_backend, or give it a policy in "
    "beatkit_policies"
)
