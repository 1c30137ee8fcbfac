"""What people do to a running schedule: pauses that hold and end, and the record of actions."""

from __future__ import annotations

from dataclasses import replace

from beatkit.store import ACTIONS, Action, Pause, Progress
from beatkit.store.actions import ENDED_MS
from beatkit.store.runs import Run
from tests.contract.benches import Bench
from tests.contract.shapes import beat, in_force, outcomes, push, seed_one, told

PAUSE = Action("pause", ("entry:a", "tag:x y"), "ann@desk", "month's end\nsecond line")


def test_a_pause_of_several_scopes_says_who_when_and_why(bench: Bench) -> None:
    done = bench.store.act(PAUSE)
    kept = Pause(PAUSE.reason, "ann@desk", done.now)
    assert done.pauses == {"entry:a": kept, "tag:x y": kept}
    assert bench.store.pauses().pauses == done.pauses
    assert bench.store.announce(beat(), expires=1).paused == done.pauses


def test_a_resume_lifts_just_what_it_names(bench: Bench) -> None:
    first = bench.store.act(PAUSE)
    after = bench.store.act(Action("resume", ("entry:a", "entry:unknown")))
    assert after.pauses == {"tag:x y": first.pauses["tag:x y"]}


def test_a_pause_with_an_end_lets_the_slot_at_that_end_be_sent(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    end = bench.store.act(replace(PAUSE, until=at + 60_000)).pauses["entry:a"].until
    assert end == at + 60_000
    claim = push(at, at + 1, scopes=("entry:a",))
    assert outcomes(bench.store.claim(writer, [claim])) == ["withheld"]

    bench.advance(60_000)

    assert bench.store.announce(beat(), expires=60_000).paused == {}
    assert bench.store.pauses().pauses == {}
    claim = push(at + 1, end, not_before=end, scopes=("entry:a",))
    assert outcomes(bench.store.claim(writer, [claim])) == ["sent"]


def test_what_came_due_in_a_pause_is_not_sent_after_its_end(bench: Bench) -> None:
    """No beat need have lived in it: a deployment pauses, and stops all of them."""
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.act(replace(PAUSE, scopes=("entry:a",), until=at + 60_000))
    bench.advance(120_000)

    claims = [
        push(at, at + 59_999, scopes=("entry:a",)),
        push(at + 59_999, at + 60_000, scopes=("entry:a",)),
    ]
    inside, end = bench.store.claim(writer, claims).answers

    assert (inside.outcome, inside.progress) == ("withheld", at + 59_999)
    assert inside.detail == f"paused: {PAUSE.reason}"
    assert end.outcome == "sent"


def test_what_came_due_in_a_pause_is_not_sent_after_it_was_lifted(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.advance(1_000)
    began = bench.store.act(Action("pause", ("*",), reason="the first")).now
    bench.advance(60_000)
    bench.store.act(Action("pause", ("*",), reason="and on"))  # it goes on, it does not begin anew
    bench.advance(60_000)
    lifted = bench.store.act(Action("resume", ("*",)))
    again = bench.store.act(Action("resume", ("*",)))  # changes nothing
    bench.advance(60_000)

    assert lifted.pauses == again.pauses == bench.store.announce(beat(), expires=1).paused == {}
    claims = [
        push(at, began, scopes=("*",)),
        push(began, lifted.now - 1, scopes=("*",)),
        push(lifted.now - 1, lifted.now, scopes=("*",)),
    ]
    assert outcomes(bench.store.claim(writer, claims)) == ["withheld", "withheld", "sent"]


def test_a_pause_that_goes_on_has_begun_when_it_began(bench: Bench) -> None:
    began = bench.store.act(Action("pause", ("*",), reason="the first")).now
    bench.advance(60_000)
    done = bench.store.act(Action("pause", ("*",), "bob@desk", "and on"))
    assert done.pauses == {"*": Pause("and on", "bob@desk", began)}
    bench.store.act(Action("resume", ("*",)))
    bench.advance(1_000)
    anew = bench.store.act(Action("pause", ("*",)))
    assert anew.pauses == {"*": Pause("", "-", anew.now)}


def test_a_pause_is_forgotten_a_week_after_its_end(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    ends = at + 60_000
    bench.store.act(replace(PAUSE, scopes=("entry:a",), until=ends))
    bench.advance(60_000 + ENDED_MS)
    writer = in_force(bench.store)
    assert outcomes(bench.store.claim(writer, [push(at, at + 1, scopes=("entry:a",))])) == ["sent"]


def test_each_action_is_on_record_the_newest_first(bench: Bench) -> None:
    ends = bench.store.pauses().now + 5_000
    paused = bench.store.act(replace(PAUSE, until=ends)).now
    resume = Action("resume", ("entry:a",), "bob@desk")
    resumed = bench.store.act(resume).now
    trigger = Action("trigger", ("entry:a",), "bob@desk", "customer waits", task_id="id-1")
    triggered = bench.store.act(trigger).now
    assert bench.store.actions() == (
        replace(trigger, at=triggered),
        replace(resume, at=resumed),
        replace(PAUSE, until=ends, at=paused),
    )
    assert bench.store.actions(1) == (replace(trigger, at=triggered),)


SKIP = Action("skip_next", ("skip:hello",), "ann@desk", "the printer is out")


def test_the_next_slot_is_skipped_once_and_recorded(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    kept = bench.store.act(SKIP)
    assert kept.pauses == {"skip:hello": Pause(SKIP.reason, "ann@desk", kept.now)}
    claims = [push(at, at + 1), push(at + 1, at + 2)]
    first, second = bench.store.claim(writer, claims).answers
    assert (first.outcome, first.progress) == ("withheld", at + 1)
    assert (first.detail, second.outcome) == ("skipped: the printer is out", "sent")
    missed, sent = told(bench.store)
    assert (missed.what, missed.slot, missed.why, sent.slot) == (
        "missed", at + 1, "skipped: the printer is out", at + 2,
    )  # fmt: skip
    assert bench.store.pauses().pauses == {}
    assert bench.queue("celery") == [f"hello@{at + 2}".encode()]


def test_a_skip_is_not_used_up_by_what_is_not_sent_anyway(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.act(SKIP)
    bench.store.act(Action("pause", ("*",), reason="x"))
    missed = push(at, at + 1, act="miss", commands=())
    paused = push(at + 1, at + 2, scopes=("*",))
    answers = bench.store.claim(writer, [missed, paused]).answers
    assert [one.outcome for one in answers] == ["missed", "withheld"]
    assert bench.store.act(Action("resume", ("*",))).pauses.keys() == {"skip:hello"}
    assert outcomes(bench.store.claim(writer, [push(at + 2, at + 3)])) == ["withheld"]


def test_a_skip_is_undone_by_a_resume_and_decides_a_reservation_at_once(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.act(SKIP)
    bench.store.act(Action("resume", ("skip:hello",)))
    assert outcomes(bench.store.reserve(writer, [push(at, at + 1)])) == ["reserved"]
    bench.store.act(SKIP)
    assert outcomes(bench.store.reserve(writer, [push(at, at + 1)])) == ["withheld"]
    assert outcomes(bench.store.claim(writer, [push(at + 1, at + 2)])) == ["sent"]


def test_what_is_kept_of_an_entry_is_forgotten(bench: Bench) -> None:
    writer = in_force(bench.store)
    for entry in ("hello", "other"):
        seed_one(bench.store, writer, entry)
    runs = bench.store.runs()  # type: ignore[attr-defined]
    run = Run("hello", 1, "id", "token")
    assert [runs.start(run).outcome, runs.start(run).outcome] == ["start", "duplicate"]
    bench.store.act(SKIP)
    bench.store.act(replace(PAUSE, scopes=("entry:hello", "entry:other")))

    done = bench.store.act(Action("forget", ("entry:hello",), "ann@desk"))

    assert done.pauses.keys() == {"entry:other"}
    assert bench.store.read().progress.keys() == {"other"}
    assert runs.start(run).outcome == "start"


def test_what_an_entry_owes_is_forgotten_and_it_goes_on_from_now(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.advance(60_000)
    done = bench.store.act(Action("forget", ("slots:hello", "slots:unknown")))
    assert bench.store.read().progress == {"hello": Progress(done.now, "f1")}
    assert outcomes(bench.store.claim(writer, [push(at, at + 1)])) == ["decided"]


def test_the_record_is_bounded(bench: Bench) -> None:
    for number in range(ACTIONS + 150):
        bench.store.act(Action("trigger", ("entry:a",), task_id=str(number)))
    kept = bench.store.actions(10 * ACTIONS)
    assert kept[0].task_id == str(ACTIONS + 149)
    assert ACTIONS <= len(kept) < ACTIONS + 150
