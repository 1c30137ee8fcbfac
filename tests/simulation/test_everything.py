"""Random histories in which everything happens at once.

Releases with schedules of their own roll over one another, entries leave and come back,
operators pause and resume, somebody's slow code runs for each message, batches overflow.
"""

import os
import random
from collections import defaultdict
from itertools import pairwise

import pytest

from beatkit.schedules.rules import IntervalRule
from beatkit.store import Action
from tests.simulation.faults import Faults
from tests.simulation.test_histories import assert_all_decided, hosts, wild
from tests.simulation.world import START, Sent, World, entry

FOUND = [89560]  # what was found with other seeds: a reply that was long on its way
SEEDS = [*range(int(os.environ.get("SIMULATION_SEEDS", 24))), *FOUND]
TROUBLE_S, CALM_S = 150, 260

STAYS = [
    entry("each", IntervalRule(3_000), catch_up="all"),
    entry("latest", IntervalRule(2_000)),
    entry("jittery", IntervalRule(5_000), catch_up="all", jitter=4),
    entry("pausable", IntervalRule(2_000, 500), catch_up="all"),
]
COMES_AND_GOES = [
    entry("now-and-then", IntervalRule(2_000), catch_up="all"),
    entry("again", IntervalRule(7_000), catch_up="all"),
]
CHANGES = [
    entry("changes", IntervalRule(2_000), catch_up="all"),
    entry("changes", IntervalRule(3_000, 1_000), catch_up="all"),
]
CROWD = [entry(f"crowd-{number}", IntervalRule(60_000, 10_000)) for number in range(260)]


def a_history_of_everything(seed: int) -> World:
    """Two and a half minutes of trouble, then a calm one or two."""
    chance = random.Random(seed)
    world = World(seed, way=chance.choice(["atomic", "reserved"]))
    world.calm_from = START + TROUBLE_S * 1000
    crowd = CROWD[: chance.choice([0, 0, 99, 100, 101, 260])]
    for release in range(chance.randint(1, 4)):
        _deploy(world, chance, release, _schedule(chance, crowd))
    world.run(2)
    world.faults = wild(chance)
    world.faults.restart_ms = (200, 8_000)
    world.faults.refusal = chance.choice([world.faults.refusal, "WRONGTYPE", "NOPERM"])
    world.faults.not_built = chance.choice([0, 0, 0.1])
    world.faults.slow = chance.choice([(), ("each", "jittery")])
    for _ in range(chance.randint(0, 2)):
        seconds = chance.uniform(0.1, 40)
        world.at(chance.uniform(3, 110), lambda seconds=seconds: world.outage(seconds))
    _pause(world, chance)
    world.at(TROUBLE_S, lambda: setattr(world, "faults", Faults()))
    world.at(TROUBLE_S, lambda: setattr(world, "out_until", 0))
    world.run(CALM_S)
    return world


def _schedule(chance: random.Random, crowd: list) -> list:
    here = [one for one in COMES_AND_GOES if chance.random() < 0.5]
    return [*STAYS, *here, chance.choice(CHANGES), *crowd]


def _deploy(world: World, chance: random.Random, release: int, schedule: list) -> None:
    """Start a release of a few beats; those of the one before leave, some of them late."""
    starts = release * 35.0
    earlier = [host for host in world.hosts if not host.leaving]
    group = hosts(chance.randint(1, 3), schedule, chance=chance, name=f"r{release}-")
    world.start(*group, at=starts + chance.random())
    for old in earlier:
        old.leaving = True
        polite = chance.random() < 0.5
        world.at(
            starts + chance.uniform(1, 30),
            lambda old=old, polite=polite: world.retire(old, politely=polite),
        )


def _pause(world: World, chance: random.Random) -> None:
    """An operator pauses and resumes, whether or not the beats can reach the store."""
    for _ in range(chance.randint(0, 3)):
        begin = chance.uniform(3, 120)
        end = begin + chance.uniform(0.5, 60)
        world.at(begin, lambda: world.act(Action("pause", ("entry:pausable",))))
        world.at(end, lambda: world.act(Action("resume", ("entry:pausable",))))


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_at_once_each_slot_is_sent_once_or_recorded(seed):
    world = a_history_of_everything(seed)
    schedule = [*STAYS, *(one for one in CROWD if one.name in world.slots_sent())]
    assert world.doubled() == [], f"seed {seed}"
    assert_all_decided(world, schedule, START + 3_000, START + (CALM_S - 5) * 1000)
    for one in world.sent:
        assert_in_order(world, one)
    assert world.before_their_time == []
    assert nobody_ran_the_same_code_beside_another(world) == []


def assert_in_order(world: World, one: Sent) -> None:
    """It came from the schedule in force, no earlier than its time, and not while paused."""
    assert one.revision == one.in_force, f"seed {world.seed}"
    rows = [row for host in world.hosts for row in host.entries if row.name == one.entry]
    assert any(one.slot == row.schedule.rule.previous(one.slot + 1) for row in rows)
    assert one.at >= one.slot, f"seed {world.seed}"
    if one.entry == "pausable":
        assert not world.was_paused("entry:pausable", one.at), f"seed {world.seed}"


def nobody_ran_the_same_code_beside_another(world: World) -> list[tuple[str, int]]:
    """Slots whose code two beats ran, though the first had not been at it for long enough."""
    ran: dict[tuple[str, int], list[tuple[str, float]]] = defaultdict(list)
    for name, slot, host, at in world.built:
        ran[name, slot].append((host, at))
    return [
        slot
        for slot, runs in ran.items()
        for (first, at), (second, later) in pairwise(runs)
        if first != second and later - at < 375
    ]
