"""every(), cron(), at(), solar(): what they answer, and that they are values."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery import schedules as celery_schedules

from beatkit.errors import ScheduleError
from beatkit.schedules.celery import at, bind, cron, every, schedule_from_json, solar
from beatkit.schedules.rules import UnionRule, rule_from_json

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ALL = [
    every(seconds=15),
    every(minutes=5, offset=30),
    every(weeks=1, offset="hash"),
    every(seconds=0.25),
    every(seconds=timedelta(minutes=1, milliseconds=1)),
    cron("0 4 * * *"),
    cron("*/5 * * * *", "H H * * sat", timezone="Europe/Berlin", gap="skip", fold="both"),
    cron("0 0 13 * 5", days="and", timezone="Asia/Tokyo"),
    cron("H * * * *", seed=12345),
    at("2026-12-31T23:59:00+01:00", datetime(2026, 1, 1, tzinfo=UTC)),
    solar("sunrise", lat=52.5, lon=13.4),
]


def bound(schedule: Any) -> Any:
    return bind(schedule, timezone="America/New_York", name="an entry")


# What makes a value of them


@pytest.mark.parametrize("schedule", [*ALL, *map(bound, ALL)], ids=repr)
def test_a_schedule_survives_repr_pickle_copy_and_json(schedule: Any) -> None:
    copies = [
        eval(repr(schedule)),
        pickle.loads(pickle.dumps(schedule)),
        copy.deepcopy(schedule),
        schedule_from_json(json.loads(json.dumps(schedule.to_json()))),
    ]

    assert copies == [schedule] * 4
    assert {hash(one) for one in copies} == {hash(schedule)}
    assert {type(one) for one in copies} == {type(schedule)}


@pytest.mark.parametrize("schedule", [*map(bound, ALL)], ids=repr)
def test_a_rule_survives_repr_pickle_and_json(schedule: Any) -> None:
    rule = schedule.rule

    copies = [
        pickle.loads(pickle.dumps(rule)),
        rule_from_json(json.loads(json.dumps(rule.to_json()))),
    ]

    assert copies == [rule, rule]
    assert {hash(one) for one in copies} == {hash(rule)}
    assert [one.next(0) for one in copies] == [rule.next(0)] * 2


def test_different_schedules_differ() -> None:
    everything = {*ALL, *map(bound, ALL)}

    assert len(everything) == len(ALL) + 4  # binding changes 4 of them
    assert every(seconds=60) == every(minutes=1)
    assert cron("0 4 * * *") != cron("0 4 * * *", timezone="UTC")
    assert every(seconds=15) != celery_schedules.schedule(15)
    assert celery_schedules.schedule(15) != every(seconds=15)
    assert cron("0 4 * * *") != celery_schedules.crontab(0, 4)
    assert every(seconds=15) != 15


def test_schedules_are_celerys_own_kind() -> None:
    assert isinstance(every(seconds=15), celery_schedules.schedule)
    assert isinstance(cron("0 4 * * *"), celery_schedules.crontab)
    assert isinstance(at(NOON), celery_schedules.BaseSchedule)
    assert isinstance(solar("sunset", 1, 2), celery_schedules.solar)


def test_the_json_of_another_version_is_refused() -> None:
    for read in (rule_from_json, schedule_from_json):
        with pytest.raises(ScheduleError, match="another version of beatkit"):
            read({"kind": "lunar"})


# Binding


def test_bind_fills_in_what_is_missing_and_nothing_else() -> None:
    assert bound(cron("0 4 * * *")) == cron("0 4 * * *", timezone="America/New_York")
    assert bound(cron("H 4 * * *", timezone="UTC")).timezone == "UTC"
    assert bound(every(hours=1, offset="hash")) == every(hours=1, offset=2248.682)
    for schedule in ALL:
        once = bound(schedule)
        assert bind(once, timezone="Asia/Tokyo", name="another") is once


@pytest.mark.parametrize("texts", [("0 4 * * *",), ("0 4 * * *", "*/7 2 * * sun")])
def test_a_bound_cron_is_the_same_as_one_declared_with_the_zone(texts: tuple[str, ...]) -> None:
    declared = cron(*texts, timezone="America/New_York", fold="both")

    once = bound(cron(*texts, fold="both"))

    assert once == declared
    assert once.rule == declared.rule
    assert list(islice(once.iter(NOON), 99)) == list(islice(declared.iter(NOON), 99))


def test_an_app_in_an_unknown_zone_cannot_bind() -> None:
    for schedule in (cron("0 4 * * *"), cron("H 4 * * *")):
        with pytest.raises(ScheduleError, match="timezone is 'Berlin', expected the name"):
            bind(schedule, timezone="Berlin", name="e")


def test_bind_leaves_the_original_and_what_is_not_ours_alone() -> None:
    schedule, theirs = cron("H 4 * * *"), celery_schedules.crontab(0, 4)

    bound(schedule)

    assert schedule == cron("H 4 * * *")
    assert bound(theirs) is theirs


def test_entries_with_the_same_schedule_are_spread() -> None:
    offsets = {
        bind(every(minutes=10, offset="hash"), timezone="UTC", name=f"e{number}").offset
        for number in range(1000)
    }

    assert len(offsets) > 990
    assert 0 <= min(offsets) < 10
    assert 590 < max(offsets) < 600


def test_an_unbound_cron_reckons_in_utc() -> None:
    assert cron("0 4 * * *").next(NOON) == datetime(2026, 6, 2, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "what"),
    [(every(hours=1, offset="hash"), 'offset="hash"'), (cron("H 4 * * *"), "H")],
    ids=repr,
)
def test_times_that_hang_on_an_unknown_name_are_refused(schedule: Any, what: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        schedule.next(NOON)

    assert str(caught.value) == (
        f"{schedule!r} has no times yet: {what} comes from the entry's name\n"
        "  bind(schedule, timezone='UTC', name='the entry') gives it one"
    )


# Questions and answers


def test_slots_come_in_utc_whatever_the_zone_of_the_question() -> None:
    schedule = cron("0 4 * * *", timezone="Europe/Berlin")
    asked = NOON.astimezone(ZoneInfo("Asia/Tokyo"))

    assert schedule.next(asked) == datetime(2026, 6, 2, 2, tzinfo=UTC)
    assert schedule.next(asked).tzinfo is UTC
    assert schedule.previous(asked) == datetime(2026, 6, 1, 2, tzinfo=UTC)


def test_next_is_strictly_later_and_previous_strictly_earlier() -> None:
    schedule = every(minutes=1)
    bit = timedelta(microseconds=1)

    assert schedule.next(NOON) == NOON + timedelta(minutes=1)
    assert schedule.next(NOON - bit) == NOON
    assert schedule.previous(NOON) == NOON - timedelta(minutes=1)
    assert schedule.previous(NOON + bit) == NOON


def test_between_has_its_start_and_not_its_end() -> None:
    schedule = every(minutes=1)
    minutes = [NOON + timedelta(minutes=number) for number in range(4)]
    bit = timedelta(microseconds=1)

    assert schedule.between(NOON, minutes[3]) == minutes[:3]
    assert schedule.between(NOON + bit, minutes[3] + bit) == minutes[1:]
    assert schedule.between(NOON, NOON) == []


def test_iter_goes_on_as_long_as_it_is_asked() -> None:
    assert list(islice(every(seconds=15).iter(NOON), 3)) == [
        NOON + timedelta(seconds=seconds) for seconds in (15, 30, 45)
    ]


def test_given_instants_end() -> None:
    schedule = at(NOON, "2026-06-01T14:00:00+02:00", NOON - timedelta(days=1, microseconds=-1))

    assert list(schedule.iter(datetime(2026, 1, 1, tzinfo=UTC))) == [NOON - timedelta(days=1), NOON]
    assert schedule.next(NOON) is None
    assert schedule.previous(NOON - timedelta(days=2)) is None


def test_a_union_has_each_slot_once() -> None:
    schedule = cron("0 4 * * *", "0 4,12 * * *", timezone="UTC")

    assert isinstance(schedule.rule, UnionRule)
    assert [slot.hour for slot in islice(schedule.iter(NOON), 4)] == [4, 12, 4, 12]
    assert schedule.previous(NOON) == NOON - timedelta(hours=8)


def test_a_timedelta_is_as_long_as_it_says_in_any_unit() -> None:
    assert every(minutes=timedelta(minutes=5)) == every(minutes=5)
    assert every(days=timedelta(days=1), hours=1) == every(hours=25)


def test_a_part_of_a_unit_is_taken_if_whole_milliseconds_come_out() -> None:
    assert every(minutes=1 / 3) == every(seconds=20)
    assert every(hours=0.1) == every(minutes=6)


def test_an_interval_is_a_grid_on_the_utc_line() -> None:
    week = every(weeks=1)

    assert every(days=1).next(NOON) == datetime(2026, 6, 2, tzinfo=UTC)
    assert week.next(NOON).weekday() == 3  # 1970-01-01 was a Thursday
    assert every(days=1, hours=-12, minutes=30) == every(minutes=750)
    assert every(hours=1, offset=timedelta(minutes=5)).next(NOON).minute == 5
    assert every(seconds=0.1).next(NOON) == NOON + timedelta(milliseconds=100)
