"""What would be sent between two instants: tomorrow, last night's outage, next year.

The same pure decisions that a beat makes (`beat.plan`), on a clock that is given. Nothing is
read, sent or patched, and a day of a hundred entries takes a few hundredths of a second.

The beats of the simulation had decided everything before its start, act at once, and are
never refused by a broker; `down` says when none of them can act at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from beatkit.beat.plan import Move, Terms, next_send, plan
from beatkit.beat.rows import terms_of
from beatkit.entry import Entry, Slot
from beatkit.errors import ScheduleError
from beatkit.schedules.rules import Rule
from beatkit.schedules.timetable import to_datetime, to_ms

Down = Sequence[tuple[datetime, datetime]]

POLLS = 100_000
"""A schedule of the user's own class is asked so many times at most."""

LONGEST_POLL_S = 300.0
"""Celery's own: it asks again after so many seconds if the schedule does not say when."""

SHORTEST_POLL_MS = 10
"""Celery too waits at least so long before it asks again, or it would never sleep."""


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of the simulated beats.

    Attributes:
        at_ms: When it is made, in Unix milliseconds.
        entry: The entry's name.
        move: What is sent, and what is missed.
        first: No slot of the entry was decided before.
    """

    at_ms: int
    entry: str
    move: Move
    first: bool = False


def simulate(app_or_entries: Any, start: datetime, end: datetime, *, down: Down = ()) -> list[Slot]:
    """Return what beats would send from one instant up to another, without sending it.

    The answer is exact for the given definitions: the same slots, the same catch-up and
    the same deadlines as beats would decide, on any machine, whatever its clock says. What
    the guard of a worker would skip (`coalesce`, `overlap`) is in it: it is sent.

    Args:
        app_or_entries: A Celery app; or entries: a mapping by name, or any iterable. Entries
            that are not enabled send nothing.
        start: The first instant, aware. Everything before it counts as decided.
        end: The instant to stop at, aware; not part of it. Slots that are delayed beyond it,
            by `jitter` or because beats were down, are not in the answer.
        down: Spans (from, to) of aware datetimes in which no beat can send. What came due in
            one is sent when it ends, by each entry's `catch_up` and `deadline`, as slots
            of the kind "catch_up".

    Returns:
        The slots in the order in which they are sent; those of one moment by name.

    Raises:
        ScheduleError: A datetime is naive, or a schedule cannot be simulated.
        DeclarationError: The app's entries cannot work.

    Example:
        >>> from datetime import UTC, datetime
        >>> from beatkit import Entry, cron, simulate
        >>> nightly = Entry("close_day", "shop.close_day", cron("30 2 * * *", timezone="UTC"))
        >>> start, end = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
        >>> [slot.scheduled_for.isoformat() for slot in simulate([nightly], start, end)]
        ['2026-11-22T02:30:00+00:00']
    """
    entries, deadline = entries_of(app_or_entries), starting_deadline_of(app_or_entries)
    decided = steps(entries, start, end, down=down, starting_deadline=deadline)
    return [_slot(step) for step in decided if step.move.kind is not None]


def steps(
    entries: Iterable[Entry],
    start: datetime,
    end: datetime,
    *,
    down: Down = (),
    starting_deadline: float | None = None,
) -> Iterator[Step]:
    """Yield every decision, missed slots too, in order; see `simulate`.

    Args:
        entries: Those that are not enabled are left out.
        start: As for `simulate`.
        end: As for `simulate`.
        down: As for `simulate`.
        starting_deadline: The setting `beat_cron_starting_deadline`, seconds: the deadline of
            cron entries that have none.
    """
    first, stop = to_ms(start, "start"), to_ms(end, "end")
    spans = sorted((to_ms(begin, "down"), to_ms(over, "down")) for begin, over in down)
    histories = [
        _history(entry, starting_deadline, first, stop, spans) for entry in entries if entry.enabled
    ]
    return merge(*histories, key=lambda step: (step.at_ms, step.entry))


def starting_deadline_of(app_or_entries: Any) -> float | None:
    """Return an app's setting `beat_cron_starting_deadline`; None for entries alone."""
    conf = getattr(app_or_entries, "conf", None)
    return None if conf is None else conf.beat_cron_starting_deadline


def entries_of(app_or_entries: Any) -> list[Entry]:
    """Return the entries of an app, of a mapping by name, or of an iterable."""
    if isinstance(app_or_entries, Mapping):
        return list(app_or_entries.values())
    if hasattr(app_or_entries, "conf"):
        from beatkit.registry import effective_entries

        return list(effective_entries(app_or_entries).values())
    return list(app_or_entries)


