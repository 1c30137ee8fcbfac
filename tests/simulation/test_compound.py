"""Two things that go wrong at once: data lost during a rollout, a restart under a wrong clock."""

import pytest

from beatkit.schedules.rules import IntervalRule
from tests.simulation.test_dangers import EACH, NEW, OLD, SECOND, times
from tests.simulation.test_histories import assert_all_decided, hosts
from tests.simulation.world import START, Faults, World, entry

OLD_ONLY = entry("old-only", IntervalRule(1_000), catch_up="all")


# --- the store loses data while two releases live


@pytest.mark.parametrize("seed", range(20))
def test_after_a_wipe_the_release_that_stood_by_sends_nothing(seed):
    world = World(seed)
    slow = entry("slow", IntervalRule(10_000))
    old, new = hosts(1, [slow, OLD_ONLY], name="old"), hosts(1, [slow], name="new")
    world.start(*old)
    world.start(*new, at=10 + seed / 20)
    world.at(62.1, world.wipe)
    world.run(90)
    assert [slot for slot in times(world, "old-only") if slot > 20] == []
    assert times(world, "slow") == [10, 20, 30, 40, 50, 60, 70, 80, 90][: len(times(world, "slow"))]


def test_a_backup_of_an_older_release_stops_the_one_that_runs_for_a_second_at_most():
    world = World(1)
    world.start(*hosts(2, NEW, name="new"))

    def restore() -> None:
        with world.store._tables.transaction() as kept:
            kept.revision = "of-last-year"
            kept.peers.clear()

    world.at(20.5, restore)
    world.run(30)
    assert times(world, "new-only")[-1] >= 29
    assert max(one.at - one.slot for one in world.sent) <= 1_500


@pytest.mark.parametrize("new_schedule", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_a_beat_that_starts_in_an_outage_lets_those_that_know_more_speak_first(seed, new_schedule):
    world = World(seed, Faults(latency_ms=(0, 3)))
    world.start(*hosts(1, [SECOND, EACH], name="knows"))
    world.at(10.5, lambda: world.outage(8))
    world.at(12, world.wipe)
    entries = [SECOND, EACH, *([entry("new", IntervalRule(1_000))] if new_schedule else [])]
    world.start(*hosts(1, entries, name="fresh"), at=17)
    world.run(40)
    assert_all_decided(world, [EACH], START + 1_000, START + 38_000)
    assert len(world.doubled()) <= 2


# --- clocks


def test_a_beat_that_starts_while_the_stores_clock_has_leapt_sends_nothing_early():
    world = World(3, Faults(restart_ms=(1_000, 1_000)))
    pair = hosts(2, [EACH])
    world.start(*pair)
    world.at(10.5, lambda: setattr(world, "store_offset", 3_600_000))
    world.at(15.5, lambda: world.kill(pair[1]))
    world.at(30.5, lambda: setattr(world, "store_offset", 0))
    world.run(60)
    assert times(world, "each") == list(range(1, 61))[: len(world.sent)]
    assert len(world.sent) >= 58


@pytest.mark.parametrize("back", [False, True])
def test_a_release_comes_into_force_although_the_stores_clock_stepped_back(back):
    """The one before it appeared later, by that clock."""
    world = World(4)
    old, new = hosts(1, OLD, name="old"), hosts(1, NEW, name="new")
    if back:
        world.start(*old)
        world.at(20, lambda: setattr(world, "store_offset", -3_600_000))
    else:
        world.store_offset = 3_600_000
        world.start(*old)
        world.at(20, lambda: setattr(world, "store_offset", 0))
    world.start(*new, at=30)
    world.run(60)
    assert world.in_force == new[0].passes.presence.me.revision


def test_beats_that_died_before_the_stores_clock_stepped_back_are_not_waited_for():
    """Their announcements are of an hour that is yet to come."""
    world = World(10, Faults(restart_ms=(600_000, 600_000)))
    world.store_offset = 3_600_000
    old, new = hosts(1, OLD, name="old"), hosts(1, NEW, name="new")
    world.start(*old)
    world.start(*new, at=10)
    world.at(30, lambda: world.kill(new[0]))
    world.at(30, lambda: setattr(world, "store_offset", 0))
    world.run(70)
    assert world.in_force == old[0].passes.presence.me.revision


# --- another broker than the store


def test_a_message_on_its_way_when_the_store_is_wiped_is_published_all_the_same():
    world = World(5, way="claimed")
    world.start(*hosts(1, [EACH]))
    world.run(10.5)
    host = world.hosts[0]
    publish = host.passes._way._publisher.publish

    def dies(out, **more):
        world.broker_out_until = world.t + 5_000
        host.passes._way._publisher.publish = publish
        publish(out, **more)

    host.passes._way._publisher.publish = dies
    world.at(13, world.wipe)
    world.run(40)
    assert_all_decided(world, [EACH], START + 1_000, START + 38_000)


def test_a_pending_is_taken_over_although_the_stores_clock_stepped_back():
    world = World(6, Faults(restart_ms=(60_000, 60_000)), way="claimed")
    pair = hosts(2, [EACH])
    world.start(*pair)
    world.at(5.5, lambda: setattr(world, "store_offset", 3_600_000))
    world.run(10.5)
    lead = next(host for host in pair if host.id == world.sent[-1].by)
    lead.passes._way._publisher.publish = lambda *_, **__: world.kill(lead)
    world.run(12)
    world.store_offset = 0
    world.run(40)
    assert_all_decided(world, [EACH], START + 1_000, START + 38_000)


# --- rollouts that are disturbed


def test_when_the_only_beat_in_force_restarts_the_old_release_does_not_come_back():
    world = World(7, Faults(restart_ms=(3_000, 3_000)))
    old, new = hosts(1, OLD, name="old"), hosts(1, NEW, name="new")
    world.start(*old)
    world.start(*new, at=10)
    world.at(30.5, lambda: world.kill(new[0]))
    world.run(60)
    assert [slot for slot in times(world, "old-only") if slot > 17] == []
    assert times(world, "new-only")[-1] >= 59


def test_a_release_that_crashes_at_each_start_gives_way_although_it_was_in_force():
    world = World(8, Faults(restart_ms=(500, 500)))
    old, new = hosts(1, OLD, name="old"), hosts(1, NEW, name="new")
    world.start(*old)
    world.start(*new, at=10)
    for tenth in range(300, 900, 2):
        world.at(tenth / 10, lambda: world.kill(new[0]))
    world.run(90)
    assert 59 <= min(slot for slot in times(world, "old-only") if slot > 30) <= 64


def test_what_was_put_off_under_a_leapt_clock_is_not_put_off_for_an_hour():
    """The beat started meanwhile and alone, and so took the store's clock for right."""
    world = World(9)
    first, second = hosts(1, [SECOND], name="first"), hosts(1, [SECOND], name="second")
    world.start(*first)
    world.at(10.5, lambda: world.retire(first[0], politely=True))
    world.run(11)
    world.store_offset, world.faults = 3_600_000, Faults(refused_push=1.0)
    world.start(*second, at=11)
    world.run(20.5)
    world.store_offset, world.faults = 0, Faults()
    world.run(30)
    assert times(world, "second")[-9:] == [21, 22, 23, 24, 25, 26, 27, 28, 29]
