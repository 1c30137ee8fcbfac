"""What became of an app's slots: the store's events, put together into one record each.

A message that came again, a retry and a run that another worker took over are the same
slot's, and so one record. What a person asked for has a task id of its own and is a record of
its own, whichever instant it is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

from beatkit.entry import Kind
from beatkit.schedules.timetable import to_datetime
from beatkit.sending.message import task_id
from beatkit.store import ACTIONS, Action, Pending, Store
from beatkit.store.events import Event
from beatkit.store.history import KeepsHistory, Past

ASKED_FOR: tuple[Kind, ...] = ("manual", "backfill")

BAD = frozenset({"FAILURE", "REVOKED", "REJECTED", "lost", "torn"})
"""Outcomes of runs that started and came to no good end."""

NOT_RUN = frozenset({"missed", "skipped"})
"""Outcomes of slots that were decided and not run."""


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one slot, or of several that were missed for one reason.

    Instants are aware, in UTC, by the store's clock; durations are in seconds.

    Attributes:
        entry: The entry's name.
        scheduled_for: The slot; of several that were missed, the last.
        kind: Why it was sent: scheduled, catch_up, manual or backfill.
        outcome: Of a run that ended, Celery's state: "SUCCESS", "FAILURE", "RETRY" (it waits
            for its next try) ... Else: "pending" (decided, not on the broker yet), "sent" (no
            worker has told of it; none does of an entry without a policy), "kept" (it waits
            for another run to end), "running", "lost" (its worker has not been heard of for
            30 s), "torn" (it was torn out of its process), "skipped" (by the guard), "missed"
            (by the beats).
        reason: Why it was skipped (duplicate, deadline, coalesced, overlap) or missed (latest:
            only a later one was to be sent; deadline; "paused: ..."; skipped: by hand;
            empty: its task sent nothing; gone: its entry left the schedule).
        sent: When its message was on the broker, as its beat reported it or its start shows;
            None: it was not, or that is not known.
        started: When its run began, the first try.
        finished: When its run ended.
        late: By how much the run began later than the slot it was for; of what did not begin,
            by how much it was sent later. None: neither happened, or it is a backfill.
        took: How long the last try took.
        tries: How many were begun.
        copies: How many copies of its message came again and were not run.
        worker: Which worker ran or skipped it; "" if none did.
        beat: Which beat decided it, or who asked for it; "" if that is not known.
        task_id: Of the run; "" where there was none.
        ran_for: The slot that its task was given, later than its own where it covered others.
        first: Of several that were missed, the first.
        count: How many slots this is about.
        decided: When the last of it was decided or told.
    """

    entry: str
    scheduled_for: datetime
    kind: Kind
    outcome: str
    reason: str = ""
    sent: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    late: float | None = None
    took: float | None = None
    tries: int = 0
    copies: int = 0
    worker: str = ""
    beat: str = ""
    task_id: str = ""
    ran_for: datetime | None = None
    first: datetime | None = None
    count: int = 1
    decided: datetime | None = None

    @property
    def when(self) -> datetime:
        """When it happened: its run's start, else its sending, else the decision about it."""
        return self.started or self.sent or self.decided or self.scheduled_for

    @property
    def over(self) -> bool:
        """Whether nothing more is to come of it, as far as the store knows."""
        return self.outcome not in ("pending", "sent", "kept", "running", "RETRY", "torn")


class _Key(NamedTuple):
    entry: str
    slot: int
    id: str


def recall(store: Store, name: str) -> tuple[Past, list[Record]]:
    """Ask a store what became of its slots, the newest first.

    Args:
        store: Any of beatkit's stores.
        name: What sets this schedule apart from others; part of each task id.
    """
    past = cast(KeepsHistory, store).history().past()
    return past, records(past, name, store.actions(ACTIONS))


def lasts(store: Store, name: str, entries: Sequence[str]) -> dict[str, Record]:
    """Ask a store for the last run of each of some entries.

    Returns:
        By entry: the run that started last; of an entry whose runs nobody tells of, the one
        that was sent last. An entry that has neither is left out.
    """
    found = cast(KeepsHistory, store).history().lasts(entries)
    made: dict[str, Record] = {}
    for entry in entries:
        sent, ran = found.sent.get(entry), found.ran.get(entry)
        own = ran is None or (sent is not None and _key(sent) == _key(ran))
        events = [one for one in (sent if own else None, ran) if one is not None]
        if events:
            made[entry] = _together(events, found.live, name)
    return made


