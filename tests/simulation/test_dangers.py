"""Histories that are known to be dangerous, one by one."""

import logging
from dataclasses import replace

import pytest

from beatkit.schedules.rules import IntervalRule
from beatkit.store import Action
from tests.simulation.test_histories import SCHEDULE, assert_all_decided, hosts
from tests.simulation.world import START, Faults, Host, World, entry

SECOND = entry("second", IntervalRule(1_000))
EACH = entry("each", IntervalRule(1_000), catch_up="all")
OLD = [SECOND, entry("old-only", IntervalRule(1_000))]
NEW = [SECOND, entry("new-only", IntervalRule(1_000))]


def times(world: World, name: str) -> list[float]:
    """The slots sent of an entry, in seconds after the start, in order of sending."""
    return [(one.slot - START) / 1000 for one in world.sent if one.entry == name]


def latest(world: World) -> float:
    """How late the latest message was, in seconds."""
    return max((one.at - one.slot) / 1000 for one in world.sent)


def test_one_beat_sends_each_slot_at_its_time():
    world = World(1)
    world.start(*hosts(1, [SECOND]))
    world.run(10)
    assert times(world, "second") == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10][: len(world.sent)]
    assert len(world.sent) >= 9
    assert latest(world) < 0.02


def test_five_beats_send_each_slot_once_and_one_of_them_does_the_work():
    world = World(2)
    world.start(*hosts(5, [SECOND, EACH]))
    world.run(60)
    assert world.doubled() == []
    assert len({one.by for one in world.sent if one.slot > START + 3_000}) == 1
    assert latest(world) < 0.02


def test_when_the_lead_is_killed_the_next_sends_within_a_second():
    world = World(3, Faults(restart_ms=(30_000, 30_000)))
    world.start(*hosts(3, [EACH]))
    world.at(10.9995, lambda: world.kill(next(h for h in world.hosts if h.id == lead(world))))
    world.run(25)
    assert world.doubled() == []
    assert times(world, "each") == list(range(1, 26))[: len(world.sent)]
    assert latest(world) <= 1.0


def test_when_nine_of_ten_are_killed_at_once_the_last_sends_within_two_seconds():
    world = World(50, Faults(restart_ms=(30_000, 30_000)))
    ten = hosts(10, [EACH])
    world.start(*ten)

    def kill_all_but_the_last() -> None:
        ranks = [peer.beat.id for peer in ten[0].passes.presence.situation.peers]
        for host in ten:
            if host.id != ranks[-1]:
                world.kill(host)

    world.at(10.9995, kill_all_but_the_last)
    world.run(25)
    assert world.doubled() == []
    assert times(world, "each") == list(range(1, 26))[: len(world.sent)]
    assert 1.0 < latest(world) <= 2.05


def lead(world: World) -> str:
    return world.sent[-1].by


def test_when_the_lead_stops_in_good_order_no_slot_is_late():
    world = World(4)
    pair = hosts(2, [EACH])
    world.start(*pair)
    world.at(
        10.5, lambda: world.retire(next(h for h in pair if h.id == lead(world)), politely=True)
    )
    world.run(20)
    assert world.doubled() == []
    assert latest(world) <= 0.3


def test_a_beat_stopped_for_a_minute_inside_a_pass_sends_nothing_twice():
    world = World(7, Faults(stop=0.05, stop_ms=(60_000, 60_000)))
    world.start(*hosts(3, [SECOND, EACH]))
    world.calm_from = START + 300_000
    world.run(300)
    world.faults = Faults()
    world.run(330)
    assert world.doubled() == []
    assert_all_decided(world, [SECOND, EACH], START + 1_000, START + 328_000)


