"""Every slot of a past range once more, in order: sent by whoever asks, beside the beats.

Each run has an id of its own, made of the entry, the range and the slot; its kind is
"backfill", so that the guard neither finds it too late nor covered by another. Progress is
not touched, and messages go out in small lots, so the entry's and all others' next slots
come as planned. How far it is lies in the store (`beatkit.store.backfills`): the same call
goes on after a kill.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, cast

from beatkit.entry import Entry
from beatkit.errors import BeatkitError, DeclarationError
from beatkit.record import ActionError
from beatkit.registry.unknown import unknown_tasks
from beatkit.schedules.rules import Rule
from beatkit.schedules.timetable import to_datetime, written
from beatkit.sending.build import Builder, NotBuilt, lay_out
from beatkit.sending.message import task_id
from beatkit.sending.publish import Publisher
from beatkit.store import Action, Store
from beatkit.store.backfills import Backfill, Backfills, KeepsBackfills, Range, Send
from beatkit.store.choice import Choice

LOT = 50
"""Slots a step: a server is kept for a few milliseconds, and then others come first."""

Told = Callable[[int, int], object]
"""Is told how many slots are sent, and how many there are."""


@dataclass(frozen=True, slots=True)
class Backfilling:
    """What a backfill came to.

    Attributes:
        entry: The entry's name.
        slots: How many slots the range has.
        first: The first of them, aware, in UTC; None if there is none.
        last: The last of them.
        sent: How many this call sent.
        before: How many had been sent before this call.
        since: When the backfill began; None for a dry run.
        by: Who began it.
    """

    entry: str
    slots: int
    first: datetime | None
    last: datetime | None
    sent: int = 0
    before: int = 0
    since: datetime | None = None
    by: str = ""


class NotBackfilled(BeatkitError):
    """A backfill stopped before its end; the same call goes on where it stopped."""


def span(entry: Entry, start: int, end: int, now: int, again: int) -> Range:
    """Return the range that is meant, from its first slot to its last.

    So two calls that mean the same slots are one backfill, also where each counted its
    instants from its own present.

    Args:
        entry: The entry.
        start: Milliseconds since 1970; belongs to it.
        end: The same; does not belong to it.
        now: The store's time.
        again: How many times the same range was backfilled on purpose before.

    Raises:
        ActionError: It is empty or not past, or nobody can tell the entry's past slots.
    """
    if getattr(entry.schedule, "rule", None) is None:
        raise ActionError(_OWN.format(entry.name, entry.schedule))
    if start >= end:
        raise ActionError(_EMPTY.format(written(start), written(end)))
    rule: Rule = entry.schedule.rule
    first, last = rule.next(start - 1), rule.previous(end)
    if first is None or last is None or first > last:
        return Range(entry.name, start, end, again)
    if last > now:  # and not `end`: the caller's present may be ahead of the store's
        raise ActionError(_FUTURE.format(written(end), written(now)))
    return Range(entry.name, first, last + 1, again)


def survey(entry: Entry, wanted: Range) -> Backfilling:
    """Return what a backfill would send."""
    rule: Rule = entry.schedule.rule
    count, first, last = 0, None, None
    for slot in _slots(rule, wanted.start - 1, wanted.end):
        count, first, last = count + 1, first or slot, slot
    return Backfilling(entry.name, count, _instant(first), _instant(last))


def _instant(slot: int | None) -> datetime | None:
    return None if slot is None else to_datetime(slot)


def _slots(rule: Rule, after: int, end: int) -> Iterator[int]:
    slot = rule.next(after)
    while slot is not None and slot < end:
        yield slot
        slot = rule.next(slot)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast, and who is told.

    Attributes:
        rate: Slots a second at most; None: as fast as the servers take them.
        told: Called after each step.
    """

    rate: float | None = None
    told: Told = lambda _sent, _slots: None


