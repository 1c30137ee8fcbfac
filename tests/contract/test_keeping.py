"""A run that is kept while another runs (`overlap="buffer_one"`), and what sends it."""

from __future__ import annotations

from typing import Any

from beatkit.store import Pending, Situation
from beatkit.store.runs import LIVE_MS, Run, Runs, Verdict
from tests.contract.benches import Bench
from tests.contract.shapes import beat
from tests.contract.test_runs import SLOT, outcome, reasons, run


def one(slot: int = SLOT + 1, **more: Any) -> Run:
    """A run that is kept while another runs, of a store that is the broker."""
    command = ("LPUSH", "celery", f"message of {more.get('id', slot - SLOT)}")
    return run(slot, **{"overlap": "buffer_one", "commands": (command,), **more})


def elsewhere(slot: int = SLOT + 1, **more: Any) -> Run:
    """The same where the store is not the broker."""
    return one(slot, commands=(), **more)


def running(bench: Bench) -> Runs:
    runs = bench.store.runs()
    runs.start(run())
    return runs


def look(bench: Bench) -> Situation:
    return bench.store.announce(beat(), expires=60_000)


def sent(bench: Bench) -> list[str]:
    return [message.decode() for message in bench.queue("celery")]


def test_where_nothing_runs_a_run_starts(bench: Bench) -> None:
    assert bench.store.runs().start(one()) == Verdict("start", SLOT + 1)


def test_a_run_is_kept_while_another_is_live_and_sent_once_when_that_ends(bench: Bench) -> None:
    runs = running(bench)
    assert runs.start(one()) == Verdict("kept", SLOT + 1)
    assert sent(bench) == []
    runs.finish(run(), "finished")
    assert sent(bench) == ["message of 1"]
    assert runs.start(one(token="sent")) == Verdict("start", SLOT + 1)
    runs.finish(one(token="sent"), "finished")
    assert (sent(bench), reasons(bench)) == (["message of 1"], [])


def test_the_newest_slot_wins_and_the_others_are_recorded(bench: Bench) -> None:
    runs = running(bench)
    asked = [outcome(runs, one(SLOT + slot)) for slot in (1, 3, 2, 4)]
    assert asked == ["kept", "kept", "overlap", "kept"]
    runs.finish(run(), "finished")
    assert sent(bench) == ["message of 4"]
    assert reasons(bench)[::-1] == [
        ("hello", SLOT + 1, "overlap", "host:7"),
        ("hello", SLOT + 2, "overlap", "host:7"),
        ("hello", SLOT + 3, "overlap", "host:7"),
    ]


def test_of_two_runs_for_one_instant_the_later_to_come_wins(bench: Bench) -> None:
    runs = running(bench)
    assert outcome(runs, one(id="by hand")) == "kept"
    assert outcome(runs, one(id="by hand again")) == "kept"
    runs.finish(run(), "finished")
    assert sent(bench) == ["message of by hand again"]
    assert reasons(bench) == [("hello", SLOT + 1, "overlap", "host:7")]


def test_a_copy_of_what_is_kept_is_kept_in_its_place(bench: Bench) -> None:
    runs = running(bench)
    assert [outcome(runs, one(token=token)) for token in "ab"] == ["kept", "kept"]
    runs.finish(run(), "finished")
    assert (sent(bench), reasons(bench)) == (["message of 1"], [])


def test_a_copy_that_starts_after_all_is_kept_no_more(bench: Bench) -> None:
    runs = running(bench)
    runs.start(one())
    bench.advance(LIVE_MS)
    assert outcome(runs, one(token="copy")) == "start"
    runs.finish(one(token="copy"), "finished")
    assert sent(bench) == []


def test_each_entry_keeps_its_own(bench: Bench) -> None:
    runs = running(bench)
    runs.start(run(entry="other"))
    runs.start(one(entry="other", id="other"))
    runs.start(one())
    runs.finish(run(), "finished")
    assert sent(bench) == ["message of 1"]


def test_what_waits_for_two_is_sent_when_both_have_ended(bench: Bench) -> None:
    runs = running(bench)
    runs.start(run(SLOT - 1))
    runs.start(one())
    runs.finish(run(), "finished")
    assert sent(bench) == []
    runs.finish(run(SLOT - 1), "torn")
    assert sent(bench) == ["message of 1"]


