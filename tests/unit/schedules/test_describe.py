"""Schedules in plain English."""

from __future__ import annotations

import pytest

from beatkit.schedules.celery import at, bind, cron, every, solar
from beatkit.schedules.cron import CronRule
from beatkit.schedules.describe import describe
from beatkit.schedules.rules import IntervalRule, UnionRule


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("*/7 * * * *", "every hour at every 7th minute from 0 to 56"),
        ("*/7 4 * * 0,1", "in hour 4 at every 7th minute from 0 to 56 on Sunday and Monday"),
        ("2-59/3 * * * *", "every hour at every 3rd minute from 2 to 59"),
        ("0 * * * *", "every hour"),
        ("30 * * * *", "every hour at minute 30"),
        ("15,45 * * * *", "every hour at minutes 15 and 45"),
        ("0 */2 * * *", "every 2 hours"),
        ("30 */2 * * *", "every 2 hours at minute 30"),
        ("0 4 * * *", "at 04:00 every day"),
        ("0,30 4,16 * * *", "at 04:00, 04:30, 16:00 and 16:30 every day"),
        ("*/5 4 * * *", "every 5 minutes from 04:00 to 04:55"),
        ("* 4,9,17 * * *", "every minute in hours 4, 9 and 17"),
        ("30 9-17 * * 1-5", "every hour from 09:30 to 17:30 on Monday to Friday"),
        ("15,45 8-18 * * *", "every hour from 8 to 18 at minutes 15 and 45"),
        ("5 4/3 * * *", "in every 3rd hour from 4 to 22 at minute 5"),
        (
            "*/15 8-18 * * mon-fri",
            "every 15 minutes from 08:00 to 18:45 on Monday to Friday",
        ),
        ("0 0 13 * 5", "at 00:00 on day 13 of the month or on Friday"),
        (
            "0 0 */2 * 1",
            "at 00:00 on every 2nd day from 1 to 31 of the month if it is Monday",
        ),
        ("0 0 1 1 *", "at 00:00 on day 1 of the month in January"),
        ("0 0 * 6-8,12 *", "at 00:00 every day in June to August and December"),
        ("0 0 L * *", "at 00:00 on the last day of the month"),
        ("0 0 LW * *", "at 00:00 on the last working day (Monday to Friday) of the month"),
        (
            "0 0 15W,1 * *",
            "at 00:00 on day 1 and the working day (Monday to Friday) nearest to day 15"
            " of the month",
        ),
        ("0 0 * * 5L", "at 00:00 on the last Friday of the month"),
        ("0 0 * * MON#2,wed", "at 00:00 on Wednesday and the second Monday of the month"),
        ("@weekly", "at 00:00 on Sunday"),
        ("* * * * * *", "every second"),
        ("*/10 * * * * *", "every 10 seconds"),
        ("30 * * * * *", "at second 30 of every minute"),
        ("5,35 * * * * *", "at seconds 5 and 35 of every minute"),
        ("30 0 4 * * *", "at 04:00:30 every day"),
        ("*/10 0-5 4 * * *", "every 10 seconds of minutes 0 to 5 from 04:00 to 04:05"),
    ],
)
def test_a_cron_expression_in_english(text: str, english: str) -> None:
    assert describe(CronRule(text, "Europe/Berlin")) == f"{english} (Europe/Berlin)"


@pytest.mark.parametrize(
    ("schedule", "english"),
    [
        (every(seconds=15), "every 15 seconds"),
        (every(minutes=1), "every minute"),
        (every(days=1), "every day"),
        (every(hours=1.5, offset=90), "every 90 minutes, shifted by 1 minute and 30 seconds"),
        (every(seconds=0.25), "every 250 milliseconds"),
        (every(days=1, offset="hash"), "every day, shifted by a hash of the entry's name"),
        (
            cron("0 4 * * *", "0 12 * * sat"),
            "at 04:00 every day; and at 12:00 on Saturday (the app's time zone)",
        ),
        (
            cron("H 4 * * *"),
            "by cron 'H 4 * * *', where the entry's name decides H (the app's time zone)",
        ),
        (
            bind(cron("0 4 * * *", "0 12 * * sat"), timezone="UTC", name="e"),
            "at 04:00 every day; and at 12:00 on Saturday (UTC)",
        ),
        (
            cron("0 0 13 * 5", days="and", timezone="UTC"),
            "at 00:00 on day 13 of the month if it is Friday (UTC)",
        ),
        (at("2026-12-31T23:59:00+01:00"), "at 2026-12-31 22:59:00 (UTC)"),
        (
            at(*(f"2026-01-0{day}T00:00:00Z" for day in range(1, 9))),
            "at 8 instants from 2026-01-01 00:00:00 to 2026-01-08 00:00:00 (UTC)",
        ),
        (solar("dawn_civil", -33.9, 151.2), "at civil dawn at 33.9° S, 151.2° E"),
    ],
    ids=repr,
)
def test_a_schedule_in_english(schedule: every | cron | at | solar, english: str) -> None:
    assert schedule.describe() == english


def test_a_union_of_rules_in_english() -> None:
    rule = UnionRule((CronRule("@hourly"), IntervalRule(15_000)))

    assert describe(rule) == "every hour (UTC); and every 15 seconds"
