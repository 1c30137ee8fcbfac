"""The engine against the slow scan, over all zones and their changes of 2000 to 2037."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from beatkit.errors import ScheduleError
from beatkit.schedules.cron import CronRule
from beatkit.schedules.zone import zone
from tests.unit.schedules.scan import EPOCH, Job, Part, last_day, nearest_weekday, scan

ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})
NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
thorough = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def sunday_first(wall: datetime) -> int:
    return wall.isoweekday() % 7


@some.composite
def items(draw: some.DrawFn, low: int, high: int) -> tuple[str, set[int]]:
    """A value, a range (perhaps wrapped), a step: the text, and the values by hand."""
    first, last = draw(some.integers(low, high)), draw(some.integers(low, high))
    step = draw(some.integers(1, high + 2))
    around = list(range(low, high + 1))
    run = around[first - low :] + around[: first - low]
    run = run[: run.index(last) + 1]
    kind = draw(some.sampled_from(["n", "n", "n", "a-b", "a-b/s", "n/s", "*/s", "*"]))
    return {
        "n": (f"{first}", {first}),
        "a-b": (f"{first}-{last}", set(run)),
        "a-b/s": (f"{first}-{last}/{step}", set(run[::step])),
        "n/s": (f"{first}/{step}", set(range(first, high + 1, step))),
        "*/s": (f"*/{step}", set(range(low, high + 1, step))),
        "*": ("*", set(around)),
    }[kind]


@some.composite
def clock_parts(draw: some.DrawFn, attribute: str, high: int) -> Part:
    chosen = draw(some.lists(items(0, high), min_size=1, max_size=2))
    values = set().union(*(value for _, value in chosen))
    return Part(",".join(text for text, _ in chosen), lambda w: getattr(w, attribute) in values)


@some.composite
def day_parts(draw: some.DrawFn) -> Part:
    day = draw(some.integers(1, 31))
    special = draw(some.sampled_from([None, None, None, "L", "LW", "W"]))
    if special == "L":
        return Part("L", lambda w: w.day == last_day(w))
    if special == "LW":
        return Part("lw", lambda w: nearest_weekday(w, last_day(w)))
    if special == "W":
        return Part(f"{day}W,15", lambda w: nearest_weekday(w, day) or w.day == 15)
    chosen = draw(some.one_of(some.just(("*", set(range(1, 32)))), items(1, 31)))
    return Part(chosen[0], lambda w: w.day in chosen[1])


@some.composite
def month_parts(draw: some.DrawFn) -> Part:
    every_month = ("*", set(range(1, 13)))
    text, values = draw(some.one_of(some.just(every_month), some.just(every_month), items(1, 12)))
    if text.isdigit() and draw(some.booleans()):
        text = MONTHS[int(text) - 1]
    return Part(text, lambda w: w.month in values)


@some.composite
def weekday_parts(draw: some.DrawFn) -> Part:
    day, nth = draw(some.integers(0, 6)), draw(some.integers(1, 5))
    special = draw(some.sampled_from([None, None, None, "L", "#", "7"]))
    if special == "L":
        return Part(f"{day}L", lambda w: sunday_first(w) == day and w.day + 7 > last_day(w))
    if special == "#":
        return Part(
            f"{NAMES[day]}#{nth}", lambda w: sunday_first(w) == day and (w.day + 6) // 7 == nth
        )
    if special == "7":
        return Part("5-7", lambda w: sunday_first(w) in (5, 6, 0))
    text, values = draw(some.one_of(some.just(("*", set(range(7)))), items(0, 6)))
    if text.isdigit() and draw(some.booleans()):
        text = NAMES[int(text)].lower()
    return Part(text, lambda w: sunday_first(w) in values)


@some.composite
def jobs(draw: some.DrawFn, seconds: bool = False) -> Job:
    return Job(
        second=draw(clock_parts("second", 59)) if seconds else None,
        minute=draw(clock_parts("minute", 59)),
        hour=draw(clock_parts("hour", 23)),
        day=draw(day_parts()),
        month=draw(month_parts()),
        weekday=draw(weekday_parts()),
        zone=draw(some.sampled_from(ZONES)),
        gap=draw(some.sampled_from(["run", "run", "skip"])),
        fold=draw(some.sampled_from(["first", "first", "both"])),
    )


@some.composite
def starts(draw: some.DrawFn, name: str, hours: int) -> datetime:
    """An instant of 2000 to 2037, mostly shortly before a change of the zone's clocks."""
    first, last = datetime(2000, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
    found, moment = [], zone(name).find(int(first.timestamp()))[1]
    while moment < last.timestamp():
        found.append(EPOCH + timedelta(seconds=moment))
        moment = zone(name).find(moment)[1]
    change = draw(some.sampled_from(found or [first]))
    minutes = draw(some.integers(-60 * hours, 90))
    away = draw(some.sampled_from([0, 0, 0, 0, draw(some.integers(0, 19 * 365))]))
    return change + timedelta(minutes=minutes, days=away * (1 if change.year < 2018 else -1))


def check(job: Job, start: datetime, hours: int) -> None:
    end = start + timedelta(hours=hours)
    expected = scan(job, start, end)
    try:
        rule = CronRule(job.text, job.zone, job.gap, job.fold)
    except ScheduleError:
        assume(False)
    first = (start - EPOCH) // timedelta(milliseconds=1)
    last = (end - EPOCH) // timedelta(milliseconds=1)

    found, slot = [], rule.next(first - 1)
    while slot is not None and slot < last:
        found.append(slot)
        slot = rule.next(slot)
    assert found == expected

    back, slot = [], rule.previous(last)
    while slot is not None and slot >= first:
        back.append(slot)
        slot = rule.previous(slot)
    assert back == expected[::-1]

    step = job.step // timedelta(milliseconds=1)
    for index, slot in enumerate(found):
        assert rule.next(slot - 1) == slot == rule.previous(slot + 1)
        if index:
            assert rule.next((found[index - 1] + slot) // 2 - step // 7) == slot


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(thorough, max_examples=3000)
@given(some.data(), jobs())
def test_the_scan_of_each_minute_agrees_at_length(data: some.DataObject, job: Job) -> None:
    check(job, data.draw(starts(job.zone, hours=47)), hours=48)


@thorough
@given(some.data(), jobs())
def test_the_slots_of_two_days_are_those_that_a_scan_of_each_minute_finds(
    data: some.DataObject, job: Job
) -> None:
    check(job, data.draw(starts(job.zone, hours=47)), hours=48)


@settings(thorough, max_examples=60)
@given(some.data(), jobs(seconds=True))
def test_the_slots_of_some_hours_are_those_that_a_scan_of_each_second_finds(
    data: some.DataObject, job: Job
) -> None:
    check(job, data.draw(starts(job.zone, hours=2)), hours=3)


@settings(thorough, max_examples=300)
@given(jobs(), some.integers(0, 4_000_000_000_000))
def test_next_is_later_and_previous_goes_back_from_it_however_far_apart_slots_are(
    job: Job, after: int
) -> None:
    try:
        rule = CronRule(job.text, job.zone, job.gap, job.fold)
    except ScheduleError:
        assume(False)
    following = rule.next(after)
    assert following is not None
    assert following > after
    earlier = rule.previous(following)
    assert earlier is None or earlier <= after
    assert rule.next(following - 1) == following == rule.previous(following + 1)
