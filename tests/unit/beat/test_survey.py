"""What the store alone tells of an app's beats, on a clock that a test sets."""

import pytest

from beatkit.beat.revision import revision
from beatkit.beat.rows import Row
from beatkit.beat.survey import Overdue, survey
from beatkit.entry import Entry
from beatkit.schedules.celery import every
from beatkit.store import Beat, Promotion, Seed, Writer
from beatkit.store.memory import memory_store

NOON = 1_800_014_400_000
GRACE = 10_000


class World:
    """A store on a moved clock, and what beats did to it."""

    def __init__(self) -> None:
        self.passed = 0
        self.store = memory_store(clock=lambda: NOON + self.passed)

    def announce(self, name: str, schedule: str = "mine", **says: int) -> None:
        beat = Beat(name, name, 1, schedule, **says)
        force = Promotion(schedule, instead_of="") if schedule == "mine" else None
        self.identity = self.store.announce(beat, expires=30_000, promote=force).identity

    def seed(self, *rows: Row) -> None:
        writer = Writer("one", self.identity, "mine")
        seeds = [Seed(row.entry.name, row.fingerprint, NOON) for row in rows]
        assert self.store.seed(writer, seeds).refused == ""


@pytest.fixture
def world() -> World:
    return World()


def row(name: str, seconds: float = 60) -> Row:
    return Row(Entry(name, "t", every(seconds=seconds)))


def test_nothing_was_ever_started(world: World) -> None:
    found = survey([row("a")], world.store, GRACE)
    assert (found.sends, found.well, found.last_tick, found.last_send) == (False, False, None, None)
    assert (found.overdue, found.unknown) == ((), ("a",))


def test_to_look_leaves_no_beat_behind(world: World) -> None:
    survey([], world.store, GRACE)
    assert survey([], world.store, GRACE).situation.peers == ()


def test_the_first_fresh_beat_of_the_schedule_in_force_is_the_lead(world: World) -> None:
    world.announce("frozen")
    world.passed = 10_000
    for name, schedule in (("old", "theirs"), ("one", "mine"), ("two", "mine")):
        world.announce(name, schedule)
        world.passed += 1
    found = survey([], world.store, GRACE)
    told = [peer.beat.id for peer in found.situation.peers]
    assert list(zip(told, found.roles, strict=True)) == [
        ("frozen", "silent"),
        ("old", "suspended"),
        ("one", "lead"),
        ("two", "standby"),
    ]


def test_a_slot_within_the_grace_is_not_overdue_and_then_it_is(world: World) -> None:
    rows = [row("minutely"), row("often", 30), row("daily", 86_400)]
    world.announce("one")
    world.seed(*rows)
    world.passed = 40_000
    assert survey(rows, world.store, GRACE).overdue == ()
    world.passed = 40_001
    assert survey(rows, world.store, GRACE).overdue == (Overdue("often", NOON + 30_000),)
    world.passed = 3_600_000
    assert survey(rows, world.store, GRACE).overdue == (
        Overdue("often", NOON + 30_000),
        Overdue("minutely", NOON + 60_000),
    )


def test_it_is_well_while_a_beat_sends_and_nothing_is_overdue(world: World) -> None:
    world.announce("one", sent=NOON - 5)
    world.seed(row("a"))
    found = survey([row("a")], world.store, GRACE)
    assert (found.well, found.last_tick, found.last_send) == (True, NOON, NOON - 5)


def test_what_this_code_and_the_beats_do_not_share(world: World) -> None:
    world.announce("one")
    world.seed(row("same"), row("changed"), row("gone"))
    world.passed = 3_600_000
    found = survey([row("same"), row("changed", 7), row("new")], world.store, GRACE)
    assert [late.entry for late in found.overdue] == ["same"]
    assert (found.changed, found.foreign, found.unknown) == (("changed",), ("gone",), ("new",))
    assert found.two_projects is False
    mine = [row("same"), row("changed", 7), row("new")]
    assert found.revision == revision((one.entry, one.fingerprint) for one in mine)


def test_a_second_project_on_the_same_prefix(world: World) -> None:
    world.announce("one")
    world.seed(row("theirs"))
    assert survey([row("mine")], world.store, GRACE).two_projects is True
