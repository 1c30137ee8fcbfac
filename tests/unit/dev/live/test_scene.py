"""The live view's scene: what events and keys make of it."""

from __future__ import annotations

import pytest

from beatkit.dev.events import Event, Kind
from beatkit.dev.live.scene import (
    MOST_RUNS,
    Command,
    Row,
    Scene,
    held,
    in_view,
    pressed,
    seen,
    stopping,
    summary,
    told,
)

NOW = 1_000.0
ROWS = {
    "b": Row("b", "every 2s", due=1_001.0),
    "a": Row("a", "every 9s", due=1_009.0),
    "c": Row("c", "every 5s", due=1_005.0),
}
SCENE = Scene("shop:app", rows=ROWS)


def event(kind: Kind, name: str = "a", task_id: str = "1") -> Event:
    return Event(kind, task_id, name, NOW, 0.0, seconds=None if kind == "started" else 1.5)


def after(scene: Scene, *keys: str) -> Scene:
    for key in keys:
        scene, _ = pressed(scene, key, NOW, page=2)
    return scene


def test_a_run_is_under_way_until_it_ends() -> None:
    started = seen(SCENE, event("started"))
    assert started.running == {"1": event("started")}
    ended = seen(started, event("failed"))
    assert (ended.running, ended.runs) == ({}, (event("failed"),))
    assert ended.last == {"a": event("failed")}
    assert ended.counts == {"failed": 1}


def test_a_slot_sent_changes_nothing_that_is_shown() -> None:
    assert seen(SCENE, event("sent")) is SCENE


def test_only_the_newest_runs_are_kept() -> None:
    scene = SCENE
    for number in range(MOST_RUNS + 5):
        scene = seen(scene, event("ran", task_id=str(number)))
    assert [run.task_id for run in scene.runs[:2]] == [str(MOST_RUNS + 4), str(MOST_RUNS + 3)]
    assert len(scene.runs) == MOST_RUNS
    assert scene.counts == {"ran": MOST_RUNS + 5}


def test_the_next_to_be_sent_come_first() -> None:
    assert [row.name for row in in_view(SCENE, 3)] == ["b", "c", "a"]
    assert [row.name for row in in_view(SCENE, 2)] == ["b", "c"]


def test_what_is_paused_off_or_ended_comes_last() -> None:
    rows = {
        "ended": Row("ended", "", due=None),
        "off": Row("off", "", due=1.0, enabled=False),
        "on": Row("on", "", due=2.0),
        "paused": Row("paused", "", due=1.0, paused=True),
    }
    names = [row.name for row in in_view(Scene("shop:app", rows=rows), 4)]
    assert names == ["on", "ended", "off", "paused"]


def test_choosing_starts_at_the_top_and_then_goes_by_name() -> None:
    assert after(SCENE, "down").chosen == "b"
    assert [row.name for row in in_view(after(SCENE, "down"), 3)] == ["a", "b", "c"]
    assert after(SCENE, "down", "down").chosen == "c"
    assert after(SCENE, "down", "down", "down").chosen == "c"
    assert after(SCENE, "down", "up").chosen == "a"
    assert after(SCENE, "down", "home").chosen == "a"
    assert after(SCENE, "down", "end").chosen == "c"
    assert after(SCENE, "down", "home", "page down").chosen == "c"
    assert after(SCENE, "k", "j").chosen == "c"
    assert after(SCENE, "down", "escape").chosen is None


def test_an_empty_schedule_has_nothing_to_choose() -> None:
    assert after(Scene("shop:app"), "down").chosen is None


@pytest.mark.parametrize("chosen", [f"{number:03}" for number in range(0, 200, 7)])
def test_the_chosen_entry_is_always_in_view(chosen: str) -> None:
    rows = {f"{number:03}": Row(f"{number:03}", "", due=NOW) for number in range(200)}
    shown = [row.name for row in in_view(Scene("shop:app", rows=rows, chosen=chosen), 10)]
    assert chosen in shown
    assert len(shown) == 10
    assert shown == sorted(shown)


def test_keys_act_on_the_chosen_entry() -> None:
    scene = after(SCENE, "down")
    assert pressed(scene, "t", NOW, 2) == (scene, Command("trigger", "b"))
    assert pressed(scene, "p", NOW, 2) == (scene, Command("pause", "b"))
    paused = held(scene, ["b"])
    assert pressed(paused, "p", NOW, 2) == (paused, Command("resume", "b"))


def test_without_a_choice_keys_ask_for_one() -> None:
    scene, command = pressed(SCENE, "t", NOW, 2)
    assert command is None
    assert scene.notice == ("choose an entry first, with the arrow keys", NOW + 8)


def test_a_single_entry_needs_no_choice() -> None:
    scene = Scene("shop:app", rows={"a": ROWS["a"]})
    assert pressed(scene, "t", NOW, 2) == (scene, Command("trigger", "a"))


def test_while_it_stops_nothing_is_triggered() -> None:
    scene, command = pressed(stopping(after(SCENE, "down"), again=False), "t", NOW, 2)
    assert (command, scene.notice[0]) == (None, "it is stopping")


def test_other_keys() -> None:
    assert pressed(SCENE, "q", NOW, 2) == (SCENE, Command("quit"))
    assert after(SCENE, "o").only_output
    assert not after(SCENE, "o", "o").only_output
    assert not after(SCENE, "o", "down").only_output
    assert pressed(SCENE, "x", NOW, 2) == (SCENE, None)


def test_pauses_are_those_of_the_last_look() -> None:
    both = held(SCENE, ["a", "b", "gone"])
    assert [row.name for row in both.rows.values() if row.paused] == ["b", "a"]
    assert held(held(SCENE, ["a"]), []).rows == SCENE.rows


def test_stopping_takes_the_place_of_a_notice() -> None:
    assert stopping(told(SCENE, "triggered a", NOW), again=False) == Scene(
        "shop:app", rows=ROWS, stopping="for good", notice=("", 0.0)
    )


def test_the_summary() -> None:
    assert summary(SCENE) == "beatkit dev shop:app has ended: no run"
    again = stopping(seen(SCENE, event("ran")), again=True)
    assert summary(again) == "beatkit dev shop:app starts again: 1 ran"
