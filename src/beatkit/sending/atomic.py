"""Claim and push in one step: broker and store are one Redis or Valkey database.

**What is authoritative**: the store's script. It sets progress and runs the message's
commands, both or neither, for each slot of the batch by itself.

**What this file decides**: the order of things. An entry whose message is built by Celery's
code alone is built at once and claimed; whoever loses the race has wasted 100 µs. An entry
whose building runs somebody's code (`effects`) is reserved first, so that a loser runs none
of it; the push names the attempt and holds only while the reservation does.

**In a failure**: a slot that cannot be built answers "failed" and is still owed, alone. A
lost reply or a slot that came too early keeps the built message: the same slot is claimed
again with the same bytes, and lazy arguments are called once a slot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace

from beatkit.entry import Entry, Kind
from beatkit.sending.build import Builder, NotBuilt
from beatkit.store import RESERVED_MS, Answer, Claim, Command, Decision, Situation, Store, Writer

_Key = tuple[str, int]

BUILDING_MS = RESERVED_MS // 2
"""After so long no message is begun under a reservation: another beat is about to take over,
and would run the same code again."""

SENDING_MS = 1_000
"""After so long no further slots of reserved entries are begun: the beat must announce itself,
and other entries want their turn."""

KEPT = 10_000
"""Messages kept for another try, at most."""


class AtomicWay:
    """Sends batches of claims through a store that is also the broker.

    Args:
        store: The store.
        builder: Builds messages.
        effects: Asked for each batch, gives what says which code of somebody's own runs when
            an entry's message is built.
    """

    name = "atomic"
    batch = 250
    """The script takes some 2 ms for so many, in which the server hears nobody else; with 100,
    what each round trip costs is a tenth of a burst."""

    def __init__(
        self, store: Store, builder: Builder, effects: Callable[[], Callable[[Entry], str]]
    ) -> None:
        self._store = store
        self._builder = builder
        self._effects = effects
        self._kept: dict[_Key, tuple[Entry, Kind, tuple[Command, ...]]] = {}
        self._identity = ""  # of the store, at the latest batch

    def send(self, writer: Writer, batch: Sequence[tuple[Entry, Claim]]) -> Decision:
        """Decide each claim, in the batch's order.

        Two round trips a batch at most, and two more for each further slot of an entry that
        is reserved: a slot can be set aside only once the one before it is decided.

        Raises:
            StoreError: The store did not answer or refused. Send the same batch again.
        """
        if writer.identity != self._identity:
            self._identity = writer.identity
            self._builder.close()  # the queues' bindings went with the data: declare them anew
        answers: dict[int, Answer] = {}
        effects = self._effects()
        careful = {
            at for at, (entry, claim) in enumerate(batch) if claim.act == "push" and effects(entry)
        }
        now = begun = self._builder.now()
        for turn in _turns(batch, careful):
            if self._builder.now() - begun > SENDING_MS:
                answers |= {at: Answer("taken", batch[at][1].after) for at in turn}  # by us, soon
                continue
            aside = [at for at in turn if at in careful]
            now = self._send_turn(writer, {at: batch[at] for at in turn}, aside, answers)
        in_order = tuple(answers[at] for at in range(len(batch)))
        self._let_go(batch, in_order)
        return Decision(now, in_order)

    def _send_turn(
        self,
        writer: Writer,
        turn: Mapping[int, tuple[Entry, Claim]],
        careful: Sequence[int],
        answers: dict[int, Answer],
    ) -> int:
        claims = {at: claim for at, (_, claim) in turn.items()}
        now = asked = self._builder.now()
        if careful:
            now = self._reserve(writer, careful, claims, answers)
        for at, (entry, claim) in turn.items():
            if at in answers or claim.act != "push":
                continue
            # Since before the reservation was asked for, by the same clock: the carried time
            # may be behind the store's by as long as an answer was on its way.
            if claims[at].attempt and self._builder.now() - asked > BUILDING_MS:
                answers[at] = Answer("taken", claim.after)  # by ourselves, or soon by another
            else:
                self._fill(entry, at, claims, answers)
        open_ = [at for at in claims if at not in answers]
        if open_:
            decision = self._store.claim(writer, [claims[at] for at in open_])
            answers |= zip(open_, decision.answers, strict=True)
            now = decision.now
        return now

    def _reserve(
        self,
        writer: Writer,
        careful: Sequence[int],
        claims: dict[int, Claim],
        answers: dict[int, Answer],
    ) -> int:
        decision = self._store.reserve(writer, [claims[at] for at in careful])
        for at, answer in zip(careful, decision.answers, strict=True):
            if answer.outcome == "reserved":
                claims[at] = replace(claims[at], attempt=answer.attempt)
            else:
                answers[at] = answer
        return decision.now

    def _fill(
        self, entry: Entry, at: int, claims: dict[int, Claim], answers: dict[int, Answer]
    ) -> None:
        claim = claims[at]
        try:
            kind, commands = self._message(entry, claim)
        except NotBuilt as error:
            answers[at] = Answer("failed", claim.after, detail=str(error))
            return
        if kind != claim.kind:
            claim = replace(claim, kind=kind)
        # Where the task sent nothing, on purpose, the slot is decided all the same.
        claims[at] = claim.carrying(commands) if commands else replace(claim, act="miss")

    def _message(self, entry: Entry, claim: Claim) -> tuple[Kind, tuple[Command, ...]]:
        key = claim.entry, claim.slot
        watched = claim.attempt > 0  # it was reserved, for somebody's code runs
        of, kind, kept = self._kept.get(key, (None, claim.kind, ()))
        # A beat that spent seconds in somebody's code was away meanwhile, and the slot is of
        # another kind then. To run that code again for this would be to be away for ever.
        same = of is entry and (watched or kind == claim.kind)
        if not same:  # none is kept, or the entry was changed since
            kind = claim.kind
            kept = self._builder.build(
                entry,
                claim.slot,
                kind,
                after=claim.after,
                watched=watched,
                begun_before=claim.attempt > 1,
            )
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = entry, kind, kept
        return kind, kept

    def _let_go(self, batch: Sequence[tuple[Entry, Claim]], answers: Sequence[Answer]) -> None:
        for (_, claim), answer in zip(batch, answers, strict=True):
            if answer.outcome not in ("early", "taken", "failed"):
                self._kept.pop((claim.entry, claim.slot), None)

    def attend(
        self, writer: Writer, situation: Situation, find: Callable[[str], Entry | None]
    ) -> None:
        """Send what was kept for a run whose worker died. See `Way.attend`."""
        if situation.waiting:
            self._store.release(situation.waiting)

    def leave(self, store: Store) -> None:
        """Nothing is out that was not reported. See `Way.leave`."""

    def close(self) -> None:
        """Let go of the broker's connection; the store is the caller's."""
        self._builder.close()


def _turns(batch: Sequence[tuple[Entry, Claim]], careful: Set[int]) -> list[Sequence[int]]:
    """Return which claims to make at a time: of the careful ones, one an entry."""
    if not careful:
        return [range(len(batch))]
    turns: dict[int, list[int]] = defaultdict(list)
    earlier: dict[str, int] = defaultdict(int)
    for at, (entry, _) in enumerate(batch):
        turns[earlier[entry.name] if at in careful else 0].append(at)
        earlier[entry.name] += 1
    return [turns[turn] for turn in sorted(turns)]
