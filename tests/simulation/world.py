"""A world in one process: several beats, a store and a broker, on a virtual clock.

The beats are the real ones (`Passes` on the real plan, agenda, peers and memory store). Each
call of the store takes time, during which the other beats live on, and at each the world
may crash the beat, stop it for a while, lose the reply, or be out. Everything random comes
from one seed, so a failing history replays.

While one beat is inside a call, the others run in a loop nested in it. A beat that is
stopped therefore goes on when its time has come *and* those that were stopped after it have
gone on; that is a legal history, and it needs no threads.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from beatkit.beat.passes import Passes
from beatkit.beat.presence import Presence
from beatkit.beat.revision import revision
from beatkit.beat.rows import Row
from beatkit.clock import HostClock
from beatkit.entry import Entry, Policy
from beatkit.schedules.rules import Rule
from beatkit.store import FORGET_MS, Action, Beat, Progress
from beatkit.store.memory import memory_store
from tests.simulation.faults import CALM, Crashed, Faults
from tests.simulation.wire import Wire, way_of

START = 1_800_000_000_000
NEVER = 10**18


@dataclass(frozen=True)
class Ruled:
    """The least that a schedule is to a beat."""

    rule: Rule


def entry(name: str, rule: Rule, **policy: Any) -> Entry:
    return Entry(name, f"tasks.{name}", Ruled(rule), policy=Policy(**policy))


@dataclass(frozen=True)
class Sent:
    """One message that reached the broker."""

    entry: str
    slot: int
    at: int
    by: str
    revision: str
    in_force: str
    kind: str


@dataclass
class Host:
    """One supervised beat: it is started again after a crash."""

    name: str
    entries: list[Entry]
    number: int = 0
    wall_offset: float = 0.0
    drift: float = 0.0
    starts: int = 0
    passes: Passes | None = None
    wake: float = 0.0
    busy: bool = False
    doomed: bool = False
    retired: bool = False
    leaving: bool = False
    logged: list[tuple[str, int]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.name}.{self.starts}"


class World:
    """Runs hosts; see the module.

    Args:
        seed: Of everything random.
        faults: To begin with.
        way: "atomic"; "reserved", where somebody's code runs for each message; "claimed".
    """

    def __init__(self, seed: int, faults: Faults = CALM, *, way: str = "atomic") -> None:
        self.way = way
        self.random = random.Random(seed)
        self.seed = seed
        self.faults = faults
        self.t = float(START)
        self.store_offset = 0.0
        self.out_until = 0.0
        self.broker_out_until = 0.0
        self.calm_from = float(NEVER)
        self.hosts: list[Host] = []
        self.sent: list[Sent] = []
        self.high: dict[str, int] = {}
        self.wipes = 0
        self.in_force = ""
        self.ruled: list[tuple[float, str]] = []  # since when each revision was in force
        self.built: list[tuple[str, int, str, float]] = []  # whose code ran for which slot
        self.store: Any = memory_store(clock=self.store_now, run=self._push, history=1_000_000)
        self.counts_from: dict[str, float] = {}
        self.before_their_time: list[Sent] = []  # of slots from before the entry counted
        self._known: Mapping[str, Progress] = {}
        self._pauses: list[tuple[int, Action]] = []
        self._script: list[tuple[float, Callable[[], None]]] = []

    # --- time

    def store_now(self) -> int:
        return int(self.t + self.store_offset)

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something that long after the start."""
        self._script.append((START + seconds * 1000, action))
        self._script.sort(key=lambda row: row[0])

    def run(self, seconds: float) -> None:
        """Let the world go on until that long after the start."""
        self._run_until(START + seconds * 1000)

    def _run_until(self, end: float) -> None:
        while True:
            ready = [host for host in self.hosts if not host.busy and not host.retired]
            first = min(ready, key=lambda host: host.wake, default=None)
            due = first.wake if first else NEVER
            if self._script and self._script[0][0] <= min(due, end):
                self.t = max(self.t, self._script[0][0])
                self._script.pop(0)[1]()
            elif first is None or due > end:
                break
            else:
                self.t = max(self.t, due)
                self._tick(first)
        self.t = max(self.t, end)

    def spend(self, host: Host, milliseconds: float) -> None:
        """Let time pass for everybody but this host, which is inside a call."""
        self._run_until(self.t + milliseconds)
        if host.doomed:
            raise Crashed

    # --- hosts

    def start(self, *hosts: Host, at: float = 0.0) -> None:
        """Start hosts that long after the start."""
        for host in hosts:
            host.wake = START + at * 1000
            self.hosts.append(host)

    def kill(self, host: Host) -> None:
        """kill -9, wherever it is; the supervisor starts it again."""
        host.doomed = True
        if not host.busy:
            self._bury(host)

    def retire(self, host: Host, *, politely: bool = False) -> None:
        """Take a host away for good, by kill -9 or by a stop in good order."""
        host.retired = True
        if politely and host.passes is not None and not host.busy:
            host.passes.presence.leave(self.store)
        host.doomed = True

    def _bury(self, host: Host) -> None:
        host.doomed = False
        host.passes = None
        host.wake = self.t + self.random.randint(*self.faults.restart_ms)

    def _tick(self, host: Host) -> None:
        if host.passes is None:
            host.starts += 1
            host.passes = self._born(host)
        host.busy = True
        try:
            host.wake = self.t + host.passes.tick() * 1000 + self.random.random()
        except Crashed:
            self._bury(host)
        finally:
            host.busy = False

    def _born(self, host: Host) -> Passes:
        store = Wire(self, host)
        rows = [Row(one) for one in host.entries]
        schedule = revision((row.entry, row.fingerprint) for row in rows)
        me = Beat(host.id, host.name, 1, schedule, host.number)
        presence = Presence(me, [one.name for one in host.entries], store, host_clock(self, host))
        return Passes(
            presence,
            rows,
            store,
            way_of(self, host, store),
            read_host=host_clock(self, host),
            on_sent=lambda one, slot: host.logged.append((one.name, slot)),
            poll_limit_ms=1000,
        )

    # --- store and broker

    def outage(self, seconds: float) -> None:
        self.out_until = self.t + seconds * 1000

    def wipe(self) -> None:
        self.store.wipe()
        self.wipes += 1
        self.in_force = ""
        self.high.clear()

    def roll_back(self, name: str, slot: int) -> None:
        """A replica without the latest claims of an entry took over."""
        with self.store._tables.transaction() as kept:
            kept.progress[name] = replace(kept.progress[name], slot=slot)
        self.high.pop(name, None)

    def served(self, call: Callable[[], Any]) -> Any:
        """Let the server do a call."""
        return call()

    def _push(self, command: tuple[Any, ...]) -> None:
        if self.random.random() < self.faults.refused_push:
            raise RuntimeError(self.faults.refusal)
        self.arrived(json.loads(command[2]))

    def arrived(self, message: list[Any]) -> None:
        """Note a message that reached the broker."""
        name, slot, kind, host, mine = message
        one = Sent(name, slot, self.store_now(), host, mine, self.in_force, kind)
        self.sent.append(one)
        if slot < self.counts_from.get(name, 0.0):
            self.before_their_time.append(one)

    def note_in_force(self, revision: str) -> None:
        if revision != self.in_force:
            self.ruled.append((self.t, revision))
        self.in_force = revision

    def act(self, action: Action) -> None:
        """An operator does something."""
        self.store.act(action)
        self._pauses.append((self.store_now(), action))

    def was_paused(self, scope: str, at: int) -> bool:
        """Whether an operator's pause of a scope was in force at an instant."""
        verbs = [one.verb for done, one in self._pauses if done < at and scope in one.scopes]
        return bool(verbs) and verbs[-1] == "pause"

    def check_progress(self) -> None:
        """Progress never goes back; and note from when each entry counts."""
        found = self.store.read().progress
        for name, progress in found.items():
            assert progress.slot >= self.high.get(name, 0), f"{name} went back (seed {self.seed})"
            self.high[name] = progress.slot
            if self._counts_anew(self._known.get(name), progress):
                self.counts_from[name] = self.ruled[-1][0]
        self._known = found

    def _counts_anew(self, before: Progress | None, now: Progress) -> bool:
        if before is None or before.fingerprint != now.fingerprint:
            return True
        back = before.absent_since is not None and now.absent_since is None
        return back and self.store_now() - before.absent_since >= FORGET_MS

    # --- what came of it

    def doubled(self) -> list[tuple[str, int]]:
        counts = Counter((one.entry, one.slot) for one in self.sent)
        return [slot for slot, count in counts.items() if count > 1]

    def slots_sent(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for one in self.sent:
            found[one.entry].append(one.slot)
        return found

    def missed(self) -> dict[str, list[tuple[int, int, str]]]:
        found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for event in self.store.history().past().events:
            if event.what == "missed":
                found[event.entry].append((event.first, event.slot, event.why))
        return found

    def undecided(self, one: Entry, after: int, until: int) -> list[int]:
        """Slots that are neither sent nor recorded as missed."""
        sent = set(self.slots_sent()[one.name])
        missed = self.missed()[one.name]
        left, slot = [], one.schedule.rule.next(after)
        while slot is not None and slot <= until:
            if slot not in sent and not any(first <= slot <= last for first, last, _ in missed):
                left.append(slot)
            slot = one.schedule.rule.next(slot)
        return left


def host_clock(world: World, host: Host) -> Callable[[], HostClock]:
    """The clocks of a host: one that counts with a drift, one that may be quite wrong."""
    return lambda: HostClock(world.t * (1 + host.drift), world.t + host.wall_offset)