def test_when_the_first_of_a_chain_is_refused_the_rest_waits_for_it():
    world = World(6)
    world.start(*hosts(1, [EACH]))
    world.at(5.5, lambda: world.outage(20))
    world.at(25, lambda: setattr(world, "faults", Faults(refused_push=0.7)))
    world.at(60, lambda: setattr(world, "faults", Faults()))
    world.run(150)
    sent = times(world, "each")
    assert sent == sorted(set(sent))
    assert_all_decided(world, [EACH], START + 1_000, START + 145_000)
    assert world.missed()["each"] == []


@pytest.mark.parametrize("catch_up", ["latest", "all"])
def test_after_a_long_pause_nothing_of_it_is_sent(catch_up):
    one = entry("paused", IntervalRule(1_000), catch_up=catch_up)
    world = World(7)
    world.start(*hosts(2, [one]))
    world.at(5.5, lambda: world.store.act(Action("pause", ("entry:paused",))))
    world.at(305.5, lambda: world.store.act(Action("resume", ("entry:paused",))))
    world.run(320)
    assert world.doubled() == []
    during = [slot for slot in times(world, "paused") if 6 <= slot <= 305]
    assert during == []
    assert_all_decided(world, [one], START + 1_000, START + 318_000)


def test_after_an_outage_what_is_owed_is_sent_within_a_second():
    world = World(8)
    world.start(*hosts(3, [SECOND, EACH]))
    world.at(10.5, lambda: world.outage(120))
    world.run(140)
    assert world.doubled() == []
    first_back = min(one.at for one in world.sent if one.at > START + 11_000)
    assert first_back <= START + 131_500
    assert set(times(world, "each")) >= set(range(2, 138))
    assert [slot for slot in times(world, "second") if 11 <= slot < 130] == []
    assert_all_decided(world, [SECOND, EACH], START + 1_000, START + 138_000)


def test_a_store_that_is_away_at_the_start_delays_and_loses_nothing_else():
    world = World(9)
    world.outage(20)
    world.start(*hosts(2, [SECOND]))
    world.run(40)
    assert times(world, "second")[0] == 21
    assert_all_decided(world, [SECOND], START + 20_500, START + 38_000)


@pytest.mark.parametrize("what", ["store", "broker"])
def test_an_outage_is_one_error_and_one_info_and_its_slots_are_sent_as_catch_up(what, caplog):
    world = World(10)
    world.start(*hosts(1, [EACH, entry("hourly", IntervalRule(3_600_000, 2_900_000))]))
    caplog.set_level(logging.INFO)

    def out() -> None:
        caplog.clear()
        name = "out_until" if what == "store" else "broker_out_until"
        setattr(world, name, world.t + 8_000)

    world.at(10.5, out)
    world.run(25)
    said = [(row.levelname, row.getMessage()) for row in caplog.records]
    assert said[0] == ("ERROR", f"beat: nothing can be sent for now. the {what} is out")
    assert said[1][1].startswith(f"beat: the {what} is back after ")
    assert [level for level, _ in said] == ["ERROR", "INFO"]
    caught_up = [(one.slot - START) / 1000 for one in world.sent if one.kind == "catch_up"]
    assert caught_up == [11, 12, 13, 14, 15, 16, 17, 18]
    first = next(one for one in world.sent if one.kind == "catch_up")
    assert (first.at - START) / 1000 < 18.5 + 1, "the first is sent within a second of the return"


# --- the store loses data


@pytest.mark.parametrize("seed", range(20))
def test_a_wiped_store_gets_back_what_beats_know(seed):
    world = World(seed)
    world.start(*hosts(3, [EACH]))
    world.at(10 + seed / 20, world.wipe)
    world.run(30)
    assert len(world.doubled()) <= 1
    assert_all_decided(world, [EACH], START + 1_000, START + 28_000)


@pytest.mark.parametrize("seed", range(20))
def test_a_beat_that_knows_nothing_lets_the_others_speak_first(seed):
    """The store went away, lost its data and came back; meanwhile one beat was restarted."""
    world = World(seed, Faults(restart_ms=(1_000, 5_000), latency_ms=(0, 20)))
    trio = hosts(3, [EACH])
    world.start(*trio)
    world.at(10.2 + seed / 20, lambda: world.outage(5))
    world.at(12, world.wipe)
    world.at(12, lambda: [world.kill(one) for one in trio[: 1 + seed % 2]])
    world.run(40)
    assert len(world.doubled()) <= 1
    assert_all_decided(world, [EACH], START + 1_000, START + 35_000)


