"""Why did a slot run, or not? What the store remembers, in sentences with their evidence.

Pure: the records, the silences and the entry's own rule come in. Where the store does not
know, the answer says so and how far its memory reaches; it never guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from beatkit.entry import Entry
from beatkit.history import Record
from beatkit.schedules.timetable import to_datetime
from beatkit.store.history import Past, Silence

Found = Literal["decided", "coming", "undecided", "forgotten", "before", "no_slot"]

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Why:
    """What was decided for a slot, and why.

    Attributes:
        entry: The entry's name.
        at: The instant that was asked about; aware, in UTC.
        slot: The slot there; None: there is none.
        found: "decided": `records` tell of it; "coming": it is not due; "undecided": it is
            due and no beat has decided it; "forgotten": the history reaches back less far;
            "before": the entry counted from later on; "no_slot".
        sentences: The answer, for people.
        records: What became of it, the newest first; a run by hand of that instant too.
        nearest: The slots before and after, where there is none.
    """

    entry: str
    at: datetime
    slot: datetime | None
    found: Found
    sentences: tuple[str, ...]
    records: tuple[Record, ...] = ()
    nearest: tuple[datetime | None, datetime | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the answer is taken from.

    Attributes:
        past: What the store remembers.
        records: Of the entry, the newest first.
        progress: The entry's last slot decided; None: the store does not know the entry.
        say: Writes an instant.
        span: Writes a duration in seconds.
    """

    past: Past
    records: Sequence[Record]
    progress: int | None
    say: Callable[[datetime], str]
    span: Callable[[float], str]


def why(name: str, entry: Entry | None, at: datetime, known: Knowledge) -> Why:
    """Say what was decided for the slot of an entry at an instant.

    Args:
        name: The entry's name.
        entry: Its definition; None: it has left the schedule.
        at: Within a second before the slot, or at it; aware.
        known: What there is to go by.
    """
    rule = entry and getattr(entry.schedule, "rule", None)
    at_ms = round(at.timestamp() * 1000)
    slot = rule.previous(at_ms + 1000) if rule else None
    slot = slot if slot is not None and slot >= at_ms else None
    told = tuple(one for one in known.records if _concerns(one, at, slot))
    if told:
        about = to_datetime(slot) if slot is not None else told[0].scheduled_for
        return Why(
            name, at, about, "decided", tuple(_of_records(name, about, entry, told, known)), told
        )
    if slot is None:
        return _no_slot(name, at, at_ms, rule, known)
    return _not_told(name, at, slot, known)


def _concerns(record: Record, at: datetime, slot: int | None) -> bool:
    if record.first is not None:
        return slot is not None and record.first <= to_datetime(slot) <= record.scheduled_for
    return at <= record.scheduled_for < at + SECOND


def _no_slot(name: str, at: datetime, at_ms: int, rule: object, known: Knowledge) -> Why:
    if rule is None:
        text = f"The store knows of no slot of {name} at {known.say(at)}."
        return Why(name, at, None, "no_slot", (text,))
    before, after = rule.previous(at_ms), rule.next(at_ms)  # type: ignore[attr-defined]
    near = tuple(None if one is None else to_datetime(one) for one in (before, after))
    texts = [known.say(one) for one in near if one is not None]
    nearest = f"; the nearest are {' and '.join(texts)}" if texts else ""
    text = f"{name} has no slot at {known.say(at)}{nearest}."
    return Why(name, at, None, "no_slot", (text,), nearest=(near[0], near[1]))


def _not_told(name: str, at: datetime, slot: int, known: Knowledge) -> Why:
    """Answer about a slot of which the history has nothing."""
    about, now = to_datetime(slot), to_datetime(known.past.now)
    head = f"The slot of {name} at {known.say(about)}"

    def answer(found: Found, *sentences: str) -> Why:
        silence = _silence(known, about)
        return Why(name, at, about, found, (*sentences, *([silence] if silence else ())))

    if slot > known.past.now:
        return answer("coming", f"{head} is yet to come, in {_between(now, about, known)}.")
    if known.progress is None:
        return answer("undecided", f"{head} is not decided: no beat has served this entry yet.")
    if slot > known.progress:
        late = _between(about, now, known)
        return answer("undecided", f"{head} came due {late} ago and is not decided.")
    if never := next((one for one in known.past.silences if _is_first(one, slot)), None):
        end = known.say(to_datetime(never.until or 0))
        text = f"Nothing is known of the slot of {name} at {known.say(about)}: "
        return Why(name, at, about, "forgotten", (f"{text}no beat was heard before {end}.",))
    events = known.past.events
    reaches = to_datetime(events[0].at) if events else None
    if reaches is None or about < reaches:
        limit = f"reaches back to {known.say(reaches)}" if reaches else "is empty"
        text = f"{head} is not remembered: the history {limit} (beatkit_history)."
        return answer("forgotten", text)
    return answer(
        "before",
        f"{head} was not sent: the entry was new or changed then, or served by no beat, and"
        " counts from later on.",
    )


def _of_records(
    name: str, about: datetime, entry: Entry | None, told: Sequence[Record], known: Knowledge
) -> Iterator[str]:
    for record in told:
        head = f"The slot of {name} at {known.say(about)}"
        if record.kind in ("manual", "backfill"):
            head = f"A {record.kind} run of {name} for {known.say(record.scheduled_for)}"
        yield from (_of_missed if record.outcome == "missed" else _of_sent)(head, record, known)
        if record.outcome == "skipped":
            yield _skipped(record, entry, known)
    if silence := _silence(known, about):
        yield silence


