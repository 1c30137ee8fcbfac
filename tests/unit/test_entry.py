"""The JSON form of entries, policies and slots."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from celery.schedules import BaseSchedule

from beatkit import Entry, Slot, at, cron, every
from beatkit.entry import Policy
from beatkit.errors import ScheduleError

FULL = Entry(
    name="close-day",
    task="shop.close_day",
    schedule=cron("0 2 * * *", timezone="Europe/Berlin", gap="skip"),
    args=("today",),
    kwargs={"dry": True},
    options={"queue": "night", "expires": 60},
    policy=Policy(deadline=300, overlap="skip"),
    description="Close the day",
    tags=("billing",),
    enabled=False,
)


@pytest.mark.parametrize(
    "entry",
    [
        FULL,
        Entry("x", "shop.x", every(seconds=15)),
        Entry("x", "shop.x", at("2026-12-31T23:59:00+01:00"), policy=Policy()),
    ],
)
def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    assert Entry.from_json(json.loads(json.dumps(entry.to_json()))) == entry


def test_what_has_its_default_is_left_out() -> None:
    schedule = every(seconds=15)
    assert Entry("x", "shop.x", schedule).to_json() == {
        "name": "x",
        "task": "shop.x",
        "schedule": schedule.to_json(),
    }


def test_fields_of_a_newer_version_are_left_out() -> None:
    assert Entry.from_json({**FULL.to_json(), "since": "2027"}) == FULL


def test_a_schedule_of_the_users_own_kind_has_no_json_form() -> None:
    class Tides(BaseSchedule):
        def __repr__(self) -> str:
            return "<tides>"

    with pytest.raises(ScheduleError) as raised:
        Entry("x", "shop.x", Tides()).to_json()
    assert str(raised.value) == (
        "Entry 'x': schedule <tides> has no JSON form\n"
        "  write every(...), cron(...), at(...) or solar(...)"
    )


@pytest.mark.parametrize("previous", [None, datetime(2027, 1, 15, 7, 59, 59, 999000, tzinfo=UTC)])
def test_a_slot_comes_back_as_it_was(previous: datetime | None) -> None:
    slot = Slot("x", datetime(2027, 1, 15, 8, 0, tzinfo=UTC), "catch_up", previous)
    assert Slot.from_json(json.loads(json.dumps(slot.to_json()))) == slot
    assert slot.to_json()["scheduled_for"] == 1_800_000_000_000
