"""What Celery, and tools that read Celery's schedules, find on beatkit's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery import Celery
from celery import schedules as celery_schedules

from beatkit.schedules.celery import bind, cron, every

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def bound(schedule: Any) -> Any:
    return bind(schedule, timezone="America/New_York", name="an entry")


def test_tools_find_celerys_attributes_on_a_cron() -> None:
    schedule = bound(cron("H 4-6 1 jan sun", "0 0 * * *"))

    assert schedule._orig_minute == "8"
    assert schedule._orig_hour == "4-6"
    assert schedule._orig_day_of_month == "1"
    assert schedule._orig_month_of_year == "jan"
    assert schedule._orig_day_of_week == "sun"
    assert schedule.minute == {8}
    assert schedule.hour == {4, 5, 6}
    assert schedule.day_of_month == {1}
    assert schedule.month_of_year == {1}
    assert schedule.day_of_week == {0}
    assert str(schedule.tz) == "America/New_York"


@pytest.mark.parametrize(
    "text",
    [
        "5/15 * * * 5-7",
        "*/5,3 22-2 */2 nov-feb mon-fri/2,sun",
        "0,30 4/3 1-31/7 jan,7 0-7",
        "@weekly",
        "H H(1-5) H * H",
    ],
)
def test_a_tool_that_stores_the_five_texts_gets_the_same_crontab_back(text: str) -> None:
    schedule = bound(cron(text))

    stored = celery_schedules.crontab(
        schedule._orig_minute,
        schedule._orig_hour,
        schedule._orig_day_of_week,
        schedule._orig_day_of_month,
        schedule._orig_month_of_year,
    )

    for name in ("minute", "hour", "day_of_month", "month_of_year", "day_of_week"):
        assert getattr(stored, name) == getattr(schedule, name), name


def test_tools_find_celerys_attributes_on_an_interval() -> None:
    schedule = every(minutes=5)

    assert schedule.run_every == timedelta(minutes=5)
    assert schedule.seconds == 300
    assert schedule.human_seconds == "5.00 minutes"
    assert schedule.relative is False


def test_an_unbound_cron_has_the_zone_of_its_app() -> None:
    app = Celery("zones", set_as_current=False)
    app.conf.timezone = "Asia/Tokyo"
    schedule = cron("0 4 * * *")
    schedule.app = app

    assert str(schedule.tz) == "Asia/Tokyo"


def test_a_naive_last_run_is_taken_as_celery_takes_it_for_utc() -> None:
    app = Celery("naive", set_as_current=False)
    app.conf.timezone = "Asia/Tokyo"
    app.now = lambda: NOON.astimezone(ZoneInfo("Asia/Tokyo"))
    schedule = every(hours=1)
    schedule.app = app

    assert schedule.is_due(datetime(2026, 6, 1, 11, 30)) == (True, 3600)
    assert schedule.is_due(datetime(2026, 6, 1, 12, 0)) == (False, 3600)
    assert schedule.remaining_estimate(datetime(2026, 6, 1, 10, 30)) == timedelta(hours=-1)
