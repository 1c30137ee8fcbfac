"""Which slots of one entry to send, which to record as missed and why, when to look again.

Pure: the rule, the policy, the progress and now come in; moves go out. A decision names
the progress it follows and the slot it moves it to, so that moves form a chain: the
store refuses each whose predecessor did not hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from beatkit.entry import CatchUp, Kind
from beatkit.schedules.rules import Rule
from beatkit.store import Missed

CHAIN = 100
"""At most so many slots of one entry are sent in one pass, so that a long backlog under
`catch_up="all"` does not keep the other entries waiting; fewer where others are due, too."""

COUNTED = 100_000
"""Missed slots are counted up to so many; the record then says this number."""

Reason = Literal["latest", "deadline", "paused"]
"""Why a slot is not sent: only a later one is to be, it is too late, or paused."""


def no_jitter(_slot: int) -> int:
    """Every slot is sent at its instant."""
    return 0


@dataclass(frozen=True, slots=True)
class Terms:
    """The part of an entry's policy that decides which slots are sent.

    Attributes:
        catch_up: "latest" sends only the latest of several due slots, "all" every one.
        deadline_ms: A slot older than this is missed; None: no limit.
        jitter: Milliseconds by which a slot's send is delayed, less than the distance to
            the next slot.
        paused: What is due is recorded as missed.
    """

    catch_up: CatchUp = "latest"
    deadline_ms: int | None = None
    jitter: Callable[[int], int] = no_jitter
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Move an entry's progress from one slot to a later one.

    Attributes:
        after: The progress that this move is based on.
        slot: The progress after it.
        kind: Send `slot`, as this kind; None: `slot` is missed too.
        not_before: The earliest instant to make it at: the slot and its jitter.
        missed: The slots between the two (with `slot` where it is not sent).
    """

    after: int
    slot: int
    kind: Kind | None
    not_before: int
    missed: Missed | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to decide now, in order, and when to look again (None: never, it is over)."""

    moves: tuple[Move, ...]
    wake_ms: int | None


def plan(
    rule: Rule, terms: Terms, progress: int, now: int, able_since: int, most: int = CHAIN
) -> Plan:
    """Plan one entry.

    Args:
        rule: Yields the entry's slots.
        terms: Its policy.
        progress: The last slot decided, by the store.
        now: The store's time.
        able_since: Since when this beat has been able to send. What came due before is
            sent as catch-up.
        most: How many slots to send at most; never more than `CHAIN`.

    Returns:
        Moves that follow one another from `progress` on; if so many are not all of them,
        `wake_ms` is already past.
    """
    moves: list[Move] = []
    latest = _latest_to_send(rule, terms, now)
    if latest is not None and latest > progress:
        late = _given_up(rule, terms, progress, latest, now)
        if late is not None:
            moves.append(late)
            progress = late.slot
        if latest > progress:
            if terms.catch_up == "all":
                chosen = _all(rule, terms, progress, latest, able_since, most)
            else:
                chosen = _only_latest(rule, terms, progress, latest, able_since)
            moves += chosen
            progress = chosen[-1].slot
    return Plan(tuple(moves), next_send(rule, terms, progress))


def next_send(rule: Rule, terms: Terms, progress: int) -> int | None:
    """Return when the slot after `progress` is to be sent; None if there is none."""
    upcoming = rule.next(progress)
    return None if upcoming is None else upcoming + terms.jitter(upcoming)


def _latest_to_send(rule: Rule, terms: Terms, now: int) -> int | None:
    """Return the latest slot whose send time has come.

    Jitter is less than the distance to the next slot, so only the latest slot can still be
    waiting for its own; the one before it cannot.
    """
    latest = rule.previous(now + 1)
    if latest is None or latest + terms.jitter(latest) <= now:
        return latest
    return rule.previous(latest)


def _given_up(rule: Rule, terms: Terms, progress: int, latest: int, now: int) -> Move | None:
    """Return the decision about what is past its deadline, or all of it while paused."""
    reason: Reason = "deadline"
    before = latest + 1
    if terms.paused:
        reason = "paused"
    elif terms.deadline_ms is None:
        return None
    else:
        before = min(before, now - terms.deadline_ms)
    last = rule.previous(before)
    if last is None or last <= progress:
        return None
    return Move(progress, last, None, last, _missed(rule, progress, last, reason))


def _missed(rule: Rule, progress: int, last: int, reason: Reason) -> Missed:
    first = slot = rule.next(progress)
    count = 0
    while slot is not None and slot <= last and count < COUNTED:
        count += 1
        slot = rule.next(slot)
    return Missed(last if first is None else first, last, count, reason)


def _only_latest(
    rule: Rule, terms: Terms, progress: int, latest: int, able_since: int
) -> list[Move]:
    skipped = rule.previous(latest)
    missed = None
    if skipped is not None and skipped > progress:
        missed = _missed(rule, progress, skipped, "latest")
    return [_send(terms, progress, latest, able_since, missed)]


def _all(
    rule: Rule, terms: Terms, progress: int, latest: int, able_since: int, most: int
) -> list[Move]:
    chain: list[Move] = []
    while len(chain) < min(most, CHAIN):
        slot = rule.next(progress)
        if slot is None or slot > latest:
            break
        chain.append(_send(terms, progress, slot, able_since, None))
        progress = slot
    return chain


def _send(terms: Terms, after: int, slot: int, able_since: int, missed: Missed | None) -> Move:
    kind: Kind = "catch_up" if slot < able_since else "scheduled"
    return Move(after, slot, kind, slot + terms.jitter(slot), missed)