def records(past: Past, name: str, asked: Iterable[Action] = ()) -> list[Record]:
    """Return what became of slots, the newest first.

    Args:
        past: What the store remembers.
        name: What sets this schedule apart from others; part of each task id.
        asked: What people did; triggers among it are runs.
    """
    groups: dict[_Key, list[Event]] = {}
    alone: list[Record] = []
    for event in [*_triggers(asked), *past.events]:
        if event.what == "missed":
            alone.append(_missed(event))
        else:
            groups.setdefault(_key(event), []).append(event)
    alone += [_pending(one) for one in past.pendings if _Key(one.entry, one.slot, "") not in groups]
    made = [_together(events, past.live, name) for events in groups.values()]
    return sorted([*made, *alone], key=lambda one: (one.when, one.scheduled_for), reverse=True)


def _key(event: Event) -> _Key:
    if event.kind in ASKED_FOR:
        return _Key(event.entry, 0, event.id)
    return _Key(event.entry, event.slot, "")


def _triggers(asked: Iterable[Action]) -> Iterator[Event]:
    """Triggers are sent by whoever asked, and their records are written by the same step."""
    for action in asked:
        if action.verb == "trigger":
            entry = action.scopes[0].removeprefix("entry:")
            yield Event("sent", action.at, entry, action.at, "manual", action.by, action.task_id)


def _missed(event: Event) -> Record:
    several = event.count > 1
    return Record(
        entry=event.entry,
        scheduled_for=to_datetime(event.slot),
        kind=event.kind,
        outcome="missed",
        reason=event.why,
        beat=event.by,
        first=to_datetime(event.first) if several else None,
        count=event.count,
        decided=to_datetime(event.at),
    )


def _pending(one: Pending) -> Record:
    slot, since = to_datetime(one.slot), to_datetime(one.since)
    return Record(one.entry, slot, one.kind, "pending", beat=one.by, decided=since)


def _together(events: Sequence[Event], live: Set[tuple[str, int, str]], name: str) -> Record:
    """Put the events of one slot's message together, in whichever order they came."""
    sent = next((one for one in events if one.what == "sent"), None)
    tries = [one for one in events if one.what in ("started", "ended")]
    told = [one for one in events if one.what != "sent" and one.why != "duplicate"]
    last = (told or events)[-1]
    began = _began(tries)
    outcome, reason = _outcome(last, live)
    ended = last if last.what == "ended" else None
    given = max((one.given for one in tries), default=last.slot)
    late_for, at = (given, began) if began else (last.slot, sent and sent.at)
    if last.kind == "backfill":
        at = None  # its slot is long past, and that is what it is for
    return Record(
        entry=last.entry,
        scheduled_for=to_datetime(last.slot),
        kind=last.kind,
        outcome=outcome,
        reason=reason,
        sent=to_datetime(min(sent.at, began or sent.at)) if sent else None,
        started=to_datetime(began) if began else None,
        finished=to_datetime(ended.at) if ended and outcome != "RETRY" else None,
        late=(at - late_for) / 1000 if at else None,
        took=ended.took / 1000 if ended else None,
        tries=sum(one.what == "started" for one in tries) or len(tries[:1]),
        copies=sum(one.why == "duplicate" for one in events),
        worker=last.by if last.what != "sent" else "",
        beat=sent.by if sent else "",
        task_id=last.id or task_id(name, last.entry, last.slot),
        ran_for=to_datetime(given) if tries else None,
        decided=to_datetime(last.at),
    )


def _began(tries: Sequence[Event]) -> int | None:
    """When the first try began; of one that started while the store was away, by its end."""
    return min((one.at - one.took for one in tries), default=None)


def _outcome(last: Event, live: Set[tuple[str, int, str]]) -> tuple[str, str]:
    if last.what == "ended":
        return last.why or "torn", ""
    if last.what == "started":
        return "running" if (last.entry, last.slot, last.id) in live else "lost", ""
    return (last.what, last.why)


def within(found: Iterable[Record], since: datetime | None, until: datetime | None) -> list[Record]:
    """Return those of some records that happened from `since` on and before `until`."""
    return [
        one
        for one in found
        if (since is None or one.when >= since) and (until is None or one.when < until)
    ]
