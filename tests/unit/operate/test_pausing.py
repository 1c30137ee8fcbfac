"""Schedule.pause and Schedule.resume, on a real store in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from beatkit.errors import EntryNotFound, ScheduleError
from beatkit.operate import Schedule
from beatkit.pauses import Paused, Pausing, Resuming
from beatkit.record import ActionError, Deed
from tests.unit.operate.shop import shop

WHO = {"reason": "month's end", "by": "ann@desk"}


@pytest.fixture
def schedule() -> Schedule:
    return shop()[0]


def scopes(pauses: tuple[Paused, ...] | list[Paused]) -> list[str]:
    return [pause.scope for pause in pauses]


def test_a_pause_says_what_since_when_by_whom_and_why(schedule: Schedule) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    done = schedule.pause("shop.hello", **WHO)
    (made,) = done.made
    assert before <= made.since <= datetime.now(UTC)
    assert done == Pausing((Paused("entry:shop.hello", "month's end", "ann@desk", made.since),))
    assert schedule.pauses() == [made]


@pytest.mark.parametrize(
    ("names", "what", "paused", "spared"),
    [
        (("shop.hello", "shop.mail"), {}, ["entry:shop.hello", "entry:shop.mail"], ()),
        (("shop.*",), {}, ["entry:shop.hello", "entry:shop.mail"], ("shop.watchdog",)),
        (("shop.w*", "shop.watchdog"), {}, ["entry:shop.watchdog"], ()),
        (("shop.w*",), {}, [], ("shop.watchdog",)),
        ((), {"queue": "mail"}, ["entry:shop.mail"], ("shop.watchdog",)),
        ((), {"tag": "outgoing"}, ["tag:outgoing"], ()),
        ((), {"everything": True}, ["*"], ()),
    ],
)
def test_what_is_meant_becomes_scopes(schedule, names, what, paused, spared) -> None:
    done = schedule.pause(*names, **what, **WHO)
    assert (scopes(done.made), done.spared) == (paused, spared)
    assert scopes(schedule.pauses()) == paused


def test_a_second_pause_replaces_reason_and_end(schedule: Schedule) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    schedule.pause("shop.mail", **WHO)
    schedule.pause("shop.mail", reason="the printer", until=end, by="bob@desk")
    (pause,) = schedule.pauses()
    assert pause == Paused("entry:shop.mail", "the printer", "bob@desk", pause.since, end)


def test_a_resume_lifts_only_the_pause_it_names(schedule: Schedule) -> None:
    schedule.pause("shop.hello", **WHO)
    schedule.pause(everything=True, **WHO)
    own, every = (schedule.pauses()[1], schedule.pauses()[0])
    assert schedule.resume("shop.hello") == Resuming((own,), (every,))
    assert schedule.resume("shop.hello") == Resuming((), (every,))
    assert schedule.resume(everything=True) == Resuming((every,), ())
    assert schedule.pauses() == []


def test_a_resume_of_everything_leaves_the_pauses_of_single_entries(schedule: Schedule) -> None:
    schedule.pause("shop.hello", **WHO)
    schedule.pause(everything=True, **WHO)
    done = schedule.resume(everything=True)
    assert (scopes(done.lifted), scopes(done.still)) == (["*"], ["entry:shop.hello"])


def test_the_pause_of_a_tag_holds_its_entries_until_the_tag_is_resumed(schedule: Schedule) -> None:
    schedule.pause(tag="outgoing", **WHO)
    assert scopes(schedule.resume("shop.mail").still) == ["tag:outgoing"]
    assert scopes(schedule.resume("shop.watchdog").still) == []  # even when paused
    assert scopes(schedule.resume("shop.hello").still) == []
    assert scopes(schedule.resume(tag="outgoing").lifted) == ["tag:outgoing"]


def test_a_queue_is_resumed_as_it_was_paused(schedule: Schedule) -> None:
    schedule.pause(queue="mail", **WHO)
    assert scopes(schedule.resume(queue="mail").lifted) == ["entry:shop.mail"]


def test_what_left_the_schedule_can_still_be_resumed(schedule: Schedule) -> None:
    schedule.pause("shop.mail", **WHO)
    schedule.pause(tag="outgoing", **WHO)
    entries = {name: e for name, e in schedule.entries.items() if name == "shop.hello"}
    schedule.__dict__["code"] = entries
    assert scopes(schedule.resume("shop.m*").lifted) == ["entry:shop.mail"]
    assert scopes(schedule.resume(tag="outgoing").lifted) == ["tag:outgoing"]


def test_each_deed_is_on_record(schedule: Schedule) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    (made,) = schedule.pause("shop.mail", until=end, **WHO).made
    schedule.resume("shop.mail", by="bob at desk")
    resumed, paused = schedule.deeds()
    mail = ("entry:shop.mail",)
    assert paused == Deed(made.since, "pause", mail, "ann@desk", "month's end", end)
    assert resumed == Deed(resumed.at, "resume", mail, "bob-at-desk", "")
    assert schedule.deeds(1) == [resumed]


def test_who_acts_is_this_processes_user_unless_told(schedule: Schedule) -> None:
    (made,) = schedule.pause("shop.mail", reason="x").made
    assert "@" in made.by


def refused(schedule: Schedule, kind: type[Exception], *names: str, **what) -> str:
    with pytest.raises(kind) as caught:
        schedule.pause(*names, **{**WHO, **what})
    assert schedule.pauses() == []
    assert schedule.deeds() == []
    return str(caught.value)


def test_a_name_that_is_not_there(schedule: Schedule) -> None:
    assert refused(schedule, EntryNotFound, "shop.hello", "shop.mial") == (
        f"There is no entry 'shop.mial' in the schedule of app {schedule.app.main!r}\n"
        "  did you mean 'shop.mail'?"
    )
    with pytest.raises(EntryNotFound):
        schedule.resume("shop.mial")


def test_a_queue_or_a_tag_that_no_entry_has(schedule: Schedule) -> None:
    assert refused(schedule, EntryNotFound, queue="mial") == (
        "No entry goes to the queue 'mial'\n  in this schedule there are: 'celery', 'mail'"
    )
    assert refused(schedule, EntryNotFound, tag="x") == (
        "No entry has the tag 'x'\n  in this schedule there are: 'outgoing'"
    )
    with pytest.raises(EntryNotFound):
        schedule.resume(tag="x")


def test_exactly_one_way_to_say_what_is_meant(schedule: Schedule) -> None:
    assert refused(schedule, ActionError) == (
        "what is meant is given as nothing, expected exactly one of names, a queue, a tag, "
        "everything\n"
        "  write it in several calls where several are meant"
    )
    assert refused(schedule, ActionError, "a", tag="b", queue="c", everything=True) == (
        "what is meant is given as names ['a'] and queue 'c' and tag 'b' and everything, "
        "expected exactly one of names, a queue, a tag, everything\n"
        "  write it in several calls where several are meant"
    )


def test_a_reason_is_wanted_and_bounded(schedule: Schedule) -> None:
    assert refused(schedule, ActionError, "shop.mail", reason=" ") == (
        "reason is ' ', expected why this is done\n"
        "  whoever finds it at night needs it\n"
        "  write such as 'migration of the invoices, until Ann is done'"
    )
    assert refused(schedule, ActionError, "shop.mail", reason="x" * 501) == (
        "reason 'xxxxxxxxxxxxxxxxxxxx...' has 501 characters, expected 500 at most\n"
        "  it is kept with every record in the store\n"
        "  write one sentence, and where to read more"
    )


def test_an_end_that_is_past(schedule: Schedule) -> None:
    message = refused(schedule, ScheduleError, "shop.mail", until=datetime(2020, 1, 1, tzinfo=UTC))
    first, second, third = message.split("\n")
    assert first == "until is 2020-01-01T00:00:00Z, expected a time to come"
    assert second.startswith("  it is 20")
    assert second.endswith("Z by the store's clock")
    assert third == "  write a later time, with its date where it is not today"


def test_a_naive_end(schedule: Schedule) -> None:
    message = refused(schedule, ScheduleError, "shop.mail", until=datetime(2030, 1, 1))
    assert message == (
        "until is datetime.datetime(2030, 1, 1, 0, 0), a datetime without a time zone, "
        "expected one with a zone\n"
        "  write for example .replace(tzinfo=UTC) if it is meant in UTC"
    )