def test_the_end_of_an_attempt_taken_for_dead_sends_nothing_while_another_runs(
    bench: Bench,
) -> None:
    runs = running(bench)
    bench.advance(LIVE_MS)
    again = run(token="second", redelivered=True)
    assert outcome(runs, again) == "start"
    assert outcome(runs, one()) == "kept"
    runs.finish(run(), "finished")
    assert sent(bench) == []
    runs.finish(again, "finished")
    assert sent(bench) == ["message of 1"]


def test_what_waits_for_a_worker_that_died_is_sent_by_the_first_beat_that_looks(
    bench: Bench,
) -> None:
    runs = running(bench)
    runs.start(one())
    assert look(bench).waiting == ()
    assert bench.store.release(["hello"]) == ()
    bench.advance(LIVE_MS)
    assert look(bench).waiting == ("hello",)
    assert bench.store.release(["other", "hello"]) == ("hello",)
    assert bench.store.release(["hello"]) == ()
    assert look(bench).waiting == ()
    assert sent(bench) == ["message of 1"]


def test_a_worker_that_refreshes_its_mark_is_not_taken_for_dead(bench: Bench) -> None:
    runs = running(bench)
    runs.start(one())
    bench.advance(LIVE_MS - 5_000)
    runs.refresh([run()])
    bench.advance(5_000)
    assert look(bench).waiting == ("hello",)  # as far as was known when it was kept
    assert bench.store.release(["hello"]) == ()
    assert look(bench).waiting == ()
    bench.advance(LIVE_MS)
    assert bench.store.release(["hello"]) == ("hello",)


def test_what_the_broker_refuses_stays_kept_for_another_try(bench: Bench) -> None:
    bench.spoil("spoilt")
    runs = running(bench)
    runs.start(one(commands=(("LPUSH", "spoilt", "message"),)))
    runs.finish(run(), "finished")
    assert look(bench).waiting == ()
    bench.advance(1_000)
    assert look(bench).waiting == ("hello",)
    assert bench.store.release(["hello"]) == ()


def test_a_message_is_sent_as_it_is(bench: Bench) -> None:
    runs, text = running(bench), '{"a": "\\u00e9 \u20ac \U0001f600 \\"/\\\\", "b": 1e400}'
    queue = "celery\x06\x163"
    commands = (("LPUSH", queue, text.encode()), ("PEXPIRE", queue, 60_000))
    runs.start(one(commands=commands))
    runs.finish(run(), "finished")
    assert bench.queue(queue) == [text.encode()]


def test_a_torn_run_that_is_kept_runs_when_it_comes_again(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(one())
    runs.finish(one(), "torn")
    runs.start(run())
    again = one(token="again", redelivered=True)
    assert outcome(runs, again) == "kept"
    runs.finish(run(), "finished")
    assert sent(bench) == ["message of 1"]
    assert outcome(runs, one(token="sent")) == "start"


def test_a_retry_is_never_kept(bench: Bench) -> None:
    runs = running(bench)
    assert outcome(runs, one(attempt=1)) == "start"


def test_a_coalescing_run_is_kept_only_if_it_is_not_covered(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run(coalesce=True))
    assert outcome(runs, one(SLOT - 1, coalesce=True)) == "coalesced"
    assert outcome(runs, one(SLOT + 1, coalesce=True)) == "kept"


def test_where_the_store_is_not_the_broker_it_becomes_a_pending_of_nobodys(bench: Bench) -> None:
    runs = running(bench)
    runs.start(elsewhere(kind="manual", id="by hand", previous=SLOT))
    runs.finish(run(), "finished")
    now = look(bench).now
    (pending,) = look(bench).pendings
    assert pending == Pending("hello", SLOT + 1, "manual", "", 1, pending.since, SLOT, "by hand")
    assert now - 5_000 < pending.since <= now
    (taken,) = bench.store.hand_over([pending], "beat-1")
    assert taken == Pending("hello", SLOT + 1, "manual", "beat-1", 2, taken.since, SLOT, "by hand")
    assert bench.store.settle([taken]) == (True,)
    assert look(bench).pendings == ()


def test_so_it_does_when_a_beat_releases_it(bench: Bench) -> None:
    runs = running(bench)
    runs.start(elsewhere())
    bench.advance(LIVE_MS)
    assert bench.store.release(["hello"]) == ("hello",)
    (pending,) = look(bench).pendings
    assert (pending.id, pending.by, pending.attempt) == (f"id-{SLOT + 1}", "", 1)
