"""Reservations before a message is built, and pendings until it is published."""

from __future__ import annotations

from dataclasses import replace

from beatkit.store import Action, Answer, Pending
from tests.contract.benches import Bench
from tests.contract.shapes import beat, in_force, only, outcomes, push, seed_one


def test_a_reserved_slot_is_pushed_under_its_attempt(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    claim = push(at, at + 15)

    assert only(bench.store.reserve(writer, [claim])) == Answer("reserved", at, attempt=1)
    assert bench.queue("celery") == []
    answer = only(bench.store.claim(writer, [replace(claim, attempt=1)]))

    assert answer == Answer("sent", at + 15, "beat-1")


def test_while_a_reservation_stands_others_are_told_when_it_ends(bench: Bench) -> None:
    first, second = in_force(bench.store, "beat-1"), in_force(bench.store, "beat-2")
    at = seed_one(bench.store, first)
    reserved = bench.store.reserve(first, [push(at, at + 15)])

    answer = only(bench.store.reserve(second, [push(at, at + 15)]))

    assert answer == Answer("taken", at, "beat-1", attempt=1, until=reserved.now + 750)


def test_a_reservation_asked_for_again_is_the_same_and_stands_from_now_on(bench: Bench) -> None:
    first, second = in_force(bench.store, "beat-1"), in_force(bench.store, "beat-2")
    at = seed_one(bench.store, first)
    bench.store.reserve(first, [push(at, at + 15)])
    bench.advance(10_000)

    again = bench.store.reserve(first, [push(at, at + 15)])
    answer = only(bench.store.reserve(second, [push(at, at + 15)]))

    assert only(again) == Answer("reserved", at, attempt=1)
    assert answer == Answer("taken", at, "beat-1", attempt=1, until=again.now + 750)


def test_an_unfinished_reservation_is_taken_over_and_the_first_holder_cannot_push(
    bench: Bench,
) -> None:
    first, second = in_force(bench.store, "beat-1"), in_force(bench.store, "beat-2")
    at = seed_one(bench.store, first)
    claim = push(at, at + 15)
    bench.store.reserve(first, [claim])
    bench.advance(750)

    taken = bench.store.reserve(second, [claim])
    assert taken.answers == (Answer("reserved", at, attempt=2),)
    late = only(bench.store.claim(first, [replace(claim, attempt=1)]))
    assert late == Answer("taken", at, "beat-2", attempt=2, until=taken.now + 750)
    assert bench.queue("celery") == []

    assert only(bench.store.claim(second, [replace(claim, attempt=2)])).outcome == "sent"
    assert only(bench.store.claim(first, [replace(claim, attempt=1)])).outcome == "decided"
    assert len(bench.queue("celery")) == 1


def test_a_reservation_from_before_a_step_back_of_the_clock_is_taken_over(bench: Bench) -> None:
    first, second = in_force(bench.store, "beat-1"), in_force(bench.store, "beat-2")
    at = seed_one(bench.store, first)
    claim = push(at, at + 15, not_before=at - 3_600_000)
    bench.advance(1_000)
    bench.store.reserve(first, [claim])
    bench.advance(-60_000)

    taken = only(bench.store.reserve(second, [claim]))

    assert taken == Answer("reserved", at, attempt=2)


def test_a_push_without_the_reservation_it_names_is_refused(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)

    answer = only(bench.store.claim(writer, [push(at, at + 15, attempt=1)]))

    assert answer == Answer("taken", at)
    assert bench.queue("celery") == []


def test_what_cannot_be_claimed_cannot_be_reserved(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.act(Action("pause", ("*",), reason="maintenance"))
    claims = [
        push(at - 9, at),
        push(at - 9, at + 1),
        push(at, at + 1, not_before=at + 60_000),
        push(0, 1, "never seen"),
        push(at, at + 1, scopes=("*",)),
    ]

    decision = bench.store.reserve(writer, claims)

    assert outcomes(decision) == ["decided", "moved", "early", "moved", "withheld"]
    assert bench.store.read().progress["hello"].slot == at + 1


def test_a_newer_slot_is_reserved_over_an_older_one(bench: Bench) -> None:
    first, second = in_force(bench.store, "beat-1"), in_force(bench.store, "beat-2")
    at = seed_one(bench.store, first)
    bench.store.reserve(first, [push(at, at + 1)])

    assert only(bench.store.reserve(second, [push(at, at + 2)])).outcome == "reserved"
    assert only(bench.store.claim(first, [push(at, at + 1, attempt=1)])).outcome == "taken"


def test_a_slot_claimed_as_pending_is_decided_and_shown_until_it_is_settled(
    bench: Bench,
) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    claim = push(at, at + 15, act="pend", commands=(), kind="catch_up")

    decision = bench.store.claim(writer, [claim])

    assert decision.answers == (Answer("pending", at + 15, "beat-1"),)
    pending = Pending("hello", at + 15, "catch_up", "beat-1", 1, decision.now, at)
    assert bench.store.announce(beat(), expires=1000).pendings == (pending,)
    assert bench.store.settle([pending]) == (True,)
    assert bench.store.announce(beat(), expires=1000).pendings == ()
    assert bench.store.settle([pending]) == (False,)


def test_a_newer_slot_leaves_an_older_pending_alone(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    claims = [push(at + k, at + k + 1, act="pend") for k in (0, 1)]

    bench.store.claim(writer, claims)

    left = bench.store.announce(beat(), expires=1000).pendings
    assert [(one.entry, one.slot) for one in left] == [("hello", at + 1), ("hello", at + 2)]


def test_of_two_beats_that_take_a_pending_over_one_gets_it(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(at, at + 15, act="pend")])
    (pending,) = bench.store.announce(beat(), expires=1000).pendings
    bench.advance(12_000)

    (mine,) = bench.store.hand_over([pending], to="beat-2")
    (other,) = bench.store.hand_over([pending], to="beat-3")

    assert mine == replace(pending, by="beat-2", attempt=2, since=mine.since if mine else 0)
    assert mine is not None and mine.since >= pending.since + 12_000
    assert other is None
    assert bench.store.hand_over([pending], to="beat-2") == (mine,)  # after a lost reply
    assert bench.store.settle([pending]) == (False,)
    assert bench.store.settle([mine]) == (True,)
    assert bench.store.hand_over([mine], to="beat-1") == (None,)


def test_a_beat_gives_a_pending_back(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(at, at + 15, act="pend")])
    (pending,) = bench.store.announce(beat(), expires=1000).pendings

    (free,) = bench.store.hand_over([pending], to="")

    assert free is not None
    assert (free.by, free.attempt) == ("", 2)
    assert bench.store.announce(beat(), expires=1000).pendings == (free,)
