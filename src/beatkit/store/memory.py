"""A store in this process's memory: for one process, for tests, and for simulations.

It keeps the whole contract of `Store`, and passes the same tests as the others. What it
cannot have is a second process: every beat and worker must be a thread of this one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock, RLock
from uuid import uuid4

from beatkit.store import rules
from beatkit.store.values import (
    Answer,
    Beat,
    Claim,
    Command,
    Decision,
    Peer,
    Pending,
    Progress,
    Promotion,
    Record,
    Seed,
    Situation,
    View,
    Writer,
)


def _wall_clock() -> int:
    return time.time_ns() // 1_000_000


def _no_broker(command: Command) -> None:
    raise RuntimeError(
        f"this store in memory has no broker to run {command[0]!r} on: "
        "give it one, MemoryStore(run=...), or publish the message yourself (act='pend')"
    )


@dataclass(slots=True)
class _Kept:
    """All that a wiped store loses."""

    identity: str = ""
    revision: str = ""
    progress: dict[str, Progress] = field(default_factory=dict)
    reserved: dict[str, rules.Reservation] = field(default_factory=dict)
    pendings: dict[tuple[str, int], Pending] = field(default_factory=dict)
    paused: dict[str, str] = field(default_factory=dict)
    claimed: dict[str, int] = field(default_factory=dict)
    peers: dict[str, tuple[Peer, int]] = field(default_factory=dict)
    history: deque[Record] = field(default_factory=lambda: deque(maxlen=rules.HISTORY))


class MemoryStore:
    """The `Store` contract in a dictionary. Safe to share between threads.

    Args:
        clock: The store's time, milliseconds since 1970.
        run: The broker: runs one command, raises if it refuses it.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], int] = _wall_clock,
        run: Callable[[Command], object] = _no_broker,
    ) -> None:
        self._clock = clock
        self._run = run
        self._lock = RLock()
        self._kept = _Kept()

    def wipe(self) -> None:
        """Lose all data, as a Redis without persistence does when it restarts."""
        with self._lock:
            self._kept = _Kept()

    def announce(self, beat: Beat, *, expires: int, promote: Promotion | None = None) -> Situation:
        """See `Store.announce`."""
        with self._lock:
            now, kept = self._clock(), self._kept
            kept.identity = kept.identity or uuid4().hex
            kept.peers = {name: row for name, row in kept.peers.items() if row[1] > now}
            if expires > 0:
                started = kept.peers[beat.id][0].started if beat.id in kept.peers else now
                kept.peers[beat.id] = (Peer(beat, started, now), now + expires)
            else:
                kept.peers.pop(beat.id, None)
            kept.claimed = {name: at for name, at in kept.claimed.items() if name in kept.peers}
            if promote is not None and kept.revision == promote.instead_of:
                kept.revision = promote.revision
            return self._situation(now)

    def _situation(self, now: int) -> Situation:
        kept = self._kept
        peers = sorted((peer for peer, _ in kept.peers.values()), key=_by_start)
        pendings = sorted(kept.pendings.values(), key=lambda one: (one.slot, one.entry))
        return Situation(
            now, kept.identity, kept.revision, tuple(peers), dict(kept.paused), tuple(pendings)
        )

    def read(self, entries: Sequence[str] | None = None) -> View:
        """See `Store.read`."""
        with self._lock:
            known = self._kept.progress
            names = known if entries is None else [name for name in entries if name in known]
            found = {name: known[name] for name in names}
            return View(self._clock(), found, dict(self._kept.claimed))

    def seed(self, writer: Writer, seeds: Sequence[Seed], gone: Sequence[str] = ()) -> View:
        """See `Store.seed`."""
        with self._lock:
            now, kept = self._clock(), self._kept
            if refused := rules.refusal(writer, kept.identity, kept.revision):
                return View(now, {}, {}, refused)
            for seed in seeds:
                old = kept.progress.get(seed.entry)
                kept.progress[seed.entry] = rules.seeded(seed, old, now)
            for name in gone:
                if name in kept.progress:
                    self._mark_absent(name, now)
            return View(now, {seed.entry: kept.progress[seed.entry] for seed in seeds}, {})

    def _mark_absent(self, name: str, now: int) -> None:
        left = rules.without(self._kept.progress[name], now)
        if left is not None:
            self._kept.progress[name] = left
            return
        del self._kept.progress[name]
        self._kept.reserved.pop(name, None)

    def reserve(self, writer: Writer, claims: Sequence[Claim]) -> Decision:
        """See `Store.reserve`."""
        return self._decide(writer, claims, self._reserve)

    def claim(self, writer: Writer, claims: Sequence[Claim]) -> Decision:
        """See `Store.claim`."""
        return self._decide(writer, claims, self._act)

    def _decide(
        self,
        writer: Writer,
        claims: Sequence[Claim],
        act: Callable[[Writer, Claim, int], Answer],
    ) -> Decision:
        with self._lock:
            now, kept = self._clock(), self._kept
            if refused := rules.refusal(writer, kept.identity, kept.revision):
                return Decision(now, (Answer(refused),) * len(claims))
            return Decision(now, tuple(self._one(writer, claim, now, act) for claim in claims))

    def _one(
        self,
        writer: Writer,
        claim: Claim,
        now: int,
        act: Callable[[Writer, Claim, int], Answer],
    ) -> Answer:
        kept = self._kept
        answer = rules.judge(claim, kept.progress.get(claim.entry), kept.paused, now)
        if answer.outcome == "withheld":
            return self._decided(writer, claim, now, answer)
        return act(writer, claim, now) if answer.outcome == "sent" else answer

    def _reserve(self, writer: Writer, claim: Claim, now: int) -> Answer:
        held = self._kept.reserved.get(claim.entry)
        mine = rules.reserve(claim, held, writer.beat, now)
        if mine is None:
            assert held is not None
            return _taken(claim, held)
        self._kept.reserved[claim.entry] = mine
        return Answer("reserved", claim.after, attempt=mine.attempt)

    def _act(self, writer: Writer, claim: Claim, now: int) -> Answer:
        held = self._kept.reserved.get(claim.entry)
        if not rules.stands(claim, held, writer.beat):
            return _taken(claim, held)
        if claim.act == "miss":
            return self._decided(writer, claim, now, Answer("missed"))
        if claim.act == "pend":
            key = (claim.entry, claim.slot)
            self._kept.pendings[key] = Pending(*key, claim.kind, writer.beat, 1, now)
            return self._decided(writer, claim, now, Answer("pending"))
        return self._push(writer, claim, now)

    def _push(self, writer: Writer, claim: Claim, now: int) -> Answer:
        message, *others = claim.commands
        if error := self._refused(message):
            progress = self._kept.progress[claim.entry]
            return Answer("failed", progress.slot, progress.by, detail=error)
        errors = [error for other in others if (error := self._refused(other))]
        return self._decided(writer, claim, now, Answer("sent", detail="; ".join(errors)))

    def _refused(self, command: Command) -> str:
        try:
            self._run(command)
        except Exception as error:  # noqa: BLE001 - whatever a broker raises, it refused
            return str(error)
        return ""

    def _decided(self, writer: Writer, claim: Claim, now: int, answer: Answer) -> Answer:
        kept = self._kept
        fingerprint = kept.progress[claim.entry].fingerprint
        kept.progress[claim.entry] = Progress(claim.slot, fingerprint, writer.beat)
        kept.claimed[writer.beat] = now
        kept.reserved.pop(claim.entry, None)
        for missed in rules.passed_over(claim, answer):
            kept.history.appendleft(Record(now, claim.entry, missed, writer.beat))
        return replace(answer, progress=claim.slot, by=writer.beat)

    def settle(self, pendings: Sequence[Pending]) -> tuple[bool, ...]:
        """See `Store.settle`."""
        with self._lock:
            stood = tuple(self._stands(pending) for pending in pendings)
            for pending, standing in zip(pendings, stood, strict=True):
                if standing:
                    del self._kept.pendings[pending.entry, pending.slot]
            return stood

    def _stands(self, pending: Pending) -> bool:
        found = self._kept.pendings.get((pending.entry, pending.slot))
        return found is not None and _hand(found) == _hand(pending)

    def hand_over(self, pendings: Sequence[Pending], to: str) -> tuple[Pending | None, ...]:
        """See `Store.hand_over`."""
        with self._lock:
            return tuple(self._hand_one(pending, to, self._clock()) for pending in pendings)

    def _hand_one(self, pending: Pending, to: str, now: int) -> Pending | None:
        key = (pending.entry, pending.slot)
        found = self._kept.pendings.get(key)
        if found is not None and _hand(found) == (to, pending.attempt + 1):
            return found  # the reply to the same call was lost
        if found is None or _hand(found) != _hand(pending):
            return None
        taken = replace(found, by=to, attempt=found.attempt + 1, since=now)
        self._kept.pendings[key] = taken
        return taken

    def pause(self, scope: str, reason: str | None) -> None:
        """See `Store.pause`."""
        with self._lock:
            if reason is None:
                self._kept.paused.pop(scope, None)
            else:
                self._kept.paused[scope] = reason

    def history(self, limit: int = 100) -> tuple[Record, ...]:
        """See `Store.history`."""
        with self._lock:
            return tuple(self._kept.history)[:limit]

    def close(self) -> None:
        """See `Store.close`."""


_SHARED: dict[str, MemoryStore] = {}
_SHARING = Lock()


def shared(prefix: str) -> MemoryStore:
    """Return this process's one store for a prefix, as all its threads share it."""
    with _SHARING:
        return _SHARED.setdefault(prefix, MemoryStore())


def _by_start(peer: Peer) -> tuple[int, str]:
    return peer.started, peer.beat.id


def _hand(pending: Pending) -> tuple[str, int]:
    return pending.by, pending.attempt


def _taken(claim: Claim, held: rules.Reservation | None) -> Answer:
    if held is None:
        return Answer("taken", claim.after)
    until = held.since + rules.RESERVED_MS
    return Answer("taken", claim.after, held.by, held.attempt, until)
