"""A store made of tables and the rules in `beatkit.store.rules`: everything but where rows are.

What differs between a store in memory and one in a file is `Tables`: how a transaction
begins and ends, and what keeps the rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import uuid4

from beatkit.store import rules, steps
from beatkit.store.actions import Action, Pauses, in_force
from beatkit.store.tabled_backfills import TabledBackfills
from beatkit.store.tabled_history import TabledHistory
from beatkit.store.tabled_owned import TabledOwned
from beatkit.store.tabled_runs import TabledRuns
from beatkit.store.tables import Kept, Tables
from beatkit.store.values import (
    Answer,
    Beat,
    Claim,
    Command,
    Decision,
    Pending,
    Promotion,
    Seed,
    Situation,
    View,
    Writer,
)


def wall_clock() -> int:
    """Return this host's time, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def no_broker(command: Command) -> None:
    """Refuse to run a command: this store is no broker."""
    raise RuntimeError(
        f"this store has no broker to run {command[0]!r} on: "
        "publish the message yourself (act='pend')"
    )


class TabledStore:
    """The `Store` contract over tables. Safe to share between threads.

    Args:
        tables: Where rows are kept.
        clock: The store's time, milliseconds since 1970.
        run: The broker: runs one command, raises if it refuses it.
    """

    def __init__(
        self,
        tables: Tables,
        *,
        clock: Callable[[], int] = wall_clock,
        run: Callable[[Command], object] = no_broker,
    ) -> None:
        self._tables = tables
        self._clock = clock
        self._run = run

    def wipe(self) -> None:
        """Lose all data, as a Redis without persistence does when it restarts."""
        self._tables.wipe()

    def announce(self, beat: Beat, *, expires: int, promote: Promotion | None = None) -> Situation:
        """See `Store.announce`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            kept.identity = kept.identity or uuid4().hex
            steps.hear(kept, beat, now, expires)
            steps.drop_old_pauses(kept, now)
            if promote is not None and kept.revision == promote.instead_of:
                kept.revision = promote.revision
            return steps.situation(kept, now)

    def read(self, entries: Sequence[str] | None = None) -> View:
        """See `Store.read`."""
        with self._tables.transaction() as kept:
            names = list(kept.progress) if entries is None else entries
            rows = ((name, kept.progress.get(name)) for name in names)
            found = {name: row for name, row in rows if row is not None}
            return View(self._clock(), found, dict(kept.claimed))

    def seed(self, writer: Writer, seeds: Sequence[Seed], gone: Sequence[str] = ()) -> View:
        """See `Store.seed`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            if refused := rules.refusal(writer, kept.identity, kept.revision):
                return View(now, {}, {}, refused)
            for seed in seeds:
                if steps.is_current(kept, seed):
                    old = kept.progress.get(seed.entry)
                    kept.progress[seed.entry] = rules.seeded(seed, old, now)
            for name in gone:
                steps.mark_absent(kept, name, now)
            rows = {seed.entry: kept.progress.get(seed.entry) for seed in seeds}
            return View(now, {name: row for name, row in rows.items() if row is not None}, {})

    def reserve(self, writer: Writer, claims: Sequence[Claim]) -> Decision:
        """See `Store.reserve`."""
        return self._decide(writer, claims, steps.reserve)

    def claim(self, writer: Writer, claims: Sequence[Claim]) -> Decision:
        """See `Store.claim`."""
        return self._decide(writer, claims, self._act)

    def _decide(self, writer: Writer, claims: Sequence[Claim], act: steps.Act) -> Decision:
        with self._tables.transaction() as kept:
            now = self._clock()
            if refused := rules.refusal(writer, kept.identity, kept.revision):
                return Decision(now, (Answer(refused),) * len(claims))
            paused = dict(kept.paused)
            return Decision(
                now, tuple(steps.answer(kept, writer, claim, paused, now, act) for claim in claims)
            )

    def _act(self, kept: Kept, writer: Writer, claim: Claim, now: int) -> Answer:
        held = kept.reserved.get(claim.entry) if claim.attempt else None
        if not rules.stands(claim, held, writer.beat):
            return steps.taken(claim, held)
        if claim.act == "miss":
            return steps.decided(kept, writer, claim, now, Answer("missed"))
        if claim.act == "pend":
            key = (claim.entry, claim.slot)
            kept.pendings[key] = Pending(*key, claim.kind, writer.beat, 1, now, claim.after)
            return steps.decided(kept, writer, claim, now, Answer("pending"))
        return self._push(kept, writer, claim, now)

    def _push(self, kept: Kept, writer: Writer, claim: Claim, now: int) -> Answer:
        message, *others = claim.commands
        if error := self._refused(message):
            progress = kept.progress[claim.entry]
            return Answer("failed", progress.slot, progress.by, detail=error)
        errors = [error for other in others if (error := self._refused(other))]
        return steps.decided(kept, writer, claim, now, Answer("sent", detail="; ".join(errors)))

    def _refused(self, command: Command) -> str:
        try:
            self._run(command)
        except Exception as error:  # noqa: BLE001 - whatever a broker raises, it refused
            return str(error)
        return ""

    def settle(self, pendings: Sequence[Pending]) -> tuple[bool, ...]:
        """See `Store.settle`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            return tuple(steps.settle(kept, one, "sent", "", now) for one in pendings)

    def drop(self, pendings: Sequence[Pending], reason: str) -> None:
        """See `Store.drop`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            for pending in pendings:
                steps.settle(kept, pending, "missed", reason, now)

    def hand_over(self, pendings: Sequence[Pending], to: str) -> tuple[Pending | None, ...]:
        """See `Store.hand_over`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            return tuple(steps.hand_over(kept, pending, to, now) for pending in pendings)

    def release(self, entries: Sequence[str]) -> tuple[str, ...]:
        """See `Store.release`."""
        return self.runs().release(entries)

    def act(self, action: Action) -> Pauses:
        """See `Store.act`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            steps.act(kept, replace(action, at=now))
            return Pauses(now, in_force(kept.paused, now))

    def pauses(self) -> Pauses:
        """See `Store.pauses`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            return Pauses(now, in_force(kept.paused, now))

    def actions(self, limit: int = 100) -> tuple[Action, ...]:
        """See `Store.actions`."""
        with self._tables.transaction() as kept:
            newest = sorted(kept.actions, reverse=True)[:limit]
            return tuple(kept.actions[number] for number in newest)

    def history(self) -> TabledHistory:
        """See `KeepsHistory.history`."""
        return TabledHistory(self._tables, self._clock)

    def runs(self) -> TabledRuns:
        """See `KeepsRuns.runs`."""
        return TabledRuns(self._tables, self._clock, self._refused)

    def backfills(self) -> TabledBackfills:
        """See `KeepsBackfills.backfills`."""
        return TabledBackfills(self._tables, self._clock, self._refused)

    def owned(self) -> TabledOwned:
        """See `KeepsOwnedEntries.owned`."""
        return TabledOwned(self._tables, self._clock)

    def close(self) -> None:
        """See `Store.close`."""
        self._tables.close()