def backfill(
    app: Any, choice: Choice, store: Store, entry: Entry, wanted: Range, action: Action, pace: Pace
) -> Backfilling:
    """Send every slot of a range, in order; see `Schedule.backfill`.

    Args:
        app: The Celery app.
        choice: Where the store is.
        store: The store, open.
        entry: The entry.
        wanted: See `span`.
        action: Who and why; what it concerns is found here.
        pace: How fast, and who is told.
    """
    unknown = unknown_tasks(app, {entry.name: entry})
    if unknown:
        raise DeclarationError(unknown[0])
    found = survey(entry, wanted)
    kept = cast(KeepsBackfills, store).backfills()
    known = kept.begin(wanted, action.by)
    if not known.ended:
        scope = (f"entry:{entry.name}",)
        store.act(replace(action, scopes=scope, task_id=wanted.key.rsplit(" ", 1)[0]))
    before = known.sent
    sender = _sender(app, choice, store, entry)
    try:
        known = _run(kept, known, entry, sender, pace, found.slots)
    finally:
        sender.close()
    since = to_datetime(known.at)
    return replace(found, sent=known.sent - before, before=before, since=since, by=known.by)


def _run(
    kept: Backfills, known: Backfill, entry: Entry, sender: _Sender, pace: Pace, total: int
) -> Backfill:
    rule: Rule = entry.schedule.rule
    size = sender.lot if pace.rate is None else max(1, min(sender.lot, int(pace.rate)))
    pace.told(known.sent, total)
    while not known.ended:
        due = list(islice(_slots(rule, known.cursor, known.range.end), size))
        sends = sender.prepare(known.range, due, known.cursor)
        known, error = kept.step(known, sends, ends=len(due) < size)
        if error:
            raise NotBackfilled(_REFUSED.format(entry.name, error))
        pace.told(known.sent, total)
        if pace.rate is not None and not known.ended:
            time.sleep(len(due) / pace.rate)
    return known


class _Sender:
    """Makes the runs of a backfill: for the store to push, or published already.

    Args:
        app: The Celery app.
        name: What sets this schedule apart from others (the key prefix).
        entry: The entry.
        builder: Builds messages for a store that is the broker; None: it is not.
    """

    def __init__(self, app: Any, name: str, entry: Entry, builder: Builder | None) -> None:
        self._app, self._name, self._entry = app, name, entry
        self._builder = builder
        self._publisher = Publisher(app) if builder is None else None
        self.lot = LOT if builder is not None else 1  # one slot at most goes out unrecorded

    def prepare(self, of: Range, slots: Sequence[int], after: int) -> list[Send]:
        """Return the slots as a step takes them.

        Raises:
            NotBackfilled: A message could not be built.
            BrokerUnavailable: The broker did not answer.
        """
        sends = []
        for slot in slots:
            run = task_id(self._name, of.entry, slot, f"backfill {of.key}")
            entry = replace(self._entry, options={**self._entry.options, "task_id": run})
            try:
                sends.append(self._send(entry, slot, run, after))
            except NotBuilt as error:
                raise NotBackfilled(_NOT_BUILT.format(self._entry.name, error)) from error
            after = slot
        return sends

    def _send(self, entry: Entry, slot: int, run: str, after: int) -> Send:
        if self._builder is not None:
            return Send(slot, run, self._builder.build(entry, slot, "backfill", after=after))
        assert self._publisher is not None
        self._publisher.ready()
        self._publisher.publish(lay_out(self._app, self._name, entry, slot, "backfill", after))
        return Send(slot, run)

    def close(self) -> None:
        """Let go of the broker's connection."""
        for one in (self._builder, self._publisher):
            if one is not None:
                one.close()


def _sender(app: Any, choice: Choice, store: Store, entry: Entry) -> _Sender:
    builder = None
    if choice.at_broker:
        builder = Builder(app, choice.name, lambda: store.pauses().now)
    return _Sender(app, choice.name, entry, builder)


_OWN = (
    "Entry {0!r}: schedule {1!r} is of a class of its own, expected one whose past slots can be "
    "told\n"
    "  write every(...), cron(...), at(...) or solar(...); or trigger it by hand"
)
_EMPTY = (
    "the range to backfill is from {0} to {1}, expected an end after its start\n"
    "  write the earlier time first"
)
_FUTURE = (
    "the range to backfill ends at {0}, expected one that is past\n"
    "  it is {1} by the store's clock; what is to come is sent by beats\n"
    "  write an end that is past"
)
_REFUSED = (
    "Entry {0!r}: the broker refuses a message: {1}\n"
    "  what was sent before is sent; mend it, then give the same command again: it goes on there"
)
_NOT_BUILT = (
    "{1}\n  what was sent before is sent; mend it, then give the same command again: it goes on "
    "there"
)