def test_beats_that_know_nothing_start_from_now_on_a_wiped_store():
    world = World(11)
    pair = hosts(2, [EACH])
    world.start(*pair)
    world.at(10.5, lambda: [world.kill(host) for host in pair])
    world.at(10.6, world.wipe)
    world.run(40)
    assert world.doubled() == []


def test_where_a_replica_took_over_young_slots_are_sent_again_and_old_ones_are_not():
    world = World(12)
    world.start(*hosts(2, [EACH]))
    world.at(100.5, lambda: world.roll_back("each", START + 20_000))
    world.run(120)
    again = [(slot - START) / 1000 for _, slot in world.doubled()]
    assert again and min(again) >= 40.5 and max(again) <= 100
    assert_all_decided(world, [EACH], START + 1_000, START + 118_000)


@pytest.mark.parametrize("besides", ["the revision in force", "an entry just added"])
def test_where_a_replica_lacks_more_than_claims_young_slots_are_sent_again_too(besides):
    world = World(12)
    world.start(*hosts(2, [EACH, SECOND]))

    def take_over() -> None:
        world.roll_back("each", START + 95_000)
        with world.store._tables.transaction() as kept:
            if besides == "an entry just added":
                del kept.progress["second"]
                del world.high["second"]
            else:
                kept.revision = ""

    world.at(100.5, take_over)
    world.run(120)
    again = [(slot - START) / 1000 for name, slot in world.doubled() if name == "each"]
    assert sorted(again) == [96, 97, 98, 99, 100]
    assert_all_decided(world, [EACH], START + 1_000, START + 118_000)


# --- clocks


def test_a_store_clock_that_leaps_an_hour_and_comes_back_changes_nothing(caplog):
    world = World(13)
    world.start(*hosts(2, [EACH]))
    world.at(10.5, lambda: setattr(world, "store_offset", 3_600_000))
    world.at(20.5, lambda: setattr(world, "store_offset", 0))
    world.run(30)
    assert times(world, "each") == list(range(1, 31))[: len(world.sent)]
    assert world.doubled() == []
    texts = [row.getMessage() for row in caplog.records if row.levelno == logging.ERROR]
    assert len(texts) == 2  # one of each beat


def test_a_store_clock_that_steps_back_an_hour_repeats_nothing():
    world = World(14)
    world.start(*hosts(2, [EACH]))
    world.at(10.5, lambda: setattr(world, "store_offset", -3_600_000))
    world.run(3_700)
    assert world.doubled() == []
    assert_all_decided(world, [EACH], START + 1_000, START + 90_000)


def test_a_hosts_clock_that_steps_changes_nothing():
    world = World(15)
    pair = hosts(2, [EACH])
    world.start(*pair)
    world.at(10.5, lambda: setattr(pair[0], "wall_offset", 3_600_000))
    world.at(15.5, lambda: setattr(pair[0], "wall_offset", -3_600_000))
    world.run(30)
    assert times(world, "each") == list(range(1, 31))[: len(world.sent)]
    assert latest(world) < 0.02


# --- deployments


def test_a_rolling_deployment_is_invisible():
    world = World(20)
    old, new = hosts(2, OLD, name="old"), hosts(2, NEW, name="new")
    world.start(*old)
    world.start(new[0], at=20)
    world.start(new[1], at=30)
    world.at(28, lambda: world.retire(old[0], politely=True))
    world.at(36, lambda: world.retire(old[1], politely=True))
    world.run(60)
    assert world.doubled() == []
    assert times(world, "second") == list(range(1, 61))[: len(times(world, "second"))]
    change = 25.5
    assert max(times(world, "old-only")) <= change
    assert min(times(world, "new-only")) >= 25
    assert latest(world) <= 1.5


