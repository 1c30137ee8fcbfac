"""What the store tells about the past, and what it leaves behind for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from beatkit.store import Action, Missed, Pending
from beatkit.store.events import EVENTS_A_RUN, Event
from beatkit.store.history import SILENCES, Silence
from beatkit.store.redis_history import RedisHistory
from beatkit.store.rules import FORGET_MS
from beatkit.store.runs import LIVE_MS, Run
from tests.contract.benches import Bench, RedisBench
from tests.contract.shapes import beat, in_force, only, push, seed_one, told
from tests.servers import ValkeyServer

SLOT = 1_700_000_000_000
LIFE = 60_000


def run(slot: int = SLOT, **more: Any) -> Run:
    return Run("hello", slot, more.pop("id", f"id-{slot}"), "first", "worker@host", **more)


def test_a_slot_that_is_sent_is_told_once_however_often_it_is_claimed(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    claim = push(at, at + 15, kind="catch_up")

    decision = bench.store.claim(writer, [claim])
    bench.store.claim(writer, [claim])

    sent = Event("sent", decision.now, "hello", at + 15, "catch_up", "beat-1")
    assert told(bench.store) == [sent]
    assert bench.store.history().lasts(["hello", "other"]).sent == {"hello": sent}


def test_a_slot_whose_message_is_refused_is_not_told(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.spoil("celery")
    assert only(bench.store.claim(writer, [push(at, at + 15)])).outcome == "failed"
    assert told(bench.store) == []
    assert bench.store.history().lasts(["hello"]).sent == {}


def test_a_batch_is_told_in_its_order(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    over = Missed(at + 16, at + 20, 5, "latest")
    bench.store.act(Action("pause", ("*",), reason="month's\tend"))

    bench.store.claim(
        writer,
        [
            push(at, at + 15),
            push(at + 15, at + 21, missed=over),
            push(at + 21, at + 22, act="miss"),
            push(at + 22, at + 23, scopes=("*",)),
        ],
    )

    assert [(one.what, one.first, one.slot, one.count, one.why) for one in told(bench.store)] == [
        ("sent", 0, at + 15, 1, ""),
        ("missed", at + 16, at + 20, 5, "latest"),
        ("sent", 0, at + 21, 1, ""),
        ("missed", at + 22, at + 22, 1, "empty"),
        ("missed", at + 23, at + 23, 1, "paused: month's end"),
    ]


@pytest.mark.parametrize(
    ("known", "reason"), [("paused", "paused: month's end"), ("deadline", "deadline")]
)
def test_a_paused_slot_that_a_beat_passes_over_itself_is_told_once(
    bench: Bench, known: Any, reason: str
) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.act(Action("pause", ("*",), reason="month's end"))
    over = Missed(at + 5, at + 15, 3, known)

    bench.store.claim(writer, [push(at, at + 15, act="miss", missed=over, scopes=("*",))])

    assert [(one.what, one.first, one.slot, one.count, one.why) for one in told(bench.store)] == [
        ("missed", at + 5, at + 15, 3, reason),
    ]


def test_a_claimed_slot_is_sent_once_it_is_reported_as_published(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    claimed = bench.store.claim(writer, [push(at, at + 15, act="pend")]).now
    pending = Pending("hello", at + 15, "scheduled", "beat-1", 1, claimed, at)
    past = bench.store.history().past()
    assert (past.events, past.pendings) == ((), (pending,))

    bench.advance(3_000)
    assert bench.store.settle([pending, pending]) == (True, False)

    (sent,) = told(bench.store)
    assert (sent.what, sent.slot, sent.by) == ("sent", at + 15, "beat-1")
    assert sent.at >= claimed + 3_000
    assert bench.store.history().lasts(["hello"]).sent == {"hello": sent}


def test_a_claimed_slot_that_is_given_up_is_missed(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    claimed = bench.store.claim(writer, [push(at, at + 15, act="pend")]).now
    pending = Pending("hello", at + 15, "scheduled", "beat-1", 1, claimed, at)

    bench.store.drop([pending, pending], "gone")

    (missed,) = told(bench.store)
    assert (missed.what, missed.first, missed.slot, missed.why) == (
        "missed", at + 15, at + 15, "gone",
    )  # fmt: skip
    assert bench.store.history().past().pendings == ()


def test_a_run_is_told_when_it_starts_and_when_it_ends(bench: Bench) -> None:
    runs, history = bench.store.runs(), bench.store.history()
    runs.start(run(kind="manual"))
    (start,) = told(bench.store)
    assert start == Event(
        "started", start.at, "hello", SLOT, "manual", "worker@host", f"id-{SLOT}", given=SLOT
    )
    assert history.past().live == {("hello", SLOT, f"id-{SLOT}")}
    assert history.lasts(["hello"]).ran == {"hello": start}

    bench.advance(2_000)
    runs.finish(run(kind="manual"), "finished", state="FAILURE", took=1_990, ago=4)

    _, end = told(bench.store)
    assert end == Event(
        "ended", end.at, "hello", SLOT, "manual", "worker@host", f"id-{SLOT}",
        given=SLOT, took=1_990, why="FAILURE",
    )  # fmt: skip
    assert end.at >= start.at + 1_996
    assert history.past().live == set()
    assert history.lasts(["hello"]).ran == {"hello": end}


def test_an_end_that_is_told_again_after_a_lost_reply_is_one_event(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    for _ in range(2):
        runs.finish(run(), "finished", state="SUCCESS", took=5)
    assert [one.what for one in told(bench.store)] == ["started", "ended"]


def test_a_run_whose_worker_says_nothing_more_is_not_live(bench: Bench) -> None:
    bench.store.runs().start(run())
    bench.advance(LIVE_MS)
    assert bench.store.history().past().live == set()
    assert bench.store.history().lasts(["hello"]).live == set()


def test_a_run_that_was_started_while_the_store_was_away_is_told_at_its_end(bench: Bench) -> None:
    now = bench.store.read([]).now
    bench.store.runs().finish(run(), "finished", state="SUCCESS", took=500, ago=60_000)
    (end,) = told(bench.store)
    assert (end.why, end.took) == ("SUCCESS", 500)
    assert now - 60_000 <= end.at < now - 50_000
    assert bench.store.history().lasts(["hello"]).ran == {"hello": end}


def test_of_runs_that_go_on_at_a_time_the_last_is_the_one_that_started_last(bench: Bench) -> None:
    runs, history = bench.store.runs(), bench.store.history()
    runs.start(run())
    bench.advance(1_000)
    runs.start(run(SLOT + 1))
    bench.advance(1_000)
    runs.finish(run(), "finished", state="SUCCESS", took=2_000)
    assert history.lasts(["hello"]).ran["hello"].id == f"id-{SLOT + 1}"
    runs.finish(run(SLOT + 1), "finished", state="SUCCESS", took=1_000)
    last = history.lasts(["hello"]).ran["hello"]
    assert (last.what, last.id) == ("ended", f"id-{SLOT + 1}")


def test_a_skip_is_told_and_is_no_run(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    runs.start(run(SLOT + 1, overlap="skip"))
    _, skip = told(bench.store)
    assert skip == Event(
        "skipped", skip.at, "hello", SLOT + 1, by="worker@host", id=f"id-{SLOT + 1}", why="overlap"
    )
    assert bench.store.history().lasts(["hello"]).ran["hello"].slot == SLOT


def test_the_history_is_bounded_and_the_last_run_is_kept_apart(bench: Bench) -> None:
    bench.limit_history(10)
    writer, runs, history = in_force(bench.store), bench.store.runs(), bench.store.history()
    yearly = Run("yearly", SLOT, "id", "token", "worker@host")
    runs.start(yearly)
    runs.finish(yearly, "finished", state="SUCCESS", took=5)
    at = seed_one(bench.store, writer)
    for slot in range(at, at + 40):
        bench.store.claim(writer, [push(slot, slot + 1)])
    assert [one.slot for one in told(bench.store)] == list(range(at + 11, at + 41))
    assert EVENTS_A_RUN == 3
    assert [one.slot for one in history.past(newest=2).events] == [at + 39, at + 40]
    assert history.past(newest=100).events == history.past().events
    last = history.lasts(["yearly"]).ran["yearly"]
    assert (last.what, last.why, last.took) == ("ended", "SUCCESS", 5)


def test_a_history_of_none_keeps_the_last_of_each_entry(bench: Bench) -> None:
    bench.limit_history(0)
    writer, runs = in_force(bench.store), bench.store.runs()
    at = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(at, at + 1)])
    runs.start(run())
    runs.finish(run(), "finished", state="SUCCESS")
    assert told(bench.store) == []
    lasts = bench.store.history().lasts(["hello"])
    assert (lasts.sent["hello"].slot, lasts.ran["hello"].why) == (at + 1, "SUCCESS")


def test_an_entry_that_is_forgotten_takes_its_last_with_it(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(at, at + 1)])
    bench.store.runs().start(run())
    bench.store.seed(writer, [], ["hello"])
    bench.advance(FORGET_MS)
    bench.store.seed(writer, [], ["hello"])
    lasts = bench.store.history().lasts(["hello"])
    assert (lasts.sent, lasts.ran) == ({}, {})


def test_a_wiped_store_has_no_past(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(at, at + 1)])
    bench.store.runs().start(run())
    bench.wipe()
    past, lasts = bench.store.history().past(), bench.store.history().lasts(["hello"])
    assert (past.events, past.live, past.pendings) == ((), set(), ())
    assert past.silences == (Silence(0, None),)
    assert (lasts.sent, lasts.ran, lasts.live) == ({}, {}, set())


def test_names_may_have_blanks_tabs_and_letters_of_any_script(bench: Bench) -> None:
    writer, name = in_force(bench.store), "Tägliche\tAbrechnung für 東京"
    at = seed_one(bench.store, writer, name)
    bench.store.claim(writer, [push(at, at + 1, name)])
    made = Run(name, at + 1, "id", "token", "worker@host")
    bench.store.runs().start(made)
    bench.store.runs().finish(made, "finished", state="SUCCESS")
    assert [(one.what, one.entry) for one in told(bench.store)] == [
        ("sent", name), ("started", name), ("ended", name),
    ]  # fmt: skip
    assert bench.store.history().lasts([name]).ran[name].why == "SUCCESS"


def test_before_the_first_beat_and_while_none_lives_there_is_silence(bench: Bench) -> None:
    history = bench.store.history()
    first = bench.store.announce(beat("a"), expires=LIFE).now
    assert history.past().silences == (Silence(0, first),)
    bench.advance(30_000)
    heard = bench.store.announce(beat("a"), expires=LIFE).now
    bench.advance(LIFE)
    assert history.past().silences == (Silence(0, first), Silence(heard, None))
    bench.advance(1_000)
    again = bench.store.announce(beat("b"), expires=LIFE).now
    assert history.past().silences == (Silence(0, first), Silence(heard, again))


def test_where_a_standby_lives_on_there_is_no_silence(bench: Bench) -> None:
    first = bench.store.announce(beat("a"), expires=LIFE).now
    bench.store.announce(beat("b"), expires=LIFE)
    bench.store.announce(beat("a"), expires=0)
    bench.advance(30_000)
    bench.store.announce(beat("b"), expires=LIFE)
    bench.advance(30_000)
    bench.store.announce(beat("c"), expires=LIFE)
    assert bench.store.history().past().silences == (Silence(0, first),)


def test_a_silence_begins_when_the_last_beat_leaves_and_who_only_looks_ends_none(
    bench: Bench,
) -> None:
    first = bench.store.announce(beat("a"), expires=LIFE).now
    bench.advance(5_000)
    left = bench.store.announce(beat("a"), expires=0).now
    bench.advance(5_000)
    bench.store.announce(beat("status"), expires=0)
    assert bench.store.history().past().silences == (Silence(0, first), Silence(left, None))


def test_the_newest_silences_are_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SILENCES == 1_000
    monkeypatch.setattr("beatkit.store.redis.SILENCES", 3)
    monkeypatch.setattr("beatkit.store.steps.SILENCES", 3)
    ends = []
    for _ in range(5):
        ends.append(bench.store.announce(beat("a"), expires=LIFE).now)
        bench.store.announce(beat("a"), expires=0)
        bench.advance(1_000)
    kept = bench.store.history().past().silences
    assert [one.until for one in kept] == [*ends[2:], None]


@pytest.mark.parametrize("history", [0, 10_000])
def test_the_history_costs_neither_claims_nor_runs_a_round_trip(
    valkey: ValkeyServer, history: int
) -> None:
    bench = RedisBench(valkey.url())
    bench.limit_history(history)
    writer, runs = in_force(bench.store), bench.store.runs()
    at = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(at, at + 1)])
    runs.start(run(at + 1))
    runs.finish(run(at + 1), "finished", state="SUCCESS")  # the server knows all scripts now
    bench.redis.config_resetstat()
    for slot in range(at + 1, at + 11):
        bench.store.claim(writer, [push(slot, slot + 1)])
        runs.start(run(slot + 1))
        runs.finish(run(slot + 1), "finished", state="SUCCESS")
    calls = {name: row["calls"] for name, row in bench.redis.info("commandstats").items()}
    sent_by_us = {"evalsha", "eval", "config|resetstat", "info"}
    asked = {name: calls.get(f"cmdstat_{name}", 0) for name in sent_by_us}
    assert asked == {"evalsha": 30, "eval": 0, "config|resetstat": 1, "info": 0}
    assert len(told(bench.store)) == (33 if history else 0)
    bench.store.close()
    bench.redis.close()


@pytest.fixture
def while_looking(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Let something happen between the two looks of a store that takes two, else before."""
    looked = RedisHistory._live

    def arrange(happens: Callable[[], object]) -> None:
        if not isinstance(bench, RedisBench):
            happens()

        def look(history: Any, *how: Any) -> Any:
            monkeypatch.setattr(RedisHistory, "_live", looked)
            happens()
            return looked(history, *how)

        monkeypatch.setattr(RedisHistory, "_live", look)

    return arrange


