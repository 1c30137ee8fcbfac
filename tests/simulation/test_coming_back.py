"""Beats and servers that come back with what is no longer true."""

import pytest

from tests.simulation.test_dangers import EACH, SECOND, times
from tests.simulation.test_histories import hosts
from tests.simulation.world import START, World


@pytest.mark.parametrize("stopped", [False, True])
def test_a_beat_that_comes_back_after_a_release_catches_up_nothing_of_entries_forgotten(stopped):
    """What the beat remembers of an entry is older than the entry's being forgotten."""
    world = World(40)
    old, new = hosts(1, [SECOND, EACH], name="old"), hosts(1, [SECOND], name="new")
    world.start(*old)
    world.start(*new, at=10)
    if stopped:
        world.at(20, lambda: setattr(old[0], "wake", START + 240_000))
    world.at(200.5, lambda: world.retire(new[0], politely=True))
    world.run(300)
    during = [slot for slot in times(world, "each") if 20 <= slot <= 225]
    assert during == []
    assert times(world, "each")[-1] >= 298
    assert world.doubled() == []


def test_another_server_with_no_data_and_a_clock_an_hour_ahead_stops_nothing():
    world = World(41)
    world.start(*hosts(1, [SECOND]))

    def replace_server() -> None:
        world.store_offset = 3_600_000
        world.wipe()

    world.at(10.5, replace_server)
    world.run(30)
    assert times(world, "second") == list(range(1, 31))[: len(world.sent)]
    assert len(world.sent) >= 28


def test_after_a_backup_is_restored_an_entry_that_is_younger_than_it_goes_on():
    world = World(42)
    world.start(*hosts(1, [SECOND, EACH]))

    def restore() -> None:
        world.roll_back("second", START + 5_000)
        with world.store._tables.transaction() as kept:
            del kept.progress["each"]
        del world.high["each"]

    world.at(20.5, lambda: world.outage(90))
    world.at(100, restore)
    world.run(150)
    assert times(world, "each") == list(range(1, 151))[: len(times(world, "each"))]
    assert len(times(world, "each")) >= 149
    assert world.doubled() == []
