"""Thousands of random histories, and some that are known to be dangerous."""

import os
import random

import pytest

from beatkit.schedules.rules import IntervalRule
from tests.simulation.world import START, Faults, Host, World, entry

SCHEDULE = [
    entry("second", IntervalRule(1_000)),
    entry("seven", IntervalRule(7_000, 300), catch_up="all"),
    entry("jittery", IntervalRule(5_000), catch_up="all", jitter=4),
    entry("minute", IntervalRule(60_000)),
    entry("prompt", IntervalRule(3_000), deadline=4.0),
]


def hosts(count: int, entries=SCHEDULE, chance: random.Random | None = None, name: str = "h"):
    skew = chance or random.Random(0)
    return [
        Host(
            f"{name}{number}",
            entries,
            wall_offset=skew.uniform(-300_000, 300_000),
            drift=skew.uniform(-1e-4, 1e-4),
        )
        for number in range(count)
    ]


def assert_all_decided(world: World, entries, after: int, until: int) -> None:
    left = {one.name: world.undecided(one, after, until) for one in entries}
    left = {name: slots for name, slots in left.items() if slots}
    assert left == {}, f"seed {world.seed}"


def wild(chance: random.Random) -> Faults:
    return Faults(
        crash=chance.choice([0, 0.002, 0.02]),
        stop=chance.choice([0, 0.005, 0.02]),
        lost_reply=chance.choice([0, 0.01, 0.1]),
        refused_push=chance.choice([0, 0, 0.05]),
        latency_ms=(0, chance.choice([0, 3, 200])),
    )


def a_history(seed: int) -> World:
    """Two minutes of trouble, then a minute in which all is well."""
    world = World(seed)
    chance = world.random
    world.start(*hosts(chance.randint(1, 4), chance=chance))
    world.run(2)
    world.faults = wild(chance)
    world.calm_from = START + 120_000
    for _ in range(chance.randint(0, 3)):
        seconds = chance.uniform(0.1, 40)
        world.at(chance.uniform(3, 110), lambda seconds=seconds: world.outage(seconds))
    world.run(120)
    world.faults = Faults()
    world.out_until = 0
    for host in world.hosts:
        host.doomed = host.busy
        host.wake = min(host.wake, world.t + 1000)
    world.run(200)
    return world


SHORT = 60
SEEDS = range(int(os.environ.get("SIMULATION_SEEDS", SHORT)))


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_each_slot_is_sent_once_or_recorded_as_missed(seed):
    world = a_history(seed)
    assert world.doubled() == [], f"seed {seed}"
    assert_all_decided(world, SCHEDULE, START + 2_000, START + 195_000)
    for one in world.sent:
        assert one.revision == one.in_force
        assert one.at >= one.slot
