"""The axis above the sparklines, and the sparklines."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import schedule

from beatkit.cli.pictures.day import HOUR, Day
from beatkit.cli.timeline import CELLS, _axis, joined, sparkline
from beatkit.cli.when import millis
from beatkit.cli.wording import schedule_text
from beatkit.entry import Entry

BERLIN = ZoneInfo("Europe/Berlin")


def span(hours: int, *when: int) -> Day:
    start = millis(datetime(*when, tzinfo=BERLIN))  # type: ignore[arg-type,misc]
    return Day(start, start + hours * HOUR, BERLIN, (), 0)


@pytest.mark.parametrize(
    ("day", "axis"),
    [
        (span(24, 2026, 11, 23), "Mon   03    06    09    12    15    18    21"),
        (span(24, 2026, 10, 25), "Sun     03    06    09    12    15    18    21"),  # 02 twice
        (span(4, 2026, 11, 22, 21), "21          22          23          Mon"),
        (span(168, 2026, 11, 22, 21), " Mon    Tue    Wed   Thu    Fri    Sat    Sun"),
    ],
)
def test_the_axis_names_as_many_hours_as_fit(day: Day, axis: str) -> None:
    assert _axis(day, CELLS) == axis.ljust(48)


def test_a_narrow_terminal_gets_half_as_many_cells() -> None:
    assert _axis(span(24, 2026, 11, 23), 24) == "Mon   06    12    18".ljust(24)
    assert joined((1, 2, 3, 4), 2) == (3, 7)
    assert joined((1, 2, 3, 4), 4) == (1, 2, 3, 4)


def test_a_span_longer_than_a_day_names_the_weekday_too() -> None:
    at = millis(datetime(2026, 11, 23, 4, tzinfo=BERLIN))
    assert span(24, 2026, 11, 23).clock(at) == "04:00"
    assert span(48, 2026, 11, 23).clock(at) == "Mon 04:00"


@pytest.mark.parametrize(
    ("counts", "drawn"),
    [((), ""), ((0, 0), "··"), ((1, 1), "██"), ((0, 1, 4, 8), "·▁▄█"), ((1, 1000), "▁█")],
)
def test_the_greatest_count_is_a_full_block_and_none_is_a_dot(
    counts: tuple[int, ...], drawn: str
) -> None:
    assert sparkline(counts) == drawn


def test_a_schedule_that_counts_from_the_last_run_says_so() -> None:
    entry = Entry("e", "t", schedule(timedelta(seconds=90), relative=True))
    assert schedule_text(entry) == "1min 30s after a run"