def test_a_run_that_ends_while_one_looks_is_not_lost(
    bench: Bench, while_looking: Callable[[Any], None]
) -> None:
    runs = bench.store.runs()
    runs.start(run())
    while_looking(lambda: runs.finish(run(), "finished", state="SUCCESS", took=3))
    past = bench.store.history().past()
    assert ([one.what for one in past.events], past.live) == (["started", "ended"], set())


def test_a_last_run_that_ends_while_one_looks_is_not_lost(
    bench: Bench, while_looking: Callable[[Any], None]
) -> None:
    runs = bench.store.runs()
    runs.start(run())
    while_looking(lambda: runs.finish(run(), "finished", state="SUCCESS", took=3))
    lasts = bench.store.history().lasts(["hello"])
    assert (lasts.ran["hello"].what, lasts.live) == ("ended", set())


def test_a_run_that_starts_while_one_looks_goes_on(
    bench: Bench, while_looking: Callable[[Any], None]
) -> None:
    runs = bench.store.runs()
    first, next_ = run(), run(SLOT + 15)
    runs.start(first)

    def happens() -> None:
        runs.finish(first, "finished", state="SUCCESS", took=3)
        runs.start(next_)

    while_looking(happens)
    past = bench.store.history().past()
    assert past.live == {("hello", SLOT + 15, next_.id)}


def test_a_run_whose_worker_died_is_not_live(bench: Bench) -> None:
    bench.store.runs().start(run())
    bench.advance(LIVE_MS + 1)
    past = bench.store.history().past()
    assert ([one.what for one in past.events], past.live) == (["started"], set())
    assert bench.store.history().lasts(["hello"]).live == set()