def test_a_crash_looping_release_never_comes_into_force():
    world = World(21, Faults(restart_ms=(500, 1_000)))
    old, new = hosts(1, OLD, name="old"), hosts(1, NEW, name="new")
    world.start(*old)
    world.start(*new, at=10)
    for second in range(12, 90, 3):
        world.at(second, lambda: world.kill(new[0]))
    world.run(90)
    assert times(world, "new-only") == []
    assert times(world, "old-only") == list(range(1, 91))[: len(times(world, "old-only"))]


def test_an_old_pod_that_restarts_in_the_middle_of_a_rollout_does_not_come_back():
    world = World(22, Faults(restart_ms=(5_000, 5_000)))
    old, new = hosts(2, OLD, name="old"), hosts(1, NEW, name="new")
    world.start(*old)
    world.start(*new, at=10)
    world.at(20, lambda: world.kill(old[0]))
    world.at(40, lambda: world.kill(old[1]))
    world.run(80)
    assert max(times(world, "old-only")) <= 16
    assert times(world, "new-only")[-1] >= 78


def test_a_rollback_comes_into_force_as_a_deployment_does():
    world = World(23)
    old, new, back = (
        hosts(1, OLD, name="old"),
        hosts(1, NEW, name="new"),
        hosts(1, OLD, name="back"),
    )
    world.start(*old)
    world.start(*new, at=10)
    world.at(20, lambda: world.retire(old[0], politely=True))
    world.start(*back, at=60)
    world.at(75, lambda: world.retire(new[0], politely=True))
    world.run(90)
    assert world.doubled() == []
    assert max(times(world, "new-only")) <= 66
    assert [slot for slot in times(world, "old-only") if 17 <= slot <= 64] == []
    assert times(world, "old-only")[-1] >= 88


def test_a_beat_stopped_for_an_hour_cannot_send_a_removed_entry():
    world = World(24)
    old, new = hosts(1, OLD, name="old"), hosts(1, NEW, name="new")
    world.start(*old)
    world.start(*new, at=10)

    def stop() -> None:
        old[0].wake = START + 3_600_000

    world.at(20, stop)
    world.run(3_630)
    assert max(times(world, "old-only")) <= 16


def test_when_the_beats_in_force_are_gone_the_others_come_back_after_half_a_minute():
    world = World(25)
    old, new = hosts(1, OLD, name="old"), hosts(1, NEW, name="new")
    world.start(*old)
    world.start(*new, at=10)
    world.at(20.5, lambda: world.retire(new[0]))
    world.run(60)
    resumed = [slot for slot in times(world, "old-only") if slot > 20]
    assert 50 <= resumed[0] <= 52
    assert_all_decided(world, [SECOND], START + 1_000, START + 58_000)


def test_a_deployments_number_goes_before_the_order_of_appearance():
    world = World(26)
    newer, older = hosts(1, NEW, name="newer"), hosts(1, OLD, name="older")
    newer[0].number, older[0].number = 7, 6
    world.start(*newer)
    world.start(*older, at=10)
    world.run(40)
    assert times(world, "old-only") == []


def test_an_empty_schedule_takes_no_entries_away_from_beats_that_live():
    world = World(27)
    world.start(*hosts(1, [SECOND], name="full"))
    world.start(*hosts(1, [], name="empty"), at=10)
    world.run(60)
    assert times(world, "second") == list(range(1, 61))[: len(world.sent)]
    assert len(world.sent) >= 59


# --- entries that change


def deployed(world: World, *schedules: list, every: float = 50) -> None:
    """Run one schedule after the other, each with a beat of its own, without overlap."""
    for number, schedule in enumerate(schedules):
        host = Host(f"release{number}", schedule)
        world.start(host, at=number * every)
        if number + 1 < len(schedules):
            world.at(
                (number + 1) * every - 0.5, lambda host=host: world.retire(host, politely=True)
            )
    world.run(len(schedules) * every)


