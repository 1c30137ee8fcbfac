"""The rules of a store as pure functions, for the stores that are written in Python.

`lua/claim.lua` and `lua/seed.lua` say the same in the language of Redis; the contract tests
hold them against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from beatkit.store.actions import Pause, skip_scope
from beatkit.store.events import Event, plain
from beatkit.store.values import Answer, Claim, Progress, Seed, Writer

RESERVED_MS = 750
"""How long a reservation stands before another beat may take it over."""

FORGET_MS = 60_000
"""How long an entry may be absent from the schedule and still go on where it was."""

HISTORY = 10_000
"""How many runs the history keeps."""

Refusal = Literal["", "not_in_force", "lost"]


@dataclass(frozen=True, slots=True)
class Reservation:
    """A slot that a beat builds the message of."""

    slot: int
    by: str
    attempt: int
    since: int


def refusal(writer: Writer, identity: str, revision: str) -> Refusal:
    """Say why a writer may not write at all; "" if it may."""
    if writer.identity != identity:
        return "lost"
    return "" if writer.revision == revision else "not_in_force"


def judge(claim: Claim, progress: Progress | None, paused: Mapping[str, Pause], now: int) -> Answer:
    """Answer a claim by what is decided, by the time and by the pauses.

    Returns:
        The answer; "sent" means that nothing stands against doing what the claim asks.
    """
    if progress is None or claim.fingerprint not in ("", progress.fingerprint):
        return Answer("moved")
    if progress.slot >= claim.slot:
        return Answer("decided", progress.slot, progress.by)
    if progress.slot != claim.after:
        return Answer("moved", progress.slot, progress.by)
    if now < claim.not_before:
        return Answer("early", progress.slot, progress.by, until=claim.not_before)
    why = _why_withheld(claim, paused, now)
    return Answer("withheld", detail=why) if why else Answer("sent")


def _why_withheld(claim: Claim, paused: Mapping[str, Pause], now: int) -> str:
    for scope in claim.scopes:
        if scope in paused and paused[scope].withholds(claim.slot, now):
            return f"paused: {paused[scope].reason}"
    skip = paused.get(skip_scope(claim.entry))
    return f"skipped: {skip.reason}" if skip is not None and claim.act != "miss" else ""


def reserve(claim: Claim, held: Reservation | None, by: str, now: int) -> Reservation | None:
    """Return the caller's reservation of the claim's slot; None while another's stands."""
    if held is None or held.slot != claim.slot:
        return Reservation(claim.slot, by, 1, now)
    if held.by == by:
        return replace(held, since=now)
    if held.since <= now < held.since + RESERVED_MS:  # earlier: the clock has stepped back
        return None
    return Reservation(claim.slot, by, held.attempt + 1, now)


def stands(claim: Claim, held: Reservation | None, by: str) -> bool:
    """Say whether a message may be pushed under the reservation it was built under."""
    if claim.attempt == 0:
        return True
    return held is not None and (held.slot, held.by, held.attempt) == (
        claim.slot,
        by,
        claim.attempt,
    )


def seeded(seed: Seed, old: Progress | None, now: int) -> Progress:
    """Return an entry's progress after a seed. It never goes back."""
    if old is None:
        start = seed.anchor if seed.known is None else seed.known
        return Progress(start, seed.fingerprint)
    away = old.absent_since is not None and now >= old.absent_since + FORGET_MS
    anew = away or old.fingerprint != seed.fingerprint
    least = seed.anchor if anew else seed.known
    if least is None or least <= old.slot:
        return replace(old, fingerprint=seed.fingerprint, absent_since=None)
    return Progress(least, seed.fingerprint)


def without(old: Progress, now: int) -> Progress | None:
    """Return the progress of an entry found missing; None once it is to be forgotten."""
    if old.absent_since is None:
        return replace(old, absent_since=now)
    return old if now < old.absent_since + FORGET_MS else None


def events_of(claim: Claim, answer: Answer, by: str, now: int) -> tuple[Event, ...]:
    """Return what the history says of a claim that decided its slot."""

    def missed(first: int, last: int, count: int, why: str) -> Event:
        return Event("missed", now, claim.entry, last, claim.kind, by, first=first, count=count,
                     why=plain(why))  # fmt: skip

    over = claim.missed
    whole = over is not None and over.last == claim.slot
    withheld = answer.outcome == "withheld"
    if over is not None and whole and withheld and over.reason == "paused":
        over = replace(over, reason=answer.detail)  # the beat knew of the pause, not of its reason
    events = () if over is None else (missed(over.first, over.last, over.count, over.reason),)
    if answer.outcome == "sent":
        return (*events, Event("sent", now, claim.entry, claim.slot, claim.kind, by))
    if withheld and not whole:
        return (*events, missed(claim.slot, claim.slot, 1, answer.detail))
    if answer.outcome == "missed" and not whole:
        return (*events, missed(claim.slot, claim.slot, 1, "empty"))
    return events
