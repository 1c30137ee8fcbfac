"""Backfills: begun once, moved on by whoever knows how far they are, ended once."""

from __future__ import annotations

from typing import cast

from beatkit.store.backfills import KEEP_MS, Backfill, Backfills, KeepsBackfills, Range, Send
from tests.contract.benches import Bench
from tests.contract.shapes import told

DAY = Range("close day", 1_000, 5_000)


def backfills(bench: Bench) -> Backfills:
    return cast(KeepsBackfills, bench.store).backfills()


def send(slot: int) -> Send:
    return Send(slot, f"id-{slot}", (("LPUSH", "celery", str(slot)), ("LPUSH", "more", "x")))


def test_a_backfill_begins_once_whoever_asks(bench: Bench) -> None:
    first = backfills(bench).begin(DAY, "ann@desk")
    assert first == Backfill(DAY, 999, 0, False, first.at, "ann@desk")
    bench.advance(5_000)
    assert backfills(bench).begin(DAY, "bob@desk") == first
    again = Range("close day", 1_000, 5_000, 1)
    assert backfills(bench).begin(again, "bob@desk").by == "bob@desk"


def test_a_step_sends_in_order_and_moves_the_cursor(bench: Bench) -> None:
    known = backfills(bench).begin(DAY, "ann@desk")
    known, error = backfills(bench).step(known, [send(1_000), send(2_000)])
    assert (known.cursor, known.sent, known.ended, error) == (2_000, 2, False, "")
    assert bench.queue("celery") == [b"1000", b"2000"]
    known, error = backfills(bench).step(known, [send(3_000)], ends=True)
    assert (known.cursor, known.sent, known.ended, error) == (3_000, 3, True, "")
    assert backfills(bench).begin(DAY, "bob@desk") == known
    events = told(bench.store)
    assert [(one.what, one.entry, one.slot, one.kind, one.id) for one in events] == [
        ("sent", "close day", slot, "backfill", f"id-{slot}") for slot in (1_000, 2_000, 3_000)
    ]


def test_a_step_that_follows_what_is_past_sends_nothing(bench: Bench) -> None:
    first = backfills(bench).begin(DAY, "ann@desk")
    moved, _ = backfills(bench).step(first, [send(1_000)])
    assert backfills(bench).step(first, [send(1_000)]) == (moved, "")
    ended, _ = backfills(bench).step(moved, [], ends=True)
    assert backfills(bench).step(ended, [send(2_000)]) == (ended, "")
    assert bench.queue("celery") == [b"1000"]


def test_a_message_that_the_broker_refuses_stops_the_step_before_it(bench: Bench) -> None:
    error = bench.spoil("bad")
    known = backfills(bench).begin(DAY, "ann@desk")
    bad = Send(2_000, "id", (("LPUSH", "bad", "x"),))
    known, said = backfills(bench).step(known, [send(1_000), bad, send(3_000)], ends=True)
    assert (known.cursor, known.sent, known.ended) == (1_000, 1, False)
    assert said.startswith(error)
    assert bench.queue("celery") == [b"1000"]


def test_what_was_published_already_only_moves_on(bench: Bench) -> None:
    known = backfills(bench).begin(DAY, "ann@desk")
    known, _ = backfills(bench).step(known, [Send(1_000, "id-1")])
    assert (known.cursor, known.sent) == (1_000, 1)
    assert [event.id for event in told(bench.store)] == ["id-1"]


def test_an_ended_backfill_is_forgotten_after_a_while_and_another_is_not(bench: Bench) -> None:
    backfills(bench).step(backfills(bench).begin(DAY, "ann"), [], ends=True)
    open_range = Range("other", 1, 2)
    left = backfills(bench).begin(open_range, "ann")
    bench.advance(KEEP_MS)
    assert backfills(bench).begin(open_range, "bob") == left
    anew = backfills(bench).begin(DAY, "bob")
    assert (anew.by, anew.ended) == ("bob", False)