def _of_sent(head: str, record: Record, known: Knowledge) -> Iterator[str]:
    by_hand = record.kind in ("manual", "backfill")
    by = f" by {record.beat}" if record.beat else ""
    if record.sent is not None:
        after = _between(record.scheduled_for, record.sent, known)
        late = "" if by_hand else f", {after} late"
        how = ", as catch-up" if record.kind == "catch_up" else ""
        yield f"{head} was sent{by} at {known.say(record.sent)}{late}{how}."
    elif record.outcome == "pending" and record.decided is not None:
        yield f"{head} was decided{by} at {known.say(record.decided)}."
    else:
        yield f"{head}: the history does not tell when it was sent."
    yield from _of_run(record, known)
    if record.copies:
        times = "once" if record.copies == 1 else f"{record.copies} times"
        yield f"Its message came again {times}, and was not run again."


def _of_run(record: Record, known: Knowledge) -> Iterator[str]:
    if record.outcome == "sent":
        yield _UNHEARD
    if record.outcome == "pending":
        yield "Its message has not been reported as published."
    if record.outcome == "kept":
        yield f"{record.worker} found another run going on: it is kept until that ends."
    if record.started is None:
        return
    late = "" if record.late is None else f", {known.span(record.late)} after its slot"
    tries = f", in {record.tries} tries" if record.tries > 1 else ""
    yield f"Its run started at {known.say(record.started)} on {record.worker}{late}{tries}."
    if record.ran_for is not None and record.ran_for > record.scheduled_for:
        yield f"It stood for all slots up to {known.say(record.ran_for)}, which had piled up."
    yield _end(record, known)


_UNHEARD = (
    "No worker has told of it: none has taken it yet, or its entry has no policy, so no guard."
)


def _end(record: Record, known: Knowledge) -> str:
    took = "" if record.took is None else f", after {known.span(record.took)}"
    match record.outcome:
        case "running":
            return "It is running."
        case "lost":
            return "It has not been heard of for 30 s: its worker died, or lost the store."
        case "torn":
            return f"It was torn out of its process{took}: delivered again, it runs again."
        case "RETRY":
            return f"Its last try asked for another{took}: it waits for that."
    return f"It ended with {record.outcome}{took}."


def _skipped(record: Record, entry: Entry | None, known: Knowledge) -> str:
    head = f"{record.worker or 'A worker'} did not run it: "
    other = next((one for one in known.records if _stood(one, record)), None)
    which = f" (the one for {known.say(other.scheduled_for)}, {other.outcome})" if other else ""
    deadline = entry.policy.deadline if entry and entry.policy else None
    match record.reason:
        case "coalesced":
            return f"{head}a run had started that stood for it{which}."
        case "overlap":
            return f"{head}another run of the entry was going on{which}."
        case "deadline":
            limit = "" if deadline is None else f" of {known.span(deadline)}"
            return f"{head}it was past its deadline{limit}."
        case "duplicate":
            return f"{head}a message of its id had been started before."
    return f"{head}{record.reason}."


def _stood(one: Record, skipped: Record) -> bool:
    """Whether a run was under way, or had covered a slot, when another was skipped."""
    if one is skipped or one.started is None or skipped.decided is None:
        return False
    if skipped.reason == "coalesced":
        return one.ran_for is not None and one.ran_for >= skipped.scheduled_for
    return one.started <= skipped.decided <= (one.finished or skipped.decided)


def _of_missed(head: str, record: Record, known: Knowledge) -> Iterator[str]:
    at = f" at {known.say(record.decided)}" if record.decided else ""
    many = ""
    if record.first is not None:
        span = f"{known.say(record.first)} to {known.say(record.scheduled_for)}"
        many = f", with {record.count - 1:,} others from {span}"
    yield f"{head} was not sent{many}: {_REASONS.get(record.reason, record.reason)}."
    yield f"{record.beat or 'A beat'} decided so{at}."


_REASONS = {
    "latest": "only the latest of the slots that were owed was to be sent (catch_up='latest')",
    "deadline": "it was past its deadline when it could be sent",
    "paused": "the entry was paused",
    "skipped": "it was to be skipped once, by hand",
    "empty": "its task sent nothing",
    "gone": "its entry had left the schedule before it could be published",
}


def _silence(known: Knowledge, slot: datetime) -> str:
    """Say when no beat was heard, where that is why a slot was late or is not decided."""
    spans = [one for one in known.past.silences if _covers(one, slot)]
    if not spans:
        return ""
    first = spans[-1]
    since = known.say(to_datetime(first.since)) if first.since else ""
    if first.until is None:
        return f"No beat has been heard since {since}." if since else "No beat has ever been heard."
    end = known.say(to_datetime(first.until))
    return (
        f"No beat was heard from {since} to {end}." if since else f"No beat was heard before {end}."
    )


def _is_first(silence: Silence, slot: int) -> bool:
    """Whether a slot lies before any beat was heard."""
    return silence.since == 0 and silence.until is not None and slot < silence.until


def _covers(silence: Silence, slot: datetime) -> bool:
    """Whether a silence held at a slot."""
    at = slot.timestamp() * 1000
    return silence.since <= at and (silence.until is None or at < silence.until)


def _between(first: datetime, then: datetime, known: Knowledge) -> str:
    return known.span((then - first).total_seconds())
