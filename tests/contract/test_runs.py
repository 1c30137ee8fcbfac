"""What workers ask the store before and after a task's body."""

from __future__ import annotations

from typing import Any

from beatkit.store.runs import (
    KEEP_MS,
    LIVE_MS,
    MARKS,
    YOUNG_MARKS,
    YOUNG_MS,
    Run,
    Runs,
    Verdict,
)
from tests.contract.benches import Bench
from tests.contract.shapes import in_force, push, seed_one, told

SLOT = 1_700_000_000_000


def run(slot: int = SLOT, **more: Any) -> Run:
    made = {"id": f"id-{slot}", "token": "first", "by": "host:7", **more}
    return Run(entry=made.pop("entry", "hello"), slot=slot, **made)


def outcome(runs: Runs, asked: Run) -> str:
    return runs.start(asked).outcome


def reasons(bench: Bench) -> list[tuple[str, int, str, str]]:
    rows = [event for event in told(bench.store) if event.what == "skipped"]
    return [(row.entry, row.slot, row.why, row.by) for row in reversed(rows)]


def test_a_run_never_seen_before_starts(bench: Bench) -> None:
    assert bench.store.runs().start(run()) == Verdict("start", SLOT)


def test_a_copy_of_a_started_message_is_a_duplicate(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    assert outcome(runs, run(token="second")) == "duplicate"
    bench.advance(LIVE_MS)
    assert outcome(runs, run(token="second")) == "duplicate"
    assert reasons(bench) == [("hello", SLOT, "duplicate", "host:7")] * 2


def test_a_finished_message_is_a_duplicate_redelivered_or_not(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    runs.finish(run(), "finished")
    assert outcome(runs, run(token="second")) == "duplicate"
    assert outcome(runs, run(token="second", redelivered=True)) == "duplicate"


def test_a_redelivered_message_waits_for_the_end_of_a_live_mark_and_then_runs(
    bench: Bench,
) -> None:
    runs, again = bench.store.runs(), run(token="second", redelivered=True)
    runs.start(run())
    held = runs.start(again)
    assert held.outcome == "held"
    assert LIVE_MS - 5_000 < held.wait <= LIVE_MS
    bench.advance(held.wait)
    assert outcome(runs, again) == "start"
    assert reasons(bench) == []


def test_a_refreshed_mark_lives_on(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    for _ in range(3):
        bench.advance(LIVE_MS - 5_000)
        runs.refresh([run()])
    assert outcome(runs, run(token="second", redelivered=True)) == "held"


def test_a_refresh_that_comes_late_revives_nothing(bench: Bench) -> None:
    runs, again = bench.store.runs(), run(token="second", redelivered=True)
    runs.start(run())
    runs.finish(run(), "torn")
    runs.refresh([run()])
    assert outcome(runs, again) == "start"
    runs.finish(again, "finished")
    runs.refresh([run(), again])
    assert outcome(runs, run(token="third", redelivered=True)) == "duplicate"


def test_a_torn_run_runs_again_only_if_it_is_redelivered(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    runs.finish(run(), "torn")
    assert outcome(runs, run(token="second")) == "duplicate"
    assert outcome(runs, run(token="second", redelivered=True)) == "start"


def test_a_run_that_was_handed_on_is_over_for_copies_and_not_for_what_goes_on_it(
    bench: Bench,
) -> None:
    runs = bench.store.runs()
    runs.start(run())
    runs.finish(run(), "handed_on")
    assert outcome(runs, run(token="second", redelivered=True)) == "duplicate"
    assert outcome(runs, run(token="second", attempt=1)) == "start"
    runs.finish(run(token="second", attempt=1), "finished")
    assert outcome(runs, run(token="third")) == "duplicate"


def test_a_copy_of_a_retry_does_not_run_beside_it(bench: Bench) -> None:
    runs, retry = bench.store.runs(), run(token="retry", attempt=1)
    runs.start(run())
    runs.finish(run(), "handed_on")
    assert outcome(runs, retry) == "start"
    copy = run(token="copy", attempt=1, redelivered=True)
    assert outcome(runs, copy) == "held"
    assert outcome(runs, run(token="first again", redelivered=True)) == "duplicate"
    assert outcome(runs, run(token="next", attempt=2)) == "start"
    runs.finish(run(token="next", attempt=2), "finished")
    assert outcome(runs, copy) == "duplicate"


def test_a_retry_whose_worker_died_runs_again_whatever_else_runs_or_is_late(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run(token="retry", attempt=3))
    bench.advance(LIVE_MS)
    runs.start(run(SLOT + 1, coalesce=True))
    policy = {"not_after": 1, "coalesce": True, "overlap": "skip"}
    assert outcome(runs, run(token="again", attempt=3, redelivered=True, **policy)) == "start"


def test_the_end_of_a_run_that_had_itself_retried_meanwhile_leaves_the_retrys_mark(
    bench: Bench,
) -> None:
    runs, retry = bench.store.runs(), run(token="retry", attempt=1)
    runs.start(run())
    runs.start(retry)
    runs.finish(retry, "torn")
    runs.finish(run(), "finished")
    assert outcome(runs, run(token="again", attempt=1, redelivered=True)) == "start"


def test_a_message_that_was_started_while_the_store_was_away_is_known_from_its_end(
    bench: Bench,
) -> None:
    runs = bench.store.runs()
    runs.finish(run(), "finished")
    assert outcome(runs, run(token="second")) == "duplicate"


def test_a_message_that_was_started_while_the_store_was_away_is_known_from_a_refresh(
    bench: Bench,
) -> None:
    runs = bench.store.runs()
    runs.refresh([run(), run(entry="other")])
    assert outcome(runs, run(token="second", redelivered=True)) == "held"
    assert outcome(runs, run(token="second", entry="other")) == "duplicate"


def test_the_end_of_an_attempt_leaves_the_live_mark_of_another(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    runs.finish(run(token="while away"), "finished")
    assert outcome(runs, run(token="third", redelivered=True)) == "held"


def test_a_run_starts_until_its_deadline_and_not_after(bench: Bench) -> None:
    runs = bench.store.runs()
    now = bench.store.read([]).now
    assert outcome(runs, run(not_after=now + 5_000)) == "start"
    bench.advance(10_000)
    assert outcome(runs, run(SLOT + 1, not_after=now + 5_000)) == "deadline"
    assert reasons(bench) == [("hello", SLOT + 1, "deadline", "host:7")]


def test_a_retry_passes_deadline_coalescing_and_overlap(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run(SLOT + 1, coalesce=True))
    late = run(not_after=1, coalesce=True, overlap="skip", attempt=1)
    assert runs.start(late) == Verdict("start", SLOT)


def decided(bench: Bench, after: int = 15_000) -> int:
    """Seed the entry and decide one slot; return it."""
    writer = in_force(bench.store)
    start = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(start, start + after)])
    return start + after


def test_a_coalescing_start_is_given_the_newest_slot_and_covers_the_others(bench: Bench) -> None:
    runs, newest = bench.store.runs(), decided(bench)
    backlog = [newest - 15_000 * back for back in range(5)]
    oldest = backlog.pop()
    assert runs.start(run(oldest, coalesce=True)) == Verdict("start", newest)
    assert [outcome(runs, run(slot, coalesce=True)) for slot in backlog] == ["coalesced"] * 4
    assert reasons(bench) == [("hello", slot, "coalesced", "host:7") for slot in reversed(backlog)]
    assert runs.start(run(newest + 15_000, coalesce=True)) == Verdict("start", newest + 15_000)


def test_a_countdown_leaves_what_it_still_holds_back_to_runs_of_its_own(bench: Bench) -> None:
    runs, newest = bench.store.runs(), decided(bench)
    due = bench.store.read([]).now - 30_000

    def delayed(slot: int) -> Run:
        return run(slot, coalesce=True, delay=30_000)

    assert runs.start(delayed(due - 20_000)) == Verdict("start", due - 20_000)
    assert outcome(runs, delayed(due - 10_000)) == "coalesced"
    assert runs.start(delayed(due + 10_000)) == Verdict("start", due + 10_000)
    bench.advance(newest - due)
    assert runs.start(delayed(due + 20_000)) == Verdict("start", newest)


def test_a_start_before_anything_was_decided_is_given_its_own_slot(bench: Bench) -> None:
    """Progress is then where the entry begins to count: it covers, and is no slot."""
    runs, start = bench.store.runs(), seed_one(bench.store, in_force(bench.store))
    old = run(start - 20_000, coalesce=True)
    assert runs.start(old) == Verdict("start", start - 20_000)
    assert outcome(runs, run(start - 5_000, coalesce=True)) == "coalesced"


def test_a_start_that_does_not_coalesce_covers_nothing(bench: Bench) -> None:
    runs, newest = bench.store.runs(), decided(bench)
    assert runs.start(run(newest - 1)) == Verdict("start", newest - 1)
    assert runs.start(run(newest - 2)) == Verdict("start", newest - 2)
    assert runs.start(run(newest - 3, coalesce=True)) == Verdict("start", newest)


def test_a_covering_run_whose_worker_died_is_not_covered_by_itself(bench: Bench) -> None:
    runs, newest = bench.store.runs(), decided(bench)
    runs.start(run(newest - 15_000, coalesce=True))
    bench.advance(LIVE_MS)
    again = run(newest - 15_000, coalesce=True, token="second", redelivered=True)
    assert runs.start(again) == Verdict("start", newest)


def test_a_retry_is_given_the_slot_that_its_first_start_was_given(bench: Bench) -> None:
    runs, newest = bench.store.runs(), decided(bench)
    runs.start(run(newest - 15_000, coalesce=True))
    runs.finish(run(newest - 15_000), "handed_on")
    retry = run(newest - 15_000, coalesce=True, token="second", attempt=1)
    assert runs.start(retry) == Verdict("start", newest)


def test_overlap_skip_starts_nothing_while_another_run_is_live(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    assert outcome(runs, run(SLOT + 1, overlap="skip")) == "overlap"
    assert outcome(runs, run(SLOT + 1, overlap="skip", entry="other")) == "start"
    assert outcome(runs, run(SLOT + 2)) == "start"
    assert reasons(bench) == [("hello", SLOT + 1, "overlap", "host:7")]


def test_overlap_skip_starts_once_the_other_has_ended(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    runs.finish(run(), "finished")
    assert outcome(runs, run(SLOT + 1, overlap="skip")) == "start"


def test_overlap_skip_is_blocked_by_a_dead_worker_for_the_life_of_its_mark(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    bench.advance(LIVE_MS - 5_000)
    assert outcome(runs, run(SLOT + 1, overlap="skip")) == "overlap"
    bench.advance(5_000)
    assert outcome(runs, run(SLOT + 2, overlap="skip")) == "start"


def test_the_newest_starts_are_remembered_and_live_ones_besides(bench: Bench) -> None:
    runs = bench.store.runs()
    live = run(0)
    runs.start(live)
    for slot in range(1, MARKS + 3):
        runs.start(run(slot))
        runs.finish(run(slot), "finished")
        bench.advance(YOUNG_MS // MARKS + 1)
        runs.refresh([live])
    # The start of the newest dropped what was too much before its own end.
    assert remembered(runs, MARKS + 3) == [0, *range(2, MARKS + 3)]


def test_of_starts_that_are_young_many_more_are_remembered(bench: Bench) -> None:
    """A second copy is published up to minutes later, by a beat that took the slot over."""
    runs = bench.store.runs()
    for slot in range(1, YOUNG_MARKS + 3):
        runs.start(run(slot))
        runs.finish(run(slot), "finished")
    assert remembered(runs, YOUNG_MARKS + 3) == [*range(2, YOUNG_MARKS + 3)]
    bench.advance(YOUNG_MS)
    last = run(YOUNG_MARKS + 3)
    runs.start(last)
    assert remembered(runs, YOUNG_MARKS + 4) == [*range(YOUNG_MARKS + 3 - MARKS, YOUNG_MARKS + 4)]


def remembered(runs: Runs, slots: int) -> list[int]:
    """Return of which slots, from 0 on, a copy would be known."""
    return [slot for slot in range(slots) if outcome(runs, run(slot, not_after=1)) != "deadline"]


def test_a_start_is_forgotten_after_a_day(bench: Bench) -> None:
    runs = bench.store.runs()
    runs.start(run())
    runs.finish(run(), "finished")
    bench.advance(KEEP_MS)
    runs.start(run(SLOT + 1))
    assert outcome(runs, run(not_after=1)) == "deadline"


def test_the_same_task_id_for_every_slot_is_no_duplicate(bench: Bench) -> None:
    runs = bench.store.runs()
    assert outcome(runs, run(id="by hand")) == "start"
    assert outcome(runs, run(SLOT + 1, id="by hand")) == "start"
