"""Schedule.backfill, on a broker and a store in memory, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from beatkit import Schedule
from beatkit.backfill import Backfilling
from beatkit.errors import EntryNotFound
from beatkit.record import ActionError
from tests.unit.operate.shop import shop

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk() -> Schedule:
    made = shop()[0]
    messages(made)
    return made


def messages(desk: Schedule, queue: str = "celery") -> list[Any]:
    found = []
    with desk.app.connection_for_read() as connection:
        simple = connection.SimpleQueue(queue)
        while simple.qsize():
            message = simple.get()
            message.ack()
            if message.headers.get("beatkit-kind") == "backfill":  # all tests share this broker
                found.append(message)
        simple.close()
    return found


def test_every_slot_of_the_range_is_sent_in_order_with_an_id_of_its_own(desk: Schedule) -> None:
    steps: list[tuple[int, int]] = []
    done = desk.backfill(
        "shop.hello", START, START + MINUTE, told=lambda *far: steps.append(far), by="ann@desk"
    )
    last = START + timedelta(seconds=45)
    assert done == Backfilling(
        "shop.hello", 4, START, last, sent=4, since=done.since, by="ann@desk"
    )
    assert steps == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4), (4, 4)]
    sent = messages(desk)
    first = round(START.timestamp() * 1000)
    assert [one.headers["beatkit-slot"] for one in sent] == [
        first, first + 15_000, first + 30_000, first + 45_000,
    ]  # fmt: skip
    assert {one.headers["expires"] for one in sent} == {None}  # although it has a deadline
    assert len({one.headers["id"] for one in sent}) == 4
    (deed,) = desk.deeds()
    assert (deed.verb, deed.scopes, deed.by) == ("backfill", ("entry:shop.hello",), "ann@desk")


def test_the_same_call_sends_nothing_again_and_another_round_does(desk: Schedule) -> None:
    desk.backfill("shop.hello", START, START + MINUTE, by="ann@desk")
    again = desk.backfill("shop.hello", START, START + MINUTE, by="bob@desk")
    assert (again.sent, again.before, again.by) == (0, 4, "ann@desk")
    assert [deed.by for deed in desk.deeds()] == ["ann@desk"]
    assert desk.backfill("shop.hello", START, START + MINUTE, again=1).sent == 4
    assert len({one.headers["id"] for one in messages(desk)}) == 8


def test_an_end_a_moment_ahead_of_the_stores_clock_is_no_mistake(desk: Schedule) -> None:
    now = datetime.now(UTC)
    done = desk.backfill("shop.mail", now - timedelta(hours=2), now + timedelta(milliseconds=200))
    assert done.sent == 2


def test_calls_that_mean_the_same_slots_are_one_backfill(desk: Schedule) -> None:
    desk.backfill("shop.hello", START, START + MINUTE, by="ann@desk")
    a_moment = timedelta(seconds=7)
    later = desk.backfill("shop.hello", START - a_moment, START + MINUTE - a_moment)
    assert (later.slots, later.sent, later.before) == (4, 0, 4)
    other = desk.backfill("shop.hello", START + a_moment, START + MINUTE + a_moment)
    assert (other.slots, other.sent, other.before) == (4, 4, 0)


def test_what_was_interrupted_goes_on_where_it_stopped(desk: Schedule) -> None:
    def interrupt(done: int, slots: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.backfill("shop.hello", START, START + MINUTE, told=interrupt)
    done = desk.backfill("shop.hello", START, START + MINUTE)
    assert (done.sent, done.before) == (2, 2)
    ids = [one.headers["id"] for one in messages(desk)]
    assert len(ids) == len(set(ids)) == 4


def test_a_dry_run_counts_and_leaves_nothing_behind(desk: Schedule) -> None:
    done = desk.backfill("shop.hello", START, START + MINUTE, dry_run=True)
    assert done == Backfilling("shop.hello", 4, START, START + timedelta(seconds=45))
    assert (messages(desk), desk.deeds()) == ([], [])
    none = desk.backfill("shop.mail", START + MINUTE, START + 2 * MINUTE, dry_run=True)
    assert none == Backfilling("shop.mail", 0, None, None)


def test_what_is_refused(desk: Schedule) -> None:
    now = datetime.now(UTC)
    with pytest.raises(ActionError) as caught:
        desk.backfill("shop.hello", START, START)
    assert str(caught.value) == (
        "the range to backfill is from 2026-03-01T00:00:00Z to 2026-03-01T00:00:00Z, "
        "expected an end after its start\n"
        "  write the earlier time first"
    )
    end = (now + timedelta(days=1)).replace(microsecond=0)
    with pytest.raises(ActionError) as caught:
        desk.backfill("shop.hello", START, end)
    first, second, third = str(caught.value).split("\n")
    assert (
        first
        == f"the range to backfill ends at {end:%Y-%m-%dT%H:%M:%SZ}, expected one that is past"
    )
    assert second.startswith("  it is ")
    assert second.endswith(" by the store's clock; what is to come is sent by beats")
    assert third == "  write an end that is past"
    with pytest.raises(EntryNotFound):
        desk.backfill("shop.helo", START, START + MINUTE)
