"""Claim, publish, settle: for a broker that is not the store.

**What is authoritative**: progress in the store, as always. A claim sets progress and leaves
a *pending* (slot, beat, attempt) beside it, until a beat reports the message as published.

**What a beat may decide alone**: to publish a message whose pending is its own. The task id
is a function of the slot, so whatever is published twice has one id, and the guard runs it
once.

**In each failure**

- *The broker is away*: that is found out before anything is claimed. Slots stay owed.
- *It goes away between claim and publish, or does not confirm*: the pending stays ours, and
  is published again when the broker is back.
- *We die there, or are stopped*: another beat that has watched our pending for `WATCH_MS` of
  unbroken contact with the store takes it over, by compare-and-set on its attempt, and
  publishes it with the same id; who watches that one waits twice as long, and so on. Over
  AMQP the broker has closed our connection by then, so we cannot publish when we go on.
- *The broker is slow*: what a pass has no time for is published by the next ones, and nothing
  newer is claimed before. A standby that watches it for too long takes its share over.
- *The broker is blocked*: nothing is published or taken over. We renew our pendings, so that
  nobody else takes them for abandoned.
- *The store loses its data*: what was claimed and is not published is still ours to publish.
- *A message cannot be built*: its pending stays, and no newer slot of that entry is claimed
  until it could be, whoever holds it by then; so such an entry has one pending a beat at
  most, not one a slot.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from beatkit.entry import Entry
from beatkit.errors import StoreError
from beatkit.sending.build import NotBuilt
from beatkit.sending.message import Outgoing
from beatkit.sending.publish import Publisher
from beatkit.store import Answer, Claim, Decision, Pending, Situation, Store, Writer

logger = logging.getLogger("beatkit.sending")

WATCH_MS = 12_000
"""A pending that stood still for so long is taken for abandoned."""

RENEW_MS = 5_000
"""While the broker is blocked, our pendings are renewed this often."""

GAP_MS = 3_000
"""Who did not look for so long cannot say that a pending stood still."""

PUBLISHING_S = 1.0
"""After so long no message is begun before the beat has announced itself, and told the store
what is out: a broker may take a second to confirm each, and a batch is a hundred."""

SUSPECT = 10
"""An entry whose publishing ended so many times in a row in an outage is named in the log."""

_SUSPECT = (
    "beat: a message of %r could not be published %d times in a row, though the broker could "
    "be reached before: the message itself may be what it refuses. Others go first."
)

_Key = tuple[str, int]


class ClaimedWay:
    """Sends batches of claims through a broker that is not the store.

    Args:
        store: The store.
        publisher: Publishes messages.
        lay_out: Makes a slot's message ready for the publisher, of an entry, its slot, the
            kind, and `after`.
        steady: Seconds of a clock that never steps.
    """

    name = "claimed"
    batch = 100
    """So many messages, at most, are published again after a beat that was killed among them."""

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        lay_out: Callable[..., Outgoing],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._lay_out = lay_out
        self._steady = steady
        self._find: Callable[[str], Entry | None] = lambda _: None
        self._mine: dict[_Key, Pending] = {}  # ours to publish
        self._done: dict[_Key, Pending] = {}  # published, not settled yet
        self._begun: tuple[_Key, str] | None = None  # on its way to the broker; its task id
        self._stuck: dict[str, str] = {}  # entry -> why its pending cannot be built
        self._cut: Counter[str] = Counter()  # entry -> publishes that ended in an outage
        self._watched: dict[Pending, int] = {}  # others' -> since when
        self._elsewhere: set[str] = set()  # the entries of those
        self._looked = 0
        self._identity = ""  # of the store, at the latest look
        self._forgotten: set[_Key] = set()  # ours, of before the store lost its data

    def send(self, writer: Writer, batch: Sequence[tuple[Entry, Claim]]) -> Decision:
        """Decide each claim, then publish what was won. See `Way.send`."""
        self._publisher.ready()
        entries = {entry.name: entry for entry, _ in batch}
        self._unstick(entries)
        if not self._publish(lambda name: entries.get(name) or self._find(name)):
            # The broker is slower than we claim: nothing newer before that is out.
            return Decision(self._looked, tuple(Answer("taken", one.after) for _, one in batch))
        self._publisher.ready()  # it may have gone away over that
        claims = [_pend(claim) for entry, claim in batch if entry.name not in self._stuck]
        decision = self._store.claim(writer, claims)
        for claim, answer in zip(claims, decision.answers, strict=True):
            if answer.outcome == "pending":
                self._mine[claim.entry, claim.slot] = Pending(
                    claim.entry, claim.slot, claim.kind, writer.beat, 1, decision.now, claim.after
                )
        given = dict(zip(((one.entry, one.slot) for one in claims), decision.answers, strict=True))
        self._publish(entries.get)
        return Decision(decision.now, tuple(self._answer(claim, given) for _, claim in batch))

    def _answer(self, claim: Claim, given: dict[_Key, Answer]) -> Answer:
        """Return the store's answer, unless the message could not be built."""
        why = self._stuck.get(claim.entry)
        if why is not None:
            return Answer("failed", claim.after, detail=why)
        return given[claim.entry, claim.slot]

    def _unstick(self, entries: dict[str, Entry]) -> None:
        """Try again what could not be built, when the entry's turn comes.

        While another beat is at it, we wait, and claim nothing newer: else each take-over
        of it would let us leave another one.
        """
        waits = self._elsewhere - {entry for entry, _ in self._mine}
        for name in entries:
            if name not in waits:
                self._stuck.pop(name, None)

    def _publish(self, find: Callable[[str], Entry | None]) -> bool:
        """Publish what is ours, oldest slot first, and settle it; an outage ends it early.

        What was being published when an outage came goes last: if the broker cuts the
        connection because of that very message, the others have gone out before.

        Returns:
            False: there is more, for another time; all of it would take too long.
        """
        until = self._steady() + PUBLISHING_S
        in_time = True
        order = sorted(self._mine.items(), key=lambda item: (self._cut[item[0][0]], item[0][1]))
        try:
            for key, pending in order:
                entry = find(pending.entry)
                if entry is None or pending.entry in self._stuck:
                    continue
                in_time = self._steady() <= until
                if not in_time:
                    break
                self._publish_one(key, pending, entry)
        except StoreError as error:
            logger.debug("publishing stopped: %s", error)  # `ready` says so to the beat
        self._settle()
        return in_time

    def _publish_one(self, key: _Key, pending: Pending, entry: Entry) -> None:
        self._publisher.ready()
        try:
            out = self._lay_out(entry, pending.slot, pending.kind, after=pending.after)
            out.options["task_id"] = pending.id or out.options["task_id"]
            self._begun = key, out.options["task_id"]
            self._publisher.publish(out, begun_before=pending.attempt > 1)
        except NotBuilt as error:
            self._begun = None
            self._stuck[entry.name] = str(error)
            return
        except StoreError:
            self._begun = None
            self._cut[entry.name] += 1
            if self._cut[entry.name] == SUSPECT:
                logger.warning(_SUSPECT, entry.name, SUSPECT)
            raise
        self._cut.pop(entry.name, None)
        self._done[key], self._begun = self._mine.pop(key), None

    def _settle(self) -> None:
        if not self._done:
            return
        try:
            self._store.settle(list(self._done.values()))
        except StoreError as error:
            logger.debug("settling put off: %s", error)  # the beat's next call says so
        else:
            self._done.clear()

    def attend(
        self, writer: Writer, situation: Situation, find: Callable[[str], Entry | None]
    ) -> None:
        """Publish again what got stuck, and take over what others left. See `Way.attend`."""
        self._find = find
        ours = {(one.entry, one.slot): one for one in situation.pendings if one.by == writer.beat}
        if situation.waiting:
            self._store.release(situation.waiting)  # each a pending, by the next time
        # The store knows best: also one whose claim's reply was lost is among them. But of
        # what was claimed before it lost its data, it knows nothing.
        if writer.identity != self._identity:
            self._identity, self._forgotten = writer.identity, set(self._mine)
        self._forgotten &= self._mine.keys()
        kept = {key: self._mine[key] for key in self._forgotten}
        self._mine = kept | {key: one for key, one in ours.items() if key not in self._done}
        self._settle()
        others = [one for one in situation.pendings if one.by != writer.beat]
        self._elsewhere = {one.entry for one in others}
        now = situation.now
        left = self._abandoned(others, now)
        if not (self._mine or left):
            return
        try:
            self._publisher.ready()
        except StoreError:
            if self._publisher.blocked:
                stale = [one for one in self._mine.values() if one.since <= now - RENEW_MS]
                self._take(stale, writer)
            raise
        self._take(left, writer)
        self._drop_unknown(find)
        self._publish(find)

    def _abandoned(self, others: Iterable[Pending], now: int) -> list[Pending]:
        if not 0 <= now - self._looked <= GAP_MS:  # or the store's clock has stepped back
            self._watched = {}
        self._looked = now
        self._watched = {one: self._watched.get(one, now) for one in others}
        return [one for one, since in self._watched.items() if now - since >= _patience(one)]

    def _take(self, pendings: Sequence[Pending], writer: Writer) -> None:
        if not pendings:
            return
        for got in self._store.hand_over(pendings, writer.beat):
            if got is not None:
                self._mine[got.entry, got.slot] = got
                self._stuck.pop(got.entry, None)  # to take over is to try

    def _drop_unknown(self, find: Callable[[str], Entry | None]) -> None:
        gone = {key: one for key, one in self._mine.items() if find(one.entry) is None}
        if gone:
            names = ", ".join(sorted({one.entry for one in gone.values()}))
            logger.warning("slots of entries that left the schedule are not sent: %s", names)
            self._store.drop(list(gone.values()), "gone")
            self._mine = {key: one for key, one in self._mine.items() if key not in gone}

    def leave(self, store: Store) -> None:
        """Report what was published amid a batch, before it is given back. See `Way.leave`."""
        if self._begun is not None:
            key, task_id = self._begun
            if key in self._mine and self._publisher.torn_is_out(task_id):
                self._done[key] = self._mine.pop(key)
        if self._done:
            store.settle(list(self._done.values()))
            self._done.clear()

    def close(self) -> None:
        """Disconnect. What is not published is given back by the beat that leaves."""
        self._settle()
        self._mine = {}
        self._publisher.close()


def _pend(claim: Claim) -> Claim:
    return replace(claim, act="pend") if claim.act == "push" else claim


def _patience(pending: Pending) -> int:
    """How long a pending must stand still: not at all if it was given back."""
    return 0 if not pending.by else WATCH_MS * 2 ** min(pending.attempt - 1, 3)
