"""Why a slot ran or not: each answer, to the letter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from beatkit import every
from beatkit.entry import Entry, Policy
from beatkit.history import records
from beatkit.store import Pending
from beatkit.store.events import Event
from beatkit.store.history import Past, Silence
from beatkit.why import Knowledge, Why, why
from tests.unit.history.test_records import AT, ID, NAME, SLOT, after, ended, sent, started

MINUTE = 60_000
ENTRY = Entry("hello", "shop.hello", every(minutes=1), policy=Policy(deadline=90.0))


def clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}"


def seconds(count: float) -> str:
    return f"{count:g} s"


def asked(*events: Event, at: datetime = AT, **more: Any) -> Why:
    """Ask about a slot at 08:00:00, an hour later unless `now` says so."""
    entry = more.pop("entry", ENTRY)
    progress = more.pop("progress", SLOT + 10 * MINUTE)
    now = more.pop("now", SLOT + 60 * MINUTE)
    past = Past(now, events, more.pop("live", frozenset()), more.pop("pendings", ()),
                more.pop("silences", ()))  # fmt: skip
    assert not more
    return why("hello", entry, at, Knowledge(past, records(past, NAME), progress, clock, seconds))


def test_a_run_that_ended() -> None:
    found = asked(sent(), started(), ended())
    assert (found.found, found.slot, len(found.records)) == ("decided", AT, 1)
    assert found.sentences == (
        "The slot of hello at 08:00:00 was sent by beat-1 at 08:00:00, 0.02 s late.",
        "Its run started at 08:00:01 on worker@a, 1.5 s after its slot.",
        "It ended with SUCCESS, after 2.5 s.",
    )


def test_catch_up_and_the_silence_that_made_it_necessary() -> None:
    late = 30 * MINUTE
    silences = (Silence(0, SLOT - 9 * MINUTE), Silence(SLOT - MINUTE, SLOT + late))
    found = asked(sent(late=late, kind="catch_up"), silences=silences)
    assert found.sentences == (
        "The slot of hello at 08:00:00 was sent by beat-1 at 08:30:00, 1800 s late, as catch-up.",
        "No worker has told of it: none has taken it yet, or its entry has no policy, so no guard.",
        "No beat was heard from 07:59:00 to 08:30:00.",
    )


def test_a_run_that_goes_on_one_that_is_lost_and_one_that_was_torn() -> None:
    last = {
        "running": asked(sent(), started(), live={("hello", SLOT, ID)}).sentences[-1],
        "lost": asked(sent(), started()).sentences[-1],
        "torn": asked(sent(), started(), ended(why="")).sentences[-1],
        "RETRY": asked(sent(), started(), ended(why="RETRY")).sentences[-1],
    }
    assert last == {
        "running": "It is running.",
        "lost": "It has not been heard of for 30 s: its worker died, or lost the store.",
        "torn": "It was torn out of its process, after 2.5 s: delivered again, it runs again.",
        "RETRY": "Its last try asked for another, after 2.5 s: it waits for that.",
    }


def test_tries_copies_and_a_run_that_stood_for_others() -> None:
    again = [
        started(late=61_500, given=SLOT + MINUTE), ended(late=64_000, why="RETRY"),
        started(late=70_000, given=SLOT + MINUTE), ended(late=72_500),
    ]  # fmt: skip
    copy = Event("skipped", SLOT + 9_000, "hello", SLOT, by="b", id=ID, why="duplicate")
    assert asked(sent(), *again, copy).sentences[1:] == (
        "Its run started at 08:01:01 on worker@a, 1.5 s after its slot, in 2 tries.",
        "It stood for all slots up to 08:01:00, which had piled up.",
        "It ended with SUCCESS, after 2.5 s.",
        "Its message came again once, and was not run again.",
    )


def skipped(reason: str) -> Event:
    return Event("skipped", SLOT + 3_000, "hello", SLOT, by="worker@b", id=ID, why=reason)


def test_what_was_skipped_names_the_run_because_of_which() -> None:
    before = (started(SLOT - MINUTE, late=61_000, given=SLOT),
              ended(SLOT - MINUTE, late=65_000, took=4_000))  # fmt: skip
    said = {
        reason: asked(sent(), *before, skipped(reason)).sentences[1:]
        for reason in ("overlap", "coalesced", "deadline", "duplicate")
    }
    assert said == {
        "overlap": (
            "worker@b did not run it: another run of the entry was going on"
            " (the one for 07:59:00, SUCCESS).",
        ),
        "coalesced": (
            "worker@b did not run it: a run had started that stood for it"
            " (the one for 07:59:00, SUCCESS).",
        ),
        "deadline": ("worker@b did not run it: it was past its deadline of 90 s.",),
        "duplicate": (
            "Its message came again once, and was not run again.",
            "worker@b did not run it: a message of its id had been started before.",
        ),
    }


def missed(reason: str, first: int = SLOT, count: int = 1) -> Event:
    last = first + (count - 1) * MINUTE
    return Event("missed", SLOT + 5 * MINUTE, "hello", last, by="beat-1", why=reason,
                 first=first, count=count)  # fmt: skip


def test_what_was_missed_has_its_reason() -> None:
    said = {
        reason: asked(missed(reason)).sentences[0].partition("not sent: ")[2]
        for reason in ("latest", "deadline", "paused", "paused: month's end", "empty", "gone")
    }
    assert said == {
        "latest": "only the latest of the slots that were owed was to be sent (catch_up='latest').",
        "deadline": "it was past its deadline when it could be sent.",
        "paused": "the entry was paused.",
        "paused: month's end": "paused: month's end.",
        "empty": "its task sent nothing.",
        "gone": "its entry had left the schedule before it could be published.",
    }


def test_one_of_several_that_were_missed() -> None:
    found = asked(missed("latest", SLOT - 2 * MINUTE, 5))
    assert found.sentences == (
        "The slot of hello at 08:00:00 was not sent, with 4 others from 07:58:00 to 08:02:00:"
        " only the latest of the slots that were owed was to be sent (catch_up='latest').",
        "beat-1 decided so at 08:05:00.",
    )


def test_what_is_decided_and_not_published() -> None:
    pending = Pending("hello", SLOT, "scheduled", "beat-1", 1, SLOT + 10)
    assert asked(pendings=(pending,)).sentences == (
        "The slot of hello at 08:00:00 was decided by beat-1 at 08:00:00.",
        "Its message has not been reported as published.",
    )


def test_there_is_no_slot_at_that_time() -> None:
    found = asked(at=after(30_000))
    assert found == Why(
        "hello", after(30_000), None, "no_slot",
        ("hello has no slot at 08:00:30; the nearest are 08:00:00 and 08:01:00.",),
        nearest=(AT, after(MINUTE)),
    )  # fmt: skip


def test_an_entry_that_has_left_the_schedule_is_known_by_its_records() -> None:
    assert asked(sent(), entry=None).found == "decided"
    gone = asked(entry=None)
    assert gone.sentences == ("The store knows of no slot of hello at 08:00:00.",)


def test_a_slot_that_is_yet_to_come() -> None:
    found = asked(now=SLOT - 15_000)
    assert (found.found, found.sentences) == (
        "coming", ("The slot of hello at 08:00:00 is yet to come, in 15 s.",),
    )  # fmt: skip


def test_a_slot_that_is_due_and_not_decided_while_no_beat_is_heard() -> None:
    found = asked(progress=SLOT - MINUTE, silences=(Silence(SLOT - 30_000, None),))
    assert (found.found, found.sentences) == (
        "undecided",
        (
            "The slot of hello at 08:00:00 came due 3600 s ago and is not decided.",
            "No beat has been heard since 07:59:30.",
        ),
    )


def test_an_entry_that_no_beat_has_served() -> None:
    assert asked(progress=None, silences=(Silence(0, None),)).sentences == (
        "The slot of hello at 08:00:00 is not decided: no beat has served this entry yet.",
        "No beat has ever been heard.",
    )


def test_a_slot_from_before_the_history() -> None:
    assert asked(sent(SLOT + MINUTE)).sentences == (
        "The slot of hello at 08:00:00 is not remembered: the history reaches back to 08:01:00"
        " (beatkit_history).",
    )
    assert asked(silences=(Silence(SLOT - MINUTE, SLOT + 5),)).sentences == (
        "The slot of hello at 08:00:00 is not remembered: the history is empty (beatkit_history).",
        "No beat was heard from 07:59:00 to 08:00:00.",
    )


def test_a_slot_from_before_the_first_beat() -> None:
    found = asked(sent(SLOT + MINUTE), silences=(Silence(0, SLOT + 5),))
    assert (found.found, found.sentences) == (
        "forgotten",
        ("Nothing is known of the slot of hello at 08:00:00: no beat was heard before 08:00:00.",),
    )


def test_a_slot_from_before_the_entry_counted() -> None:
    found = asked(sent(SLOT - MINUTE), at=AT)
    assert (found.found, found.sentences) == (
        "before",
        (
            "The slot of hello at 08:00:00 was not sent: the entry was new or changed then, or"
            " served by no beat, and counts from later on.",
        ),
    )


def test_runs_by_hand_of_that_instant_are_told_too() -> None:
    by_hand = started(kind="manual", id="by-hand")
    found = asked(sent(), started(), ended(), by_hand)
    assert len(found.records) == 2
    assert found.sentences[3] == (
        "A manual run of hello for 08:00:00: the history does not tell when it was sent."
    )
