"""The normal form of an expression, and where Celery and Unix cron differ."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatkit.checks.expressions import oddities
from beatkit.cli.differences import differences
from beatkit.cli.normal import normal
from beatkit.errors import ScheduleError
from beatkit.schedules.cron import CronRule

NOW = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("0 4 * * *", "0 4 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("00 04 * * MON-FRI", "0 4 * * 1-5"),
        ("0,15,30,45 * * * *", "0-45/15 * * * *"),
        ("*/15 */2 * * *", "*/15 */2 * * *"),
        ("*/1 * * * *", "* * * * *"),
        ("0-59 0 * * *", "0-59 0 * * *"),  # not *: daylight saving treats it otherwise
        ("5/15 * * * *", "5-50/15 * * * *"),
        ("0 22-2 * * *", "0 0-2,22,23 * * *"),
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 1 jan,jul *", "0 0 1 1,7 *"),
        ("30 0 0 l * *", "30 0 0 L * *"),
        ("0 0 * * mon#2", "0 0 * * MON#2"),
    ],
)
def test_the_normal_form(text: str, short: str) -> None:
    assert normal(text) == short


FIELD = st.sampled_from(["*", "*/7", "0", "1-5", "5/3", "2,4,6", "9-11,1", "5-2", "*/2,1"])


@given(st.lists(FIELD, min_size=5, max_size=5), st.integers(0, 2**41))
def test_the_normal_form_means_the_same(fields: list[str], after: int) -> None:
    text = " ".join([fields[0], fields[1], fields[2].replace("0", "1"), fields[3].replace("0", "1"),
                     fields[4].replace("9-11", "3")])  # fmt: skip
    try:
        rule = CronRule(text, "Europe/Berlin")
    except ScheduleError:
        return
    assert CronRule(normal(text), "Europe/Berlin").next(after) == rule.next(after)


def said(text: str, zone: str = "UTC") -> list[tuple[str, str]]:
    return list(differences(CronRule(text, zone, seed=0), NOW))


def test_where_nothing_differs_nothing_is_said() -> None:
    assert said("0 4 * * *", "Europe/Berlin") == []


@pytest.mark.parametrize(
    ("text", "who", "what"),
    [
        ("0 0 13 * 5", "Celery", "crontab() wants both day fields to match: next on Fri 13 Nov"
         " 2026, where here Fri 06 Nov 2026 comes first"),
        ("0 0 * * 7", "Celery", "crontab() raises ValueError: Invalid end range: 7 > 6."),
        ("@daily", "Celery", "crontab() has no aliases: give it the fields '0 0 * * *'"),
        ("0 0 L * *", "Unix cron", "has no L, W or #"),
        ("H 0 * * *", "Unix cron", "has no H"),
        ("5/15 0 * * *", "Unix cron", "refuses a step after a single value: write a range, such as"
         " 5-59/15"),
        ("0 22-2 * * *", "Unix cron", "never runs a range that wraps around: it takes the line all"
         " the same"),
        ("0 0 * * fri-mon", "Unix cron", "never runs a range that wraps around: it takes the line"
         " all the same"),
        ("0 0 0 * * *", "Unix cron", "has no seconds: it would take the first field for the"
         " minute"),
        ("0 0 0 * * *", "Celery", "crontab() has no seconds"),
    ],
)  # fmt: skip
def test_where_others_differ(text: str, who: str, what: str) -> None:
    assert (who, what) in said(text)


def test_sunday_as_seven_at_the_end_of_a_range_wraps_nothing() -> None:
    assert not any("wraps" in what for _, what in said("0 0 * * 5-7"))


def test_where_clock_changes_differ() -> None:
    assert said("30 2 * * *", "Europe/Berlin") == [
        (
            "Celery",
            "crontab() runs a time that clocks skip later by as much, after the jump; here it runs"
            " at the jump",
        )
    ]
    assert said("*/5 * * * *", "Europe/Berlin") == [
        ("Celery", "crontab() is silent in the hour that clocks repeat; here both passes run")
    ]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("0 4 * * *", []),
        ("*/5 * * * *", []),
        ("* * * * *", []),
        ("* 4 * * *", [("every-minute", "warning")]),
        ("* 9-17 * * *", [("every-minute", "note")]),
        ("* * * * mon", [("every-minute", "warning")]),
        ("* 30 2 * * *", [("every-minute", "warning")]),
        ("0 0 13 * 5", [("both-days", "warning")]),
        ("0 0 */2 * 5", [("uneven-step", "warning")]),
        ("*/15 */5 * * *", [("uneven-step", "warning")]),
        ("0 0-23 * * *", [("all-hours", "note")]),
        ("H H * * *", []),
        ("@daily", []),
    ],
)
def test_what_is_odd(text: str, rules: list[tuple[str, str]]) -> None:
    assert [(one.rule, one.severity) for one in oddities(text)] == rules
