"""Random histories in which operators add, change and remove entries while beats run.

A release rolls over another meanwhile; beats are killed and stopped, replies are lost, the
store is away. Each slot of an entry that stays is decided, none is sent twice, and nothing is
sent by what stood there before a change.
"""

import os
import random
from dataclasses import dataclass, replace

import pytest

from beatkit.beat.owned import OwnedRows
from beatkit.beat.passes import Passes
from beatkit.beat.revision import timing
from beatkit.beat.rows import Row
from beatkit.entry import Entry
from beatkit.schedules.rules import IntervalRule
from beatkit.store import Action
from beatkit.store.owned import Owned
from tests.simulation.test_histories import hosts
from tests.simulation.world import START, Faults, Host, Sent, World, entry

SECOND = entry("second", IntervalRule(1_000))
NEW = entry("of-the-new-release", IntervalRule(5_000))
NAMES = ["a", "b", "c", "d"]
TROUBLE_S, CALM_S = 190, 260
AWARE_MS = 2_500
"""A claim that was made before a change may be on its way for so long; see `Faults`."""


@dataclass(frozen=True)
class Span:
    """An entry as it stood for a time, on the store's clock."""

    name: str
    period: int
    since: int
    until: float = float("inf")

    def has(self, one: Sent) -> bool:
        here = self.since < one.slot and one.at <= self.until + AWARE_MS
        return self.name == one.entry and here and one.slot % self.period == 0


class Operated(World):
    """A world whose beats serve what operators add, and its record of that."""

    def __init__(self, seed: int, faults: Faults, way: str) -> None:
        super().__init__(seed, faults, way=way)
        self.spans: list[Span] = []

    def _born(self, host: Host) -> Passes:
        passes, kept = super()._born(host), self.store.owned()
        code = [one.name for one in host.entries]
        passes._owned = OwnedRows(kept, _entry, lambda one, version: Row(one, owned=version), code)
        passes.presence._spared = lambda: {one.name for one in kept.since(0).entries}
        return passes

    def put(self, name: str, period: int) -> None:
        """Put an entry, or remove it (period 0); nothing happens while the store is away."""
        before = next((one for one in self.spans if one.name == name and one.until > self.t), None)
        if self.t < self.out_until or (before is not None and before.period == period):
            return
        text = str(period) if period else ""
        owned = Owned(name, text, timing(_entry(Owned(name, str(period or 1)))))
        self.store.owned().put([owned], Action("upsert", (f"entry:{name}",)))
        self.high.pop(name, None)
        now = self.store_now()
        if before is not None:
            self.spans[self.spans.index(before)] = replace(before, until=now)
        if period:
            self.spans.append(Span(name, period, now))


def _entry(one: Owned) -> Entry:
    return entry(one.name, IntervalRule(int(one.text)), catch_up="all")


def a_history(seed: int, way: str) -> Operated:
    chance = random.Random(seed * 7 + 1)
    faults = Faults(crash=0.003, stop=0.004, stop_ms=(500, 40_000), lost_reply=0.01)
    world = Operated(seed, faults, way)
    world.calm_from = START + TROUBLE_S * 1_000
    old, rolled = hosts(3, [SECOND], name="old"), chance.uniform(20, 100)
    world.start(*old)
    world.start(*hosts(3, [SECOND, NEW], name="new"), at=rolled)
    for host in old:
        world.at(rolled + chance.uniform(8, 30), lambda host=host: world.retire(host))
    for _ in range(25):
        what = chance.choice(NAMES), chance.choice([0, 1_000, 2_000, 3_000])
        world.at(chance.uniform(2, 180), lambda what=what: world.put(*what))
    for _ in range(3):
        seconds = chance.uniform(1, 15)
        world.at(chance.uniform(10, 170), lambda seconds=seconds: world.outage(seconds))
    world.run(TROUBLE_S)
    world.faults = Faults()
    world.run(CALM_S)
    return world


def void(world: Operated) -> list[Sent]:
    """Messages of slots that their entries did not have."""
    added = [one for one in world.sent if one.entry in NAMES]
    return [one for one in added if not any(span.has(one) for span in world.spans)]


@pytest.mark.parametrize("way", ["atomic", "reserved", "claimed"])
@pytest.mark.parametrize("seed", range(int(os.environ.get("SIMULATION_SEEDS", 16))))
def test_whatever_operators_do_each_slot_is_decided_once(seed, way):
    world = a_history(seed, way)
    if way != "claimed":  # there what was claimed before a change may be published after it
        assert world.doubled() == []
        assert void(world) == []
    for span in world.spans:
        if span.until == float("inf"):
            one = entry(span.name, IntervalRule(span.period))
            assert world.undecided(one, span.since, START + CALM_S * 1_000 - 2_000) == []
