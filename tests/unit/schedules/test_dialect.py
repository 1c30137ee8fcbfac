"""What a field of a cron expression means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from beatkit.errors import ScheduleError
from beatkit.schedules.celery import bind, cron
from beatkit.schedules.dialect import ALIASES, parse
from beatkit.schedules.fields import DAY, HOUR, MINUTE, MONTH, WEEKDAY, Kind, read_field


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        (MINUTE, "5", (5,)),
        (MINUTE, "05", (5,)),
        (MINUTE, "5,1,5", (1, 5)),
        (MINUTE, "5/15", (5, 20, 35, 50)),
        (MINUTE, "*/25", (0, 25, 50)),
        (MINUTE, "*/90", (0,)),
        (MINUTE, "3-3", (3,)),
        (HOUR, "22-2", (0, 1, 2, 22, 23)),
        (HOUR, "22-4/2", (0, 2, 4, 22)),
        (HOUR, "7-2/6", (1, 7, 13, 19)),
        (DAY, "28-2", (1, 2, 28, 29, 30, 31)),
        (DAY, "10/7", (10, 17, 24, 31)),
        (MONTH, "nov-feb", (1, 2, 11, 12)),
        (MONTH, "7-1", (1, 7, 8, 9, 10, 11, 12)),
        (MONTH, "Jan,jUL", (1, 7)),
        (WEEKDAY, "7", (0,)),
        (WEEKDAY, "0,7", (0,)),
        (WEEKDAY, "5-7", (0, 5, 6)),
        (WEEKDAY, "7-2", (0, 1, 2)),
        (WEEKDAY, "0-7", (0, 1, 2, 3, 4, 5, 6)),
        (WEEKDAY, "fri-mon", (0, 1, 5, 6)),
        (WEEKDAY, "sat-sun", (0, 6)),
        (WEEKDAY, "1/2", (1, 3, 5)),
        (WEEKDAY, "*/2", (0, 2, 4, 6)),
        (WEEKDAY, "thu", (4,)),
    ],
    ids=str,
)
def test_the_values_of_a_field(kind: Kind, text: str, values: tuple[int, ...]) -> None:
    assert read_field(kind, text).values == values


def days_of(text: str, year: int, month: int, days: str = "or") -> list[int]:
    schedule = cron(f"0 0 {text}", timezone="UTC", days=days)
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return [slot.day for slot in schedule.between(datetime(year, month, 1, tzinfo=UTC), following)]


@pytest.mark.parametrize(
    ("text", "year", "month", "days"),
    [
        ("L * *", 2024, 2, [29]),
        ("L * *", 2023, 2, [28]),
        ("1,L * *", 2024, 4, [1, 30]),
        ("LW * *", 2024, 6, [28]),  # the 30th is a Sunday
        ("LW * *", 2024, 8, [30]),  # the 31st is a Saturday
        ("15W * *", 2024, 6, [14]),  # the 15th is a Saturday
        ("15W * *", 2024, 9, [16]),  # the 15th is a Sunday
        ("1W * *", 2024, 6, [3]),  # the 1st is a Saturday: never another month
        ("30w * *", 2024, 6, [28]),  # the 30th, the last, is a Sunday
        ("31W * *", 2024, 6, []),
        ("* * 5L", 2024, 5, [31]),
        ("* * 7L", 2024, 6, [30]),
        ("* * friL", 2024, 2, [23]),
        ("* * MON#2", 2024, 9, [9]),
        ("* * mon#5", 2024, 9, [30]),
        ("* * 1#5", 2024, 8, []),
        ("* * 0#1,3", 2024, 9, [1, 4, 11, 18, 25]),
        ("13 * 5", 2024, 9, [6, 13, 20, 27]),
        ("*/2 * 1", 2024, 9, [9, 23]),
        ("1-7 * */7", 2024, 9, [1]),
        ("29 2 *", 2024, 2, [29]),
        ("L * 1#1", 2024, 9, [2, 30]),
    ],
)
def test_the_days_of_a_month(text: str, year: int, month: int, days: list[int]) -> None:
    assert days_of(text, year, month) == days


def test_friday_the_13th_needs_both_day_fields() -> None:
    assert days_of("13 * 5", 2024, 9, days="and") == [13]
    assert days_of("13 * 5", 2024, 10, days="and") == []


def test_an_alias_means_its_five_fields_in_any_case() -> None:
    for alias, text in ALIASES.items():
        assert parse(alias.upper()) == parse(text)


def test_fields_are_separated_by_blanks_and_tabs() -> None:
    assert parse(" 0\t4   * *\t*  ") == parse("0 4 * * *")


def test_a_sixth_field_in_front_is_the_second() -> None:
    schedule = cron("*/20 59 23 * * *", timezone="UTC")

    slots = schedule.between(
        datetime(2024, 1, 1, 23, 59, tzinfo=UTC), datetime(2024, 1, 2, 23, 59, 1, tzinfo=UTC)
    )

    assert [f"{slot:%d %H:%M:%S}" for slot in slots] == [
        "01 23:59:00",
        "01 23:59:20",
        "01 23:59:40",
        "02 23:59:00",
    ]


def hashed(text: str, name: str) -> tuple[int, ...]:
    seed = bind(cron(f"{text} * * * *"), timezone="UTC", name=name).seed
    return read_field(MINUTE, text, seed).values


def test_h_picks_a_value_by_the_name_of_the_entry() -> None:
    picked = {hashed("H", f"entry {number}") for number in range(2000)}

    assert picked == {(value,) for value in range(60)}
    assert hashed("H", "shop.close") == hashed("H", "shop.close") == (22,)


def test_h_with_a_range_stays_inside_it() -> None:
    picked = {hashed("H(50-9)", f"entry {number}") for number in range(500)}

    assert picked == {(value,) for value in [*range(50, 60), *range(10)]}


def test_h_with_a_step_picks_the_first_of_an_even_series() -> None:
    picked = {hashed("H/15", f"entry {number}") for number in range(500)}

    assert picked == {(first, first + 15, first + 30, first + 45) for first in range(15)}
    assert {hashed("H(0-9)/4", f"entry {number}") for number in range(99)} == {
        (0, 4, 8),
        (1, 5, 9),
        (2, 6),
        (3, 7),
    }


def test_h_picks_a_day_that_each_month_has() -> None:
    assert {read_field(DAY, "H", seed).values[0] for seed in range(999)} == set(range(1, 29))
    assert {read_field(WEEKDAY, "h", seed).values[0] for seed in range(99)} == set(range(7))
    assert {read_field(MONTH, "H", seed).values[0] for seed in range(99)} == set(range(1, 13))


def test_fields_pick_independently() -> None:
    pairs = {
        (read_field(MINUTE, "H", seed).values, read_field(HOUR, "H", seed).values)
        for seed in range(3000)
    }

    assert len(pairs) > 1200  # of 1,440


def test_an_h_that_could_pick_a_day_that_never_comes_is_refused_when_it_does() -> None:
    schedule = cron("0 0 H(29-31) 2 *")

    with pytest.raises(ScheduleError, match="never fires"):
        for number in range(20):
            bind(schedule, timezone="UTC", name=f"entry {number}")


def test_thursday_is_no_h() -> None:
    assert cron("0 4 * * THU").next(datetime(2024, 1, 1, tzinfo=UTC)) is not None


START = datetime(2026, 1, 1, tzinfo=UTC)


def test_h_is_accepted_where_some_pick_of_it_fires() -> None:
    working_days = cron("*/3 13 23W,LW H H", days="and")  # never a Sunday, which H may be
    in_march = cron("0 0 30 H(2-3) *")

    assert bind(working_days, timezone="UTC", name="c").next(START) is not None
    assert bind(in_march, timezone="UTC", name="c").next(START) is not None


def test_h_is_refused_where_no_pick_of_it_fires() -> None:
    with pytest.raises(ScheduleError, match="never fires"):
        cron("0 0 31 H(4-4) *")


def test_a_pick_of_h_that_never_fires_is_named() -> None:
    with pytest.raises(ScheduleError) as caught:
        bind(cron("0 0 30 H(2-3) *"), timezone="UTC", name="b")

    assert str(caught.value) == (
        "cron '0 0 30 H(2-3) *' never fires: no month of 'H(2-3)' (here 2) has a day '30'\n"
        "  0 0 30 H(2-3) *\n"
        "      ^^^^^^^^^\n"
        "  give H a range of which each value fires, such as H(1-28) for the day"
    )
