"""Thousands of random histories, and some that are known to be dangerous."""

import os
import random
from dataclasses import replace

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


def a_history_over_another_broker(seed: int) -> World:
    """Four minutes of trouble between beats, a store and a broker, then a calm one."""
    world = World(seed, way="claimed")
    chance = world.random
    world.start(*hosts(chance.randint(1, 4), chance=chance))
    world.run(2)
    world.faults = replace(wild(chance), refused_push=0.0)
    world.calm_from = START + 240_000
    for _ in range(chance.randint(0, 3)):
        seconds, name = chance.uniform(0.1, 40), chance.choice(["out_until", "broker_out_until"])
        world.at(
            chance.uniform(3, 200),
            lambda seconds=seconds, name=name: setattr(world, name, world.t + seconds * 1000),
        )
    world.run(240)
    world.faults = Faults()
    world.out_until = world.broker_out_until = 0
    for host in world.hosts:
        host.wake = min(host.wake, world.t + 1000)
    world.run(420)  # a pending that changed hands often is watched for up to 96 s
    return world


def a_history_of_deployments(seed: int) -> World:
    """Releases roll over one another in the same kind of trouble.

    Each release keeps "second" and "seven" and has an entry of its own; each replaces the
    hosts of the one before, some of them late.
    """
    world = World(seed)
    chance = world.random
    world.calm_from = START + 160_000
    world.faults = wild(chance)
    world.faults.restart_ms = (200, 8_000)
    for release in range(chance.randint(2, 4)):
        own = entry(f"of-release-{release}", IntervalRule(1_000))
        group = hosts(
            chance.randint(1, 3), [*SCHEDULE[:2], own], chance=chance, name=f"r{release}-"
        )
        starts = release * 40.0
        world.start(*group, at=starts)
        if world.hosts[: -len(group)]:
            for old in world.hosts[: -len(group)]:
                if not old.leaving:
                    old.leaving = True
                    polite = chance.random() < 0.5
                    world.at(
                        starts + chance.uniform(6, 25),
                        lambda old=old, polite=polite: world.retire(old, politely=polite),
                    )
    if chance.random() < 0.5:
        leap = chance.choice([-3_600_000, -20_000, -3_000, 3_000, 20_000, 3_600_000])
        # A beat that starts while the store's clock is wrong has only its host's to go by.
        for host in world.hosts:
            host.wall_offset = chance.uniform(-1_000, 1_000)
        world.at(chance.uniform(10, 60), lambda: setattr(world, "store_offset", leap))
        world.at(chance.uniform(61, 150), lambda: setattr(world, "store_offset", 0))
    world.run(160)
    world.faults = Faults()
    for host in world.hosts:
        host.wake = min(host.wake, world.t + 1000)
    world.run(300)
    return world


def a_history_of_wipes(seed: int) -> World:
    """Two minutes in which the store loses everything five times."""
    world = World(seed)
    chance = world.random
    world.start(*hosts(chance.randint(2, 4), SCHEDULE[:2], chance=chance))
    for wipe in range(5):
        world.at(10 + wipe * 20 + chance.uniform(0, 10), world.wipe)
    world.run(130)
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


@pytest.mark.parametrize("seed", SEEDS)
def test_releases_and_leaping_clocks_double_nothing_and_lose_nothing(seed):
    world = a_history_of_deployments(seed)
    assert world.doubled() == [], f"seed {seed}"
    for one in world.sent:
        assert one.revision == one.in_force
    # A clock that leaps forward and is believed skips slots no more than once, as missed.
    kept = SCHEDULE[:2]
    first = min(one.slot for one in world.sent if one.entry == "second")
    assert_all_decided(world, kept, first, START + 290_000)


@pytest.mark.parametrize("seed", SEEDS)
def test_over_another_broker_each_slot_arrives_at_least_once(seed):
    world = a_history_over_another_broker(seed)
    assert_all_decided(world, SCHEDULE, START + 2_000, START + 410_000)
    for one in world.sent:
        assert one.at >= one.slot


@pytest.mark.parametrize("seed", SEEDS)
def test_a_store_that_is_wiped_again_and_again_costs_one_double_each_at_most(seed):
    world = a_history_of_wipes(seed)
    per_entry = dict.fromkeys(("second", "seven"), 0)
    for name, _ in world.doubled():
        per_entry[name] += 1
    assert max(per_entry.values()) <= world.wipes, f"seed {seed}"
    assert_all_decided_or_sent(world)


def assert_all_decided_or_sent(world: World) -> None:
    """Its history is gone with the store, so ask for what must be sent: all of "seven"."""
    sent = set(world.slots_sent()["seven"])
    rule = SCHEDULE[1].schedule.rule
    slot = rule.next(START + 1_000)
    while slot < START + 125_000:
        assert slot in sent, f"seed {world.seed}"
        slot = rule.next(slot)
