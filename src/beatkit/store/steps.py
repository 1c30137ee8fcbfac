"""What one operation does to the rows of a tabled store, by `beatkit.store.rules`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from beatkit.store import rules
from beatkit.store.actions import ACTIONS, Action, Pause, in_force, skip_scope
from beatkit.store.events import Event
from beatkit.store.history import SILENCES
from beatkit.store.tables import Kept
from beatkit.store.values import (
    Answer,
    Beat,
    Claim,
    Peer,
    Pending,
    Progress,
    Seed,
    Situation,
    Writer,
)

Act = Callable[[Kept, Writer, Claim, int], Answer]


def hear(kept: Kept, beat: Beat, now: int, expires: int) -> None:
    """Take in an announcement, and forget who said nothing for too long."""
    for name, (_, until) in list(kept.peers.items()):
        if until <= now:
            del kept.peers[name]
    known = kept.peers.get(beat.id)
    if expires > 0 and not kept.peers:
        kept.silences[now] = kept.heard
        for until in sorted(kept.silences)[:-SILENCES]:
            del kept.silences[until]
    if expires > 0 or known is not None:
        kept.heard = now
    if expires > 0:
        started = now if known is None else known[0].started
        kept.peers[beat.id] = (Peer(beat, started, now), now + expires)
    elif known is not None:
        del kept.peers[beat.id]
    for name in list(kept.claimed):
        if name not in kept.peers:
            del kept.claimed[name]


def situation(kept: Kept, now: int) -> Situation:
    """Return what stands, for the answer to an announcement."""
    peers = sorted(
        (peer for peer, _ in kept.peers.values()), key=lambda peer: (peer.started, peer.beat.id)
    )
    pendings = sorted(kept.pendings.values(), key=lambda one: (one.slot, one.entry))
    waiting = sorted(entry for entry, until in kept.waiting.items() if until <= now)
    return Situation(
        now, kept.identity, kept.revision, tuple(peers), in_force(kept.paused, now),
        tuple(pendings), tuple(waiting), kept.runtime[0],
    )  # fmt: skip


def record_action(kept: Kept, action: Action) -> None:
    """Keep an action, and drop what is beyond the record's length."""
    numbers = sorted(kept.actions)
    kept.actions[numbers[-1] + 1 if numbers else 1] = action
    for number in numbers[: max(0, len(numbers) + 1 - ACTIONS)]:
        del kept.actions[number]


def act(kept: Kept, action: Action) -> None:
    """Do what somebody asked for, and record it."""
    record_action(kept, action)
    for scope in action.scopes:
        if action.verb == "forget":
            _forget(kept, scope, action.at)
        elif action.verb in ("pause", "skip_next"):
            _pause(kept, scope, action)
        elif action.verb == "resume":
            _resume(kept, scope, action.at)
    drop_old_pauses(kept, action.at)


def _pause(kept: Kept, scope: str, action: Action) -> None:
    old = kept.paused.get(scope)
    since = old.at if old is not None and old.holds(action.at) else action.at
    kept.paused[scope] = Pause(action.reason, action.by, since, action.until)


def _resume(kept: Kept, scope: str, now: int) -> None:
    old = kept.paused.get(scope)
    if old is not None and scope.startswith("skip:"):
        del kept.paused[scope]
    elif old is not None and old.holds(now):
        kept.paused[scope] = replace(old, until=now)


def drop_old_pauses(kept: Kept, now: int) -> None:
    """Forget the pauses that concern no slot any more."""
    for scope, pause in list(kept.paused.items()):
        if pause.is_over(now):
            del kept.paused[scope]


def _forget(kept: Kept, scope: str, now: int) -> None:
    kind, _, name = scope.partition(":")
    old = kept.progress.get(name)
    if kind == "entry":
        for rows in (kept.progress, kept.ledgers, kept.waiting, kept.sent, kept.ran):
            rows.pop(name, None)
    elif old is not None and old.slot < now:
        kept.progress[name] = replace(old, slot=now, by="")
    kept.reserved.pop(name, None)
    for held in (f"entry:{name}", skip_scope(name)):
        kept.paused.pop(held, None)


def is_current(kept: Kept, seed: Seed) -> bool:
    """Say whether a beat that seeds a runtime-owned entry has read the latest of it."""
    if not seed.owned:
        return True
    found = kept.owned.get(seed.entry)
    return found is not None and bool(found.text) and found.version == seed.owned


