"""Deciding slots: once each, in order, whatever happens around it."""

from __future__ import annotations

from dataclasses import replace

from beatkit.store import Action, Answer, Claim, Missed, Progress, Promotion, Writer
from beatkit.store.events import Event
from tests.contract.benches import Bench
from tests.contract.shapes import beat, in_force, only, outcomes, push, seed_one, told


def test_a_claim_that_follows_progress_is_sent(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)

    answer = only(bench.store.claim(writer, [push(at, at + 15)]))

    assert answer == Answer("sent", at + 15, "beat-1")
    assert bench.queue("celery") == [f"hello@{at + 15}".encode()]
    assert bench.store.read(["hello"]).progress == {"hello": Progress(at + 15, "f1", "beat-1")}


def test_of_two_beats_that_claim_one_slot_one_sends(bench: Bench) -> None:
    first, second = in_force(bench.store, "beat-1"), in_force(bench.store, "beat-2")
    at = seed_one(bench.store, first)

    assert only(bench.store.claim(first, [push(at, at + 15)])).outcome == "sent"
    answer = only(bench.store.claim(second, [push(at, at + 15)]))

    assert answer == Answer("decided", at + 15, "beat-1")
    assert len(bench.queue("celery")) == 1


def test_a_batch_run_again_after_a_lost_reply_sends_nothing_twice(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    batch = [push(at, at + 1), push(at + 1, at + 2)]

    bench.store.claim(writer, batch)
    again = bench.store.claim(writer, batch)

    assert again.answers == (Answer("decided", at + 2, "beat-1"),) * 2
    assert bench.queue("celery") == [f"hello@{at + 1}".encode(), f"hello@{at + 2}".encode()]


def test_a_claim_that_follows_something_else_is_moved(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    stranger = push(0, 15, entry="never seen")

    decision = bench.store.claim(writer, [push(at + 1, at + 2), stranger])

    assert decision.answers == (Answer("moved", at), Answer("moved"))
    assert bench.queue("celery") == []


def test_a_slot_is_not_sent_before_its_time_by_the_stores_clock(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    claim = push(at, at + 15_000, not_before=at + 60_000)

    decision = bench.store.claim(writer, [claim])
    assert decision.answers == (Answer("early", at, until=at + 60_000),)
    assert at <= decision.now < at + 60_000

    bench.advance(60_000)
    assert outcomes(bench.store.claim(writer, [claim])) == ["sent"]


def test_a_slot_whose_push_is_refused_stays_owed_and_harms_no_neighbour(bench: Bench) -> None:
    writer = in_force(bench.store)
    entries = ("one", "two", "three")
    at = {entry: seed_one(bench.store, writer, entry) for entry in entries}
    error = bench.spoil("spoilt")
    claims = [push(at[entry], at[entry] + 15, entry) for entry in entries]
    claims[1] = replace(claims[1], commands=(("LPUSH", "spoilt", "m"),))

    decision = bench.store.claim(writer, claims)

    assert outcomes(decision) == ["sent", "failed", "sent"]
    assert decision.answers[1].detail.startswith(error)
    assert decision.answers[1].progress == at["two"]
    assert bench.store.read(["two"]).progress["two"] == Progress(at["two"], "f1")
    assert len(bench.queue("celery")) == 2


def test_a_later_commands_error_does_not_undo_the_message(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    error = bench.spoil("spoilt")
    commands = (("LPUSH", "celery", "m"), ("LPUSH", "spoilt", "n"))

    answer = only(bench.store.claim(writer, [push(at, at + 15, commands=commands)]))

    assert (answer.outcome, answer.progress) == ("sent", at + 15)
    assert answer.detail.startswith(error)
    assert bench.queue("celery") == [b"m"]


def test_each_message_of_a_batch_reaches_its_own_queue_whatever_is_decided_before_it(
    bench: Bench,
) -> None:
    """Claims whose commands are alike are written shorter: none may take another's place."""
    writer = in_force(bench.store)
    names = ["one", "two", "moved", "three", "missed", "four", "live", "live too", "five"]
    at = {name: seed_one(bench.store, writer, name) for name in names}

    def to(queue: str, name: str, *more: tuple[str | int, ...], after: int = 0) -> Claim:
        commands = (("LPUSH", queue, f"{name} to {queue}"), *more)
        return push(at[name] + after, at[name] + 15, entry=name, commands=commands)

    batch = [
        to("a", "one"),
        to("a", "two"),
        to("a", "moved", after=7),
        to("a", "three"),
        replace(to("a", "missed"), act="miss", missed=Missed(1, 2, 2, "latest")),
        to("b", "four"),
        to("b", "live", ("PEXPIRE", "b", 60_000)),
        to("b", "live too", ("PEXPIRE", "b", 60_000), ("LPUSH", "a", "another")),
        to("a", "five"),
    ]
    sent, moved, missed = "sent", "moved", "missed"
    assert outcomes(bench.store.claim(writer, batch)) == [
        sent, sent, moved, sent, missed, sent, sent, sent, sent,
    ]  # fmt: skip
    assert bench.queue("a") == [b"one to a", b"two to a", b"three to a", b"another", b"five to a"]
    assert bench.queue("b") == [b"four to b", b"live to b", b"live too to b"]


def test_slots_of_one_entry_follow_each_other_in_a_batch(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    claims = [push(at, at + 1), push(at + 1, at + 2), push(at + 2, at + 3)]

    assert outcomes(bench.store.claim(writer, claims)) == ["sent", "sent", "sent"]
    assert bench.store.read().progress["hello"].slot == at + 3


def test_after_a_slot_that_failed_the_following_ones_wait(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.spoil("spoilt")
    broken = push(at, at + 1, commands=(("LPUSH", "spoilt", "m"),))

    decision = bench.store.claim(writer, [broken, push(at + 1, at + 2)])

    assert outcomes(decision) == ["failed", "moved"]
    assert bench.queue("celery") == []


def test_a_revision_that_is_not_in_force_sends_nothing(bench: Bench) -> None:
    old = in_force(bench.store, "beat-1", "r1")
    at = seed_one(bench.store, old)
    in_force(bench.store, "beat-2", "r2")

    decision = bench.store.claim(old, [push(at, at + 15)])

    assert decision.answers == (Answer("not_in_force"),)
    assert bench.queue("celery") == []


def test_a_beat_that_knows_another_identity_sends_nothing(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.wipe()

    assert bench.store.claim(writer, [push(at, at + 15)]).answers == (Answer("lost"),)

    promote = Promotion("r1", instead_of="")
    seen = bench.store.announce(beat(), expires=60_000, promote=promote)
    assert seen.identity not in ("", writer.identity)
    assert bench.store.claim(writer, [push(at, at + 15)]).answers == (Answer("lost"),)
    again = Writer("beat-1", seen.identity, "r1")
    assert bench.store.claim(again, [push(at, at + 15)]).answers == (Answer("moved"),)


def test_slots_passed_over_are_recorded_with_their_reason(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    gap = Missed(at + 1, at + 3, 3, "catch_up: only the latest of 4 slots is sent")

    decision = bench.store.claim(writer, [push(at, at + 4, missed=gap)])

    assert outcomes(decision) == ["sent"]
    over = Event("missed", decision.now, "hello", at + 3, by="beat-1", why=gap.reason,
                 first=at + 1, count=3)  # fmt: skip
    sent = Event("sent", decision.now, "hello", at + 4, by="beat-1")
    assert told(bench.store) == [over, sent]


def test_a_slot_can_be_decided_without_a_message(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    late = Missed(at + 1, at + 1, 1, "deadline: 5 s, noticed 9 s late")
    claim = push(at, at + 1, act="miss", commands=(), missed=late)

    decision = bench.store.claim(writer, [claim, claim])

    assert decision.answers == (
        Answer("missed", at + 1, "beat-1"),
        Answer("decided", at + 1, "beat-1"),
    )
    missed = Event(
        "missed", decision.now, "hello", at + 1, by="beat-1", why=late.reason, first=at + 1
    )
    assert told(bench.store) == [missed]
    assert bench.queue("celery") == []


def test_a_paused_entry_moves_on_without_a_message(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.act(Action("pause", ("tag:billing",), reason="month's end"))
    claim = push(at, at + 1, scopes=("entry:hello", "tag:billing", "*"))

    decision = bench.store.claim(writer, [claim])

    why = "paused: month's end"
    assert decision.answers == (Answer("withheld", at + 1, "beat-1", detail=why),)
    assert told(bench.store) == [
        Event("missed", decision.now, "hello", at + 1, by="beat-1", why=why, first=at + 1)
    ]
    (found,) = bench.store.announce(beat(), expires=1).paused.items()
    assert (found[0], found[1].reason) == ("tag:billing", "month's end")

    lifted = bench.store.act(Action("resume", ("tag:billing",))).now
    later = replace(push(at + 1, max(lifted, at + 2)), scopes=claim.scopes)
    assert outcomes(bench.store.claim(writer, [later])) == ["sent"]
    assert bench.store.announce(beat(), expires=1).paused == {}


def test_a_standby_sees_when_each_beat_last_decided_a_slot(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    assert bench.store.read().claimed == {}

    decision = bench.store.claim(writer, [push(at, at + 1)])

    assert bench.store.read(["hello"]).claimed == {"beat-1": decision.now}


def test_of_claims_that_decide_nothing_no_trace_is_left(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)

    bench.store.claim(writer, [push(at, at + 1, not_before=at + 60_000), push(at - 1, at + 2)])

    assert bench.store.read().claimed == {}
    assert told(bench.store) == []
