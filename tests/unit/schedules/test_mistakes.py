"""The whole text of each error about an interval, an instant or a question."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from beatkit.errors import ScheduleError
from beatkit.schedules.celery import at, cron, every


@pytest.mark.parametrize("ask", ["next", "previous", "iter"])
@pytest.mark.parametrize("schedule", [every(seconds=15), cron("0 4 * * *")], ids=repr)
def test_a_naive_time_is_refused(schedule: Any, ask: str) -> None:
    name = {"next": "after", "previous": "before", "iter": "after"}[ask]

    with pytest.raises(ScheduleError) as caught:
        getattr(schedule, ask)(datetime(2026, 6, 1))

    assert str(caught.value) == (
        f"{name} is datetime.datetime(2026, 6, 1, 0, 0), a datetime without a time zone,"
        " expected one with a zone\n"
        "  write for example .replace(tzinfo=UTC) if it is meant in UTC"
    )


def test_a_number_is_no_time() -> None:
    with pytest.raises(ScheduleError) as caught:
        every(seconds=15).next(0)

    assert str(caught.value) == (
        "after is 0, expected a datetime with a time zone\n  write for example datetime.now(UTC)"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {},
            "every(seconds=0) is an interval of 0 seconds, expected more than 0\n"
            "  write for example every(seconds=30)",
        ),
        (
            {"seconds": -5},
            "every(seconds=-5) is an interval of -5 seconds, expected more than 0\n"
            "  write for example every(seconds=30)",
        ),
        (
            {"seconds": 1 / 3},
            "seconds is 0.3333333333333333, expected whole milliseconds\n  write seconds=0.333",
        ),
        (
            {"seconds": timedelta(microseconds=1500)},
            "seconds is datetime.timedelta(microseconds=1500), expected whole milliseconds\n"
            "  write seconds=timedelta(milliseconds=1)",
        ),
        (
            {"minutes": float("inf")},
            "minutes is inf, expected a finite number of minutes\n  write for example minutes=30",
        ),
        (
            {"hours": "2"},
            "hours is '2', expected a number of hours or a timedelta\n  write for example hours=30",
        ),
        (
            {"seconds": 0.0005},
            "seconds is 0.0005, expected whole milliseconds\n  write seconds=0.001",
        ),
        (
            {"days": 1 / 7},
            "days is 0.14285714285714285, expected whole milliseconds\n  write seconds=12342.857",
        ),
        (
            {"days": 1e11},
            "days is 100000000000.0, expected fewer than 11574074 days\n"
            "  write for example days=30",
        ),
        (
            {"weeks": 1_000_000},
            "every(weeks=1000000) is an interval of 604800000000 seconds,"
            " expected at most 365250 days\n"
            "  write for example every(seconds=30)",
        ),
        (
            {"seconds": True},
            "seconds is True, expected a number of seconds or a timedelta\n"
            "  write for example seconds=30",
        ),
        (
            {"seconds": 60, "offset": 90},
            "offset is 90, expected 0 up to, not including, the interval of 60 seconds\n"
            "  write offset=30, which gives the same slots",
        ),
        (
            {"seconds": 60, "offset": -1},
            "offset is -1, expected 0 up to, not including, the interval of 60 seconds\n"
            "  write offset=59, which gives the same slots",
        ),
        (
            {"seconds": 60, "offset": "random"},
            "offset is 'random', expected a number of seconds, a timedelta or 'hash'\n"
            "  write for example offset=30, or offset='hash'",
        ),
    ],
    ids=str,
)
def test_an_interval_that_cannot_work_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        every(**arguments)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("instants", "message"),
    [
        ((), "at() has no instant\n  write for example at('2026-12-31T23:59:00+01:00')"),
        (
            ("tomorrow",),
            "at is 'tomorrow', expected a datetime with a time zone\n"
            "  write for example at('2026-12-31T23:59:00+01:00')",
        ),
        (
            ("2026-12-31T23:59:00",),
            "at is datetime.datetime(2026, 12, 31, 23, 59), a datetime without a time zone,"
            " expected one with a zone\n"
            "  write for example .replace(tzinfo=UTC) if it is meant in UTC",
        ),
    ],
    ids=str,
)
def test_instants_that_cannot_work_are_refused(instants: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        at(*instants)

    assert str(caught.value) == message