def mark_absent(kept: Kept, name: str, now: int) -> None:
    """Note that an entry is gone; forget it after a while."""
    old = kept.progress.get(name)
    if old is None:
        return
    left = rules.without(old, now)
    if left is not None:
        kept.progress[name] = left
        return
    for rows in (kept.progress, kept.reserved, kept.sent, kept.ran):
        rows.pop(name, None)


def answer(
    kept: Kept, writer: Writer, claim: Claim, paused: dict[str, Pause], now: int, act: Act
) -> Answer:
    """Answer one claim; `act` does what it asks for if nothing stands against it."""
    answer = rules.judge(claim, kept.progress.get(claim.entry), paused, now)
    if answer.outcome == "withheld":
        if answer.detail.startswith("skipped: "):  # it is used up by this slot
            paused.pop(skip_scope(claim.entry), None)
            kept.paused.pop(skip_scope(claim.entry), None)
        return decided(kept, writer, claim, now, answer)
    return act(kept, writer, claim, now) if answer.outcome == "sent" else answer


def reserve(kept: Kept, writer: Writer, claim: Claim, now: int) -> Answer:
    """Set a slot aside for its caller, unless another's reservation stands."""
    held = kept.reserved.get(claim.entry)
    mine = rules.reserve(claim, held, writer.beat, now)
    if mine is None:
        return taken(claim, held)
    kept.reserved[claim.entry] = mine
    return Answer("reserved", claim.after, attempt=mine.attempt)


def decided(kept: Kept, writer: Writer, claim: Claim, now: int, answer: Answer) -> Answer:
    """Move progress to the claim's slot, and record what was passed over."""
    fingerprint = kept.progress[claim.entry].fingerprint
    kept.progress[claim.entry] = Progress(claim.slot, fingerprint, writer.beat)
    kept.claimed[writer.beat] = now
    kept.reserved.pop(claim.entry, None)
    for event in rules.events_of(claim, answer, writer.beat, now):
        tell(kept, event)
    return replace(answer, progress=claim.slot, by=writer.beat)


def tell(kept: Kept, event: Event) -> None:
    """Add an event to the history; a message sent is its entry's last."""
    kept.tell(event)
    if event.what == "sent":
        kept.sent[event.entry] = event


def tell_run(kept: Kept, event: Event) -> None:
    """Add a start or an end; of runs that went on at a time, the one that began last stays."""
    kept.tell(event)
    if _is_removed(kept, event.entry):
        return
    last = kept.ran.get(event.entry)
    same = last is not None and last.id == event.id
    if last is None or same or event.what == "started" or began(last) <= began(event):
        kept.ran[event.entry] = event


def _is_removed(kept: Kept, entry: str) -> bool:
    """Whether an entry was added while beats ran, and removed: no row of it is to come back."""
    owned = kept.owned.get(entry)
    return owned is not None and not owned.text and entry not in kept.progress


def began(event: Event) -> int:
    """Return when the run of a start or an end began."""
    return event.at - event.took


def settle(
    kept: Kept, pending: Pending, what: Literal["sent", "missed"], why: str, now: int
) -> bool:
    """Take away a pending and tell what became of it; False if it is another's by now."""
    key = (pending.entry, pending.slot)
    found = kept.pendings.get(key)
    if found is None or _hand(found) != _hand(pending):
        return False
    del kept.pendings[key]
    slot = pending.slot
    tell(
        kept,
        Event(what, now, pending.entry, slot, found.kind, found.by, found.id, why=why, first=slot),
    )
    return True


def hand_over(kept: Kept, pending: Pending, to: str, now: int) -> Pending | None:
    """Give a pending to a beat, if it still is as the caller saw it."""
    key = (pending.entry, pending.slot)
    found = kept.pendings.get(key)
    if found is not None and _hand(found) == (to, pending.attempt + 1):
        return found  # the reply to the same call was lost
    if found is None or _hand(found) != _hand(pending):
        return None
    taken = replace(found, by=to, attempt=found.attempt + 1, since=now)
    kept.pendings[key] = taken
    return taken


def _hand(pending: Pending) -> tuple[str, int]:
    return pending.by, pending.attempt


def taken(claim: Claim, held: rules.Reservation | None) -> Answer:
    """Answer that somebody else's reservation stands."""
    if held is None:
        return Answer("taken", claim.after)
    until = held.since + rules.RESERVED_MS
    return Answer("taken", claim.after, held.by, held.attempt, until)