def test_an_entry_whose_schedule_changes_counts_from_the_moment_of_change():
    world = World(30)
    slow, fast = entry("e", IntervalRule(40_000)), entry("e", IntervalRule(7_000), catch_up="all")
    deployed(world, [slow], [fast])
    assert [slot for slot in times(world, "e") if slot < 50] == [40]
    after = [slot for slot in times(world, "e") if slot > 50]
    assert after == [one for one in after if one >= 50]
    assert len(after) == 7


def test_an_entry_whose_arguments_change_goes_on_where_it_was():
    world = World(31)
    one = entry("e", IntervalRule(60_000), catch_up="all")
    deployed(world, [one], [replace(one, args=(1,))], [replace(one, args=(2,))])
    assert times(world, "e") == [60, 120]


def test_an_entry_removed_and_added_again_later_catches_up_nothing():
    world = World(32)
    deployed(world, [SECOND, EACH], [SECOND], [SECOND], [SECOND, EACH], every=45)
    assert [slot for slot in times(world, "each") if 45 < slot <= 134] == []
    assert times(world, "each")[-1] >= 178


def test_an_interval_longer_than_any_deployment_fires_on_time():
    world = World(33)
    offset = (START + 500_000) % 86_400_000
    deployed(world, *[[entry("daily", IntervalRule(86_400_000, offset))]] * 20, every=30)
    assert times(world, "daily") == [500]


# --- two projects


def test_two_projects_on_one_prefix_do_not_disturb_the_first(caplog):
    world = World(40)
    first, second = hosts(1, [SECOND], name="first"), hosts(1, [EACH], name="second")
    world.start(*first)
    world.start(*second, at=10)
    world.run(60)
    assert times(world, "each") == []
    assert times(world, "second") == list(range(1, 61))[: len(world.sent)]
    texts = [row.getMessage() for row in caplog.records if row.levelno == logging.ERROR]
    assert texts == [
        "beat: another project uses this store under the same key prefix: beat first0.1 on "
        "first0 serves 'second' and others, this one 'each' and others, and they share none. "
        "This beat sends nothing.\n  set beatkit_key_prefix to another text in one of them"
    ]


def test_a_store_of_another_project_whose_beats_are_gone_is_taken_over():
    world = World(41)
    deployed(world, [SECOND], [EACH])
    assert min(times(world, "each")) >= 50


@pytest.mark.parametrize("seed", range(5))
def test_a_burst_of_many_entries_is_sent_by_the_lead_alone(seed):
    world = World(seed)
    crowd = [entry(f"e{number}", IntervalRule(10_000)) for number in range(600)]
    world.start(*hosts(2, crowd))
    world.run(25)
    assert world.doubled() == []
    assert len(world.sent) == 1200
    assert len({one.by for one in world.sent}) == 1


def test_the_schedule_of_all_kinds_runs_calmly():
    world = World(50)
    world.start(*hosts(3, SCHEDULE))
    world.run(190)
    assert world.doubled() == []
    assert_all_decided(world, SCHEDULE, START + 1_000, START + 185_000)


@pytest.mark.parametrize("way", ["atomic", "reserved", "claimed"])
@pytest.mark.parametrize("backlogs", [1, 150])
def test_backlogs_keep_no_other_entry_waiting(way, backlogs):
    behind = [entry(f"each-{n}", IntervalRule(1_000), catch_up="all") for n in range(backlogs)]
    world = World(70, way=way)
    world.start(*hosts(1, [SECOND, *behind]))
    away = 30_000 // backlogs
    world.at(5.5, lambda: world.outage(away))
    world.run(away + 15)
    back = START + away * 1_000 + 5_500
    late = [one.at - one.slot for one in world.sent if one.entry == "second" and one.slot > back]
    assert len(late) >= 7
    assert max(late) < 1_500
