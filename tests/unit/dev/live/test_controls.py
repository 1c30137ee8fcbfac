"""What the keys of the live view do to a schedule."""

from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from beatkit import Registry, Schedule, make_app
from beatkit.dev.live.controls import CANNOT_PAUSE, Controls, paused
from beatkit.dev.live.scene import Command, Row, Scene
from beatkit.dev.live.timing import advanced, rows

Told = SimpleQueue[str]


@pytest.fixture
def schedule(request: pytest.FixtureRequest) -> Schedule:
    registry = Registry()
    app = make_app(request.node.name, registry=registry, broker_url="memory://")

    @registry.periodic(seconds=2, name="tick", tags=["money"])
    def tick() -> None: ...

    @registry.periodic(seconds=3, name="always", even_when_paused=True)
    def always() -> None: ...

    @registry.periodic(seconds=3, name="off", enabled=False)
    def off() -> None: ...

    return Schedule(app)


@pytest.fixture
def told() -> Told:
    return SimpleQueue()


@pytest.fixture
def held() -> SimpleQueue[frozenset[str]]:
    return SimpleQueue()


@pytest.fixture
def controls(
    schedule: Schedule, told: Told, held: SimpleQueue[frozenset[str]]
) -> Iterator[Controls]:
    made = Controls(schedule, True, told.put, held.put)
    made.start()
    yield made
    made.stop()


def answer(controls: Controls, told: Told, command: Command) -> str:
    controls.do(command)
    return told.get(timeout=60)


def test_pause_and_resume(controls: Controls, told: Told, schedule: Schedule) -> None:
    assert answer(controls, told, Command("pause", "tick")) == (
        "paused tick: it stays so, also after a restart, until p is pressed again"
    )
    (pause,) = schedule.pauses()
    assert (pause.scope, pause.reason) == ("entry:tick", "beatkit dev")
    assert answer(controls, told, Command("resume", "tick")) == "resumed tick"
    assert schedule.pauses() == []


def test_an_entry_stays_paused_by_its_tag(
    controls: Controls, told: Told, schedule: Schedule
) -> None:
    schedule.pause(tag="money", reason="audit")
    said = answer(controls, told, Command("resume", "tick"))
    assert said == "tick stays paused by tag:money"


def test_what_others_pause_is_seen(
    controls: Controls, held: SimpleQueue[frozenset[str]], schedule: Schedule
) -> None:
    schedule.pause(everything=True, reason="audit")
    while held.get(timeout=60) != {"tick", "off"}:
        pass


def test_trigger(controls: Controls, told: Told, schedule: Schedule) -> None:
    assert answer(controls, told, Command("trigger", "off")) == "triggered off"
    assert [(deed.verb, deed.reason) for deed in schedule.deeds()] == [("trigger", "beatkit dev")]


def test_an_error_is_told(controls: Controls, told: Told) -> None:
    said = answer(controls, told, Command("trigger", "tock"))
    assert said.startswith("There is no entry 'tock' in the schedule of app ")


def test_another_scheduler_heeds_no_pauses(schedule: Schedule, told: Told) -> None:
    held: SimpleQueue[frozenset[str]] = SimpleQueue()
    controls = Controls(schedule, False, told.put, held.put)
    controls.start()
    assert answer(controls, told, Command("pause", "tick")) == CANNOT_PAUSE
    controls.stop()
    assert (schedule.pauses(), held.empty()) == ([], True)


def test_without_pauses_nothing_is_paused(schedule: Schedule) -> None:
    assert paused(schedule, []) == frozenset()


def test_each_entry_is_a_row_with_its_next_slot(schedule: Schedule) -> None:
    assert rows(schedule, 1_000.0) == {
        "tick": Row("tick", "every 2s", 1_002.0),
        "always": Row("always", "every 3s", 1_002.0),
        "off": Row("off", "every 3s", 1_002.0, enabled=False),
    }


def test_a_slot_that_has_come_gives_way_to_the_next(schedule: Schedule) -> None:
    scene = Scene("shop:app", rows=rows(schedule, 1_000.0))
    assert advanced(scene, schedule, 1_001.9) is scene
    later = advanced(scene, schedule, 1_002.5).rows
    assert [row.due for row in later.values()] == [1_004.0, 1_005.0, 1_005.0]
