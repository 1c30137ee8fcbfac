"""Events of the store, put together into records."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from beatkit.history import Record, lasts, recall, records, within
from beatkit.sending.message import task_id
from beatkit.store import Action
from beatkit.store.events import Event
from beatkit.store.history import Past
from beatkit.store.memory import memory_store
from beatkit.store.runs import Run

NAME = "beatkit:shop:"
SLOT = 1_800_000_000_000
AT = datetime.fromtimestamp(SLOT / 1000, UTC)
ID = task_id(NAME, "hello", SLOT)


def past(*events: Event, live: Set[tuple[str, int, str]] = frozenset()) -> Past:
    return Past(SLOT + 3_600_000, events, live, (), ())


def sent(slot: int = SLOT, late: int = 20, **more: Any) -> Event:
    return Event("sent", slot + late, "hello", slot, by="beat-1", **more)


def started(slot: int = SLOT, late: int = 1_500, **more: Any) -> Event:
    given = more.pop("given", slot)
    made: dict[str, Any] = {"by": "worker@a", "id": task_id(NAME, "hello", slot), **more}
    return Event("started", slot + late, "hello", slot, given=given, **made)


def ended(slot: int = SLOT, late: int = 4_000, took: int = 2_500, **more: Any) -> Event:
    made = {"by": "worker@a", "id": task_id(NAME, "hello", slot), "why": "SUCCESS", **more}
    return Event("ended", slot + late, "hello", slot, given=slot, took=took, **made)


def after(milliseconds: int) -> datetime:
    return AT + timedelta(milliseconds=milliseconds)


WHOLE = Record(
    entry="hello",
    scheduled_for=AT,
    kind="scheduled",
    outcome="SUCCESS",
    sent=after(20),
    started=after(1_500),
    finished=after(4_000),
    late=1.5,
    took=2.5,
    tries=1,
    worker="worker@a",
    beat="beat-1",
    task_id=ID,
    ran_for=AT,
    decided=after(4_000),
)


def test_sent_started_and_ended_are_one_record() -> None:
    assert records(past(sent(), started(), ended()), NAME) == [WHOLE]


def test_a_message_that_is_reported_after_its_start_was_sent_before_it() -> None:
    found = records(past(started(), ended(), sent(late=5_000)), NAME)
    assert found == [replace(WHOLE, sent=after(1_500))]


def test_what_was_sent_and_not_taken_is_late_by_its_sending() -> None:
    (found,) = records(past(sent()), NAME)
    assert (found.outcome, found.late, found.task_id) == ("sent", 0.02, ID)
    assert (found.when, found.over) == (after(20), False)


def test_a_run_goes_on_while_its_worker_says_so_and_is_lost_after_that() -> None:
    live = {("hello", SLOT, ID)}
    (going,) = records(past(sent(), started(), live=live), NAME)
    (lost,) = records(past(sent(), started()), NAME)
    assert (going.outcome, going.over) == ("running", False)
    assert (lost.outcome, lost.over) == ("lost", True)
    assert lost.started == after(1_500)


def test_tries_are_one_record_that_took_as_long_as_the_last() -> None:
    retried = [started(), ended(why="RETRY"), started(late=9_000), ended(late=9_500, took=500)]
    (waiting,) = records(past(sent(), *retried[:2]), NAME)
    assert (waiting.outcome, waiting.finished, waiting.over) == ("RETRY", None, False)
    (found,) = records(past(sent(), *retried), NAME)
    assert (found.outcome, found.tries, found.took) == ("SUCCESS", 2, 0.5)
    assert (found.started, found.finished, found.late) == (after(1_500), after(9_500), 1.5)


def test_copies_are_counted_and_change_no_outcome() -> None:
    copy = Event("skipped", SLOT + 9_000, "hello", SLOT, by="worker@b", id=ID, why="duplicate")
    (found,) = records(past(sent(), started(), ended(), copy, copy), NAME)
    assert (found.outcome, found.copies) == ("SUCCESS", 2)
    (alone,) = records(past(copy), NAME)
    assert (alone.outcome, alone.reason) == ("skipped", "duplicate")


def test_a_skipped_run_has_its_reason_and_who_skipped_it() -> None:
    skip = Event("skipped", SLOT + 50, "hello", SLOT, by="worker@a", id=ID, why="overlap")
    (found,) = records(past(sent(), skip), NAME)
    assert (found.outcome, found.reason, found.worker) == ("skipped", "overlap", "worker@a")
    assert (found.started, found.tries) == (None, 0)


def test_a_kept_run_waits_until_it_starts() -> None:
    kept = Event("kept", SLOT + 50, "hello", SLOT, by="worker@a", id=ID)
    (waits,) = records(past(sent(), kept, sent(late=60)), NAME)
    assert (waits.outcome, waits.over) == ("kept", False)
    (found,) = records(past(sent(), kept, sent(late=60), started(), ended()), NAME)
    assert found.outcome == "SUCCESS"


def test_a_run_that_covers_is_late_for_the_slot_it_was_given() -> None:
    start = started(late=60_500, given=SLOT + 60_000)
    (found,) = records(past(sent(), start), NAME)
    assert (found.ran_for, found.late) == (after(60_000), 0.5)


def test_a_run_that_was_torn_out_of_its_process_may_come_again() -> None:
    (found,) = records(past(sent(), started(), ended(why="")), NAME)
    assert (found.outcome, found.over) == ("torn", False)


def test_slots_that_were_missed_for_one_reason_are_one_record() -> None:
    gap = Event("missed", SLOT + 90_000, "hello", SLOT + 60_000, by="beat-1", why="latest",
                first=SLOT, count=5)  # fmt: skip
    (found,) = records(past(gap), NAME)
    assert found == Record(
        entry="hello", scheduled_for=after(60_000), kind="scheduled", outcome="missed",
        reason="latest", beat="beat-1", first=AT, count=5, decided=after(90_000),
    )  # fmt: skip


def test_runs_by_hand_are_records_of_their_own_with_who_asked() -> None:
    asked = Action("trigger", ("entry:hello",), "ann@desk", task_id="by-hand", at=SLOT + 5)
    by_hand = started(SLOT, kind="manual", id="by-hand")
    first, second = records(past(sent(), started(), by_hand), NAME, [asked])
    assert {first.kind, second.kind} == {"scheduled", "manual"}
    manual = first if first.kind == "manual" else second
    assert (manual.beat, manual.task_id, manual.sent) == ("ann@desk", "by-hand", after(5))
    (waiting,) = records(past(), NAME, [asked])
    assert (waiting.kind, waiting.outcome, waiting.entry) == ("manual", "sent", "hello")


def test_a_backfilled_slot_is_a_record_beside_the_one_of_its_time_and_never_late() -> None:
    again = [
        replace(sent(late=9_000_000), kind="backfill", by="ann@desk", id="again"),
        started(late=9_001_000, kind="backfill", id="again"),
    ]
    first, second = records(past(sent(), started(), ended(), *again), NAME)
    assert (first.kind, first.scheduled_for, first.late) == ("backfill", AT, None)
    assert (first.beat, first.task_id, first.sent) == ("ann@desk", "again", after(9_000_000))
    assert second == WHOLE


def test_the_newest_come_first_and_may_be_cut_by_time() -> None:
    found = records(past(*(sent(SLOT + at) for at in (0, 60_000, 30_000))), NAME)
    assert [one.scheduled_for for one in found] == [after(60_000), after(30_000), AT]
    cut = within(found, since=after(30_000), until=after(60_000))
    assert [one.scheduled_for for one in cut] == [after(30_000)]


def test_the_last_of_an_entry_is_the_run_that_started_last_or_else_what_was_sent() -> None:
    store = memory_store(clock=lambda: SLOT + 4_000)
    run = Run("hello", SLOT, ID, "token", "worker@a")
    store.runs().start(run)
    store.runs().finish(run, "finished", state="FAILURE", took=10)
    with store._tables.transaction() as kept:
        kept.sent["hello"] = sent(SLOT + 60_000)
        kept.sent["plain"] = replace(sent(), entry="plain")
    found = lasts(store, NAME, ["hello", "plain", "never"])
    assert {name: (one.outcome, one.scheduled_for) for name, one in found.items()} == {
        "hello": ("FAILURE", AT),
        "plain": ("sent", AT),
    }


def test_a_store_is_asked_for_its_runs_and_for_what_people_did() -> None:
    store = memory_store(clock=lambda: SLOT)
    store.act(Action("trigger", ("entry:hello",), "ann@desk", task_id="by-hand"))
    seen, found = recall(store, NAME)
    assert (seen.now, [one.task_id for one in found]) == (SLOT, ["by-hand"])
