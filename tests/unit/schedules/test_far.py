"""Slots that are decades apart, and the two ends of the calendar."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from threading import Thread

import pytest

from beatkit.schedules.celery import cron
from beatkit.schedules.cron import CronRule
from beatkit.schedules.tzfile import read_zone
from beatkit.schedules.zone import Zone

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"]
END = 253_402_300_799_000  # 9999-12-31T23:59:59Z
BEGINNING = -62_135_596_800_000  # 0001-01-01T00:00:00Z


def leap_days(weekday: int, first: int, last: int) -> list[int]:
    return [
        year
        for year in range(first, last)
        if calendar.isleap(year) and datetime(year, 2, 29).weekday() == weekday
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_a_leap_day_on_a_monday_comes_every_28_years_or_40_around_2100(zone: str) -> None:
    schedule = cron("0 12 29 2 mon", timezone=zone, days="and")

    slots = list(islice(schedule.iter(datetime(2001, 1, 1, tzinfo=UTC)), 12))

    years = [slot.year for slot in slots]
    assert years == leap_days(0, 2001, 2400)[:12]
    assert 40 in {later - earlier for earlier, later in pairwise(years)}
    assert [schedule.previous(slot) for slot in slots[1:]] == slots[:-1]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("text", ["0 0 29 2 *", "* * 1 1 *", "30 2 * * *"])
def test_the_calendar_ends_with_the_year_9999_and_begins_with_1(text: str, zone: str) -> None:
    rule = CronRule(text, zone)
    day = timedelta(days=2) // timedelta(milliseconds=1)

    last, first = rule.previous(END - day), rule.next(BEGINNING + day)

    assert last is not None
    assert rule.next(last - 1) == last
    assert first is not None
    assert rule.previous(first + 1) == first
    assert CronRule("0 0 29 2 *", zone).next(END - day) is None
    assert CronRule("0 0 29 2 *", zone).previous(BEGINNING + day) is None


@pytest.mark.parametrize("text", ["0 0 29 2 mon", "* * 29 2 mon", "*/7 3 31 3 sun"])
@pytest.mark.parametrize("gap", ["run", "skip"])
@pytest.mark.timeout(60)  # day by day it would be minutes
def test_the_rarest_slot_takes_a_moment_and_not_a_minute(text: str, gap: str) -> None:
    rule = CronRule(text, "Europe/Berlin", gap=gap, mode="and")
    slot = 0
    for _ in range(20):
        slot = rule.next(slot)
        assert rule.previous(slot + 1) == slot


def test_threads_may_ask_a_fresh_zone_for_different_centuries_at_once() -> None:
    data = read_zone("Europe/Berlin")
    zone = Zone("Europe/Berlin", data.first, data.changes, data.seasons)
    winters = [int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in range(2000, 2600, 7)]
    found: list[set[int]] = []

    def ask() -> None:
        found.append({zone.find(second)[2] for second in winters})

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [{3600}] * 8
