"""The store in Redis or Valkey: one script, and so one atomic step, for each write.

Keys live under one prefix, each a hash unless said otherwise:

    identity   string   random, made with the store's first announcement
    revision   string   the schedule in force
    beats               beat -> when it started, when that expires, when heard, what it says
    progress            entry -> slot, who decided it, fingerprint, absent since
    claimed             beat -> when it last decided a slot
    reserved            entry -> slot, beat, attempt, since
    pending             slot and entry -> beat, attempt, since, kind, after, task id
    paused              scope -> until when, since when, who, why
    actions    stream   what people did
    history    list     what happened to slots, an event each: see `events`
    sent                entry -> the event of the message that was sent last
    ran                 entry -> the event of the run that started last
    heard      string   when a beat last said that it lives
    silences   list     spans in which none did
    marks:ENTRY         what workers have started: see `redis_runs`
    waiting             entry that keeps a run -> until when another is believed to live
    runtime, entries, changes, removals: what operators have added: see `redis_owned`
    backfills           range -> how far it is sent

The scripts in `lua/` are the only writers. They are sent by their digest, and whole where
the server has forgotten them, so neither a restart nor SCRIPT FLUSH needs a repair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from beatkit.store import replies, rules
from beatkit.store.actions import ENDED_MS, Action, Pauses, action_from_fields, action_to_words
from beatkit.store.batches import CLAIMS_AT_ONCE, READS_AT_ONCE, batches, in_parts
from beatkit.store.events import EVENTS_A_RUN
from beatkit.store.history import SILENCES
from beatkit.store.link import Address, connect, errors_named, parse
from beatkit.store.redis_backfills import BACKFILL_SCRIPTS, RedisBackfills
from beatkit.store.redis_history import RedisHistory
from beatkit.store.redis_owned import OWNED_SCRIPTS, RedisOwned
from beatkit.store.redis_runs import RUN_SCRIPTS, RedisRuns, marks_of
from beatkit.store.script import Script
from beatkit.store.values import (
    Answer,
    Beat,
    Claim,
    Decision,
    Pending,
    Promotion,
    Seed,
    Situation,
    View,
    Writer,
)

_READ_ONLY = ("READONLY", "MISCONF", "MASTERDOWN", "NOREPLICAS")

_SCRIPTS = (
    *("announce", "seed", "claim", "hand", "act"),
    *RUN_SCRIPTS, *OWNED_SCRIPTS, *BACKFILL_SCRIPTS,
)  # fmt: skip
_ACT_KEYS = ("paused", "actions", "progress", "reserved", "waiting", "sent", "ran")
_CLAIM_KEYS = (
    "identity", "revision", "progress", "claimed", "paused", "reserved", "pending", "history",
    "sent",
)  # fmt: skip


class RedisStore:
    """The `Store` contract in a Redis or Valkey server.

    Args:
        url: See `beatkit.store.link.parse`.
        prefix: Of all its keys, with the colon at its end.
        timeout: Seconds for connecting and for each reply; nothing waits longer.
        ssl: As `broker_use_ssl`.
        options: As `broker_transport_options`.
        source: The setting that named the URL, for error messages.
        history: How many runs are kept; 0: none.
        replica_wait: Milliseconds to wait, after each batch of claims, for one replica to
            have it, where the server has any; 0: no wait.
        offset: Milliseconds added to the server's clock, so that tests can move it.

    Raises:
        ValueError: The URL cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        timeout: float = 2.0,
        ssl: Mapping[str, Any] | bool | None = None,
        options: Mapping[str, Any] | None = None,
        source: str = "beatkit_store_url",
        history: int = rules.HISTORY,
        replica_wait: int = 100,
        offset: int = 0,
    ) -> None:
        self.address: Address = parse(url)
        self.prefix = prefix
        self.offset = offset
        self._timeout = timeout
        self._source = source
        self._events = history * EVENTS_A_RUN
        self._replica_wait = replica_wait
        self._replicas = 0  # as of the latest announcement
        self._client = connect(self.address, timeout=timeout, ssl=ssl, options=options)
        names = (
            "announce",
            "seed",
            "claim",
            "hand",
            "act",
            *RUN_SCRIPTS,
            *OWNED_SCRIPTS,
            *BACKFILL_SCRIPTS,
        )
        self._scripts = {name: Script(name) for name in names}

    def announce(self, beat: Beat, *, expires: int, promote: Promotion | None = None) -> Situation:
        """See `Store.announce`."""
        promoted = ("", "") if promote is None else (promote.revision, promote.instead_of)
        keys = (
            *("identity", "revision", "beats", "claimed", "paused", "pending"),
            *("waiting", "heard", "silences", "runtime"),
        )
        says = replies.beat_to_json(beat)
        args = [uuid4().hex, beat.id, says, expires, *promoted, SILENCES, ENDED_MS]
        replicas, *reply = self._run("announce", keys, args)
        self._replicas = int(replicas)
        return replies.situation(reply)

    def read(self, entries: Sequence[str] | None = None) -> View:
        """See `Store.read`."""
        pipe: Any = self._client.pipeline(transaction=False)
        pipe.time().hgetall(self._key("claimed"))
        key = self._key("progress")
        for part in in_parts(entries or (), READS_AT_ONCE):
            pipe.hmget(key, part)
        with errors_named(self.address, self._timeout, self._source):
            now, claimed, *parts = pipe.execute()
            if entries is None:
                # In portions, so that neither side holds all of it at once in another form.
                every = self._client.hscan_iter(key, count=READS_AT_ONCE)
                return replies.view(now, claimed, every, self.offset)
        rows = zip(entries, (row for part in parts for row in part), strict=True)
        known = ((name, row) for name, row in rows if row is not None)
        return replies.view(now, claimed, known, self.offset)

    def seed(self, writer: Writer, seeds: Sequence[Seed], gone: Sequence[str] = ()) -> View:
        """See `Store.seed`."""
        known: dict[str, bytes] = {}
        now, refused = 0, ""
        for part, left in batches(seeds, gone):
            words = replies.seeds_to_words(part)
            head = [writer.identity, writer.revision, rules.FORGET_MS, len(part)]
            keys = ("identity", "revision", "progress", "reserved", "sent", "ran", "entries")
            stamp, why, *rows = self._run("seed", keys, [*head, *words, *left])
            now, refused = int(stamp), why.decode()
            if refused:
                break
            known |= zip((seed.entry for seed in part), rows[0], strict=True)
        return replies.seeded(now, refused, {} if refused else known)

    def reserve(self, writer: Writer, claims: Sequence[Claim]) -> Decision:
        """See `Store.reserve`."""
        return self._decide("reserve", writer, claims)

    def claim(self, writer: Writer, claims: Sequence[Claim]) -> Decision:
        """See `Store.claim`."""
        decision = self._decide("claim", writer, claims)
        self._wait_for_replica()
        return decision

    def _wait_for_replica(self) -> None:
        """Let what was claimed reach a replica before anybody acts on it, if that is quick.

        It makes a claim lost by a fail-over rare. It cannot make it impossible: the reply of
        a wait that ran out says so, and the slots are sent all the same.
        """
        if self._replicas and self._replica_wait:
            with errors_named(self.address, self._timeout, self._source):
                self._client.wait(1, self._replica_wait)

    def _decide(self, mode: str, writer: Writer, claims: Sequence[Claim]) -> Decision:
        head = [writer.identity, writer.revision, writer.beat, mode, rules.RESERVED_MS]
        decisions = []
        for part in in_parts(claims, CLAIMS_AT_ONCE):
            words = [*head, self._events, *replies.claims_to_words(part)]
            reply = self._run("claim", _CLAIM_KEYS, words)
            decisions.append(replies.decision(reply, writer.beat, part))
        answers = tuple(answer for decision in decisions for answer in decision.answers)
        self._raise_if_read_only(answers)
        return Decision(decisions[-1].now if decisions else self.read([]).now, answers)

    def _raise_if_read_only(self, answers: Sequence[Answer]) -> None:
        """A server that takes no writes at all is away; that is no slot's own failure."""
        for answer in answers:
            if answer.outcome == "failed" and answer.detail.startswith(_READ_ONLY):
                with errors_named(self.address, self._timeout, self._source):
                    raise ConnectionError(answer.detail)

    def settle(self, pendings: Sequence[Pending]) -> tuple[bool, ...]:
        """See `Store.settle`."""
        return tuple(bool(row) for row in self._hand("settle", "-", pendings))

    def drop(self, pendings: Sequence[Pending], reason: str) -> None:
        """See `Store.drop`."""
        self._hand("drop", reason, pendings)

    def hand_over(self, pendings: Sequence[Pending], to: str) -> tuple[Pending | None, ...]:
        """See `Store.hand_over`."""
        rows = self._hand("hand_over", to or "-", pendings)
        pairs = zip(pendings, rows, strict=True)
        return tuple(
            replies.pending(old.entry, old.slot, row) if row else None for old, row in pairs
        )

    def _hand(self, verb: str, to: str, pendings: Sequence[Pending]) -> list[bytes]:
        if not pendings:
            return []
        words = [
            word
            for one in pendings
            for word in (f"{one.slot} {one.entry}", one.by or "-", one.attempt)
        ]
        keys = ("pending", "history", "sent")
        rows: list[bytes] = self._run("hand", keys, [verb, to, self._events, *words])
        return rows

    def release(self, entries: Sequence[str]) -> tuple[str, ...]:
        """See `Store.release`."""
        keys = ("waiting", "pending", *map(marks_of, entries))
        rows = self._run("release", keys, entries) if entries else ()
        return tuple(name for name, row in zip(entries, rows, strict=True) if row)

    def act(self, action: Action) -> Pauses:
        """See `Store.act`."""
        forgets = action.scopes if action.verb == "forget" else ()
        marks = [marks_of(scope.partition(":")[2]) for scope in forgets]
        keys = (*_ACT_KEYS, *marks)
        stamp, rows = self._run("act", keys, [ENDED_MS, *action_to_words(action)])
        return replies.pauses(int(stamp), rows)

    def pauses(self) -> Pauses:
        """See `Store.pauses`."""
        pipe: Any = self._client.pipeline(transaction=False)
        with errors_named(self.address, self._timeout, self._source):
            time, rows = pipe.time().hgetall(self._key("paused")).execute()
        return replies.pauses(self._now(time), rows)

    def actions(self, limit: int = 100) -> tuple[Action, ...]:
        """See `Store.actions`."""
        with errors_named(self.address, self._timeout, self._source):
            rows: Any = self._client.xrevrange(self._key("actions"), count=limit)
        return tuple(action_from_fields(fields) for _, fields in rows)

    def history(self) -> RedisHistory:
        """See `KeepsHistory.history`."""
        return RedisHistory(self._ask, self._now)

    def runs(self) -> RedisRuns:
        """See `KeepsRuns.runs`."""
        return RedisRuns(self._run, self._events)

    def owned(self) -> RedisOwned:
        """See `KeepsOwnedEntries.owned`."""
        return RedisOwned(self._run, self._ask)

    def backfills(self) -> RedisBackfills:
        """See `KeepsBackfills.backfills`."""
        return RedisBackfills(self._run, self._events)

    def close(self) -> None:
        """See `Store.close`."""
        self._client.close()

    def _ask(self, commands: Sequence[Sequence[object]]) -> list[Any]:
        """Read in one round trip: each command is its name, a key's name and arguments."""
        pipe: Any = self._client.pipeline(transaction=False)
        for verb, key, *args in commands:
            pipe.execute_command(verb, *([self._key(str(key))] if key else []), *args)
        with errors_named(self.address, self._timeout, self._source):
            found: list[Any] = pipe.execute()
        return found

    def _now(self, time: tuple[int, int]) -> int:
        return replies.milliseconds(time) + self.offset

    def _key(self, name: str) -> str:
        return self.prefix + name

    def _run(self, script: str, names: Iterable[str], args: Sequence[object]) -> Any:
        keys = [self._key(name) for name in names]
        with errors_named(self.address, self._timeout, self._source):
            return self._scripts[script].run(self._client, keys, [self.offset, *args])