def _history(
    entry: Entry,
    starting_deadline: float | None,
    start: int,
    stop: int,
    down: Sequence[tuple[int, int]],
) -> Iterator[Step]:
    rule = getattr(entry.schedule, "rule", None)
    if rule is None:
        return _polled_history(entry, start, stop, down)
    return _planned_history(entry, rule, terms_of(entry, starting_deadline), start, stop, down)


def _planned_history(
    entry: Entry, rule: Rule, terms: Terms, start: int, stop: int, down: Sequence[tuple[int, int]]
) -> Iterator[Step]:
    before = rule.previous(start)
    progress, first = (start - 1, True) if before is None else (before, False)
    now = able_since = start
    wake = next_send(rule, terms, progress)
    while wake is not None:
        now = max(now, wake)
        resumed = _resumed(now, down)
        now, able_since = (now, able_since) if resumed is None else (resumed, resumed)
        if now >= stop:
            return
        planned = plan(rule, terms, progress, now, able_since)
        for move in planned.moves:
            yield Step(now, entry.name, move, first)
            progress, first = move.slot, False
        wake = planned.wake_ms


def _resumed(now: int, down: Sequence[tuple[int, int]]) -> int | None:
    """Return when beats can act again; None if they can now. `down` is in order."""
    resumed = None
    for begin, over in down:
        if begin <= now < over:
            resumed = now = over
    return resumed


def _polled_history(
    entry: Entry, start: int, stop: int, down: Sequence[tuple[int, int]]
) -> Iterator[Step]:
    before = start
    for number, now in enumerate(polled(entry, start, stop, down)):
        yield Step(now, entry.name, Move(before, now, "scheduled", now), number == 0)
        before = now


def polled(
    entry: Entry, start: int, stop: int, down: Sequence[tuple[int, int]] = ()
) -> Iterator[int]:
    """Ask a schedule of the user's own class as Celery does, on a clock of ours.

    Its `is_due` must read the time by its own `now()`, as Celery's schedules do; it is
    asked on a copy whose `nowfun` is ours.

    Args:
        entry: Whose schedule holds no rule.
        start: Unix milliseconds; taken for the last run.
        stop: Unix milliseconds; not part of it.
        down: When nothing is asked, as pairs of Unix milliseconds, in order.

    Yields:
        The instants at which it says that it is due, at most those of `POLLS` questions.

    Raises:
        ScheduleError: Its `is_due` raises, or returns something else.
    """
    now = last = start
    schedule = copy(entry.schedule)
    sample = schedule.now()
    schedule.nowfun = lambda: _like(sample, now)
    for _ in range(POLLS):
        now = _resumed(now, down) or now
        if now >= stop:
            return
        due, wait = _asked(entry, schedule, _like(sample, last))
        if due:
            yield now
            last = now
        now += max(round(wait * 1000), SHORTEST_POLL_MS)


def _like(sample: datetime, at_ms: int) -> datetime:
    """Return an instant in the zone of a sample, naive if that is: some own clocks are."""
    if sample.tzinfo is None:
        return datetime.fromtimestamp(at_ms / 1000)
    return to_datetime(at_ms).astimezone(sample.tzinfo)


def _asked(entry: Entry, schedule: Any, last: datetime) -> tuple[bool, float]:
    try:
        due, wait = schedule.is_due(last)
        return bool(due), LONGEST_POLL_S if wait is None else float(wait)
    except Exception as error:
        raise ScheduleError(
            f"Entry {entry.name!r}: is_due of its schedule {entry.schedule!r} raised"
            f" {type(error).__name__}: {error}\n"
            "  it must return whether a run is due, and the seconds until it is to be asked again"
        ) from error


def upcoming(entry: Entry, after: int, stop: int) -> Iterator[int]:
    """Yield the entry's slots strictly later than one instant and before another, in order.

    Args:
        entry: Enabled or not.
        after: Unix milliseconds.
        stop: Unix milliseconds.
    """
    rule = getattr(entry.schedule, "rule", None)
    if rule is None:
        yield from polled(entry, after, stop)
        return
    slot = rule.next(after)
    while slot is not None and slot < stop:
        yield slot
        slot = rule.next(slot)


def _slot(step: Step) -> Slot:
    move = step.move
    assert move.kind is not None
    previous = None if step.first else to_datetime(move.after)
    return Slot(step.entry, to_datetime(move.slot), move.kind, previous)
