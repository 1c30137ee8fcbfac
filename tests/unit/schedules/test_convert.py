"""What projects already have, read as beatkit's schedules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery import Celery
from celery.schedules import BaseSchedule, crontab, schedule
from celery.schedules import solar as celery_solar

from beatkit.errors import ScheduleError
from beatkit.schedules.celery import at, cron, every, solar
from beatkit.schedules.convert import convert, oddities
from beatkit.schedules.foreign import flattened


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (30, every(seconds=30)),
        (0.5, every(seconds=0.5)),
        ("30", every(seconds=30)),
        ("0.5", every(seconds=0.5)),
        (timedelta(minutes=5), every(minutes=5)),
        (schedule(15), every(seconds=15)),
        (schedule(timedelta(days=1)), every(days=1)),
        (schedule(1 / 3), every(seconds=0.333)),
        ("0 4 * * *", cron("0 4 * * *")),
        ("@daily", cron("@daily")),
        (crontab(), cron("* * * * *")),
        (crontab(0, 4), cron("0 4 * * *")),
        (crontab(minute="*/15", hour="8-18"), cron("*/15 8-18 * * *")),
        (crontab(minute=[0, 30], hour={1, 2, 3}), cron("0,30 1-3 * * *")),
        (crontab(0, 0, day_of_week="mon-fri"), cron("0 0 * * mon-fri")),
        (crontab(0, 0, day_of_week="monday"), cron("0 0 * * 1")),
        (crontab(0, 0, day_of_month="13", day_of_week="fri"), cron("0 0 13 * fri", days="and")),
        (crontab(0, 0, day_of_month="*/2", day_of_week="1"), cron("0 0 */2 * 1")),
        (crontab(0, "22-2"), cron("0 22-2 * * *")),
        (crontab(0, 0, month_of_year="jan,7"), cron("0 0 * jan,7 *")),
        (celery_solar("sunrise", 52.5, 13.4), solar("sunrise", 52.5, 13.4)),
    ],
    ids=repr,
)
def test_a_value_becomes_the_schedule_it_means(given: Any, expected: Any) -> None:
    assert convert(given) == expected


def test_beatkits_own_schedules_stay_the_same_object() -> None:
    for ours in (every(seconds=1), cron("0 4 * * *"), at("2026-01-01T00:00:00Z")):
        assert convert(ours) is ours


class Custom(BaseSchedule):
    """A user's own."""


class TimeZoned(crontab):
    """A user's own crontab, as django-celery-beat has one."""


@pytest.mark.parametrize(
    "theirs",
    [
        Custom(),
        TimeZoned(0, 4),
        schedule(3600, relative=True),
        schedule(15, nowfun=lambda: datetime.now(UTC)),
        crontab(0, 9, nowfun=lambda: datetime.now(ZoneInfo("America/New_York"))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_only_celerys_code_can_answer_stays_as_it_is(theirs: Any) -> None:
    assert convert(theirs) is theirs


def test_converting_never_touches_the_object_given() -> None:
    theirs = crontab(0, 0, day_of_week="monday", app=Celery("theirs", set_as_current=False))
    before = dict(vars(theirs))

    convert(theirs)

    assert vars(theirs) == before


def test_a_zone_put_on_the_crontab_itself_is_kept() -> None:
    theirs = crontab(0, 4)
    theirs.tz = ZoneInfo("Asia/Tokyo")

    assert convert(theirs) == cron("0 4 * * *", timezone="Asia/Tokyo")


def test_a_converted_crontab_matches_friday_the_13th_and_no_other_day() -> None:
    both = convert(crontab(0, 0, day_of_month="13", day_of_week="fri"))

    assert both.next(datetime(2026, 11, 1, tzinfo=UTC)) == datetime(2026, 11, 13, tzinfo=UTC)
    assert both.next(datetime(2026, 11, 14, tzinfo=UTC)) == datetime(2027, 8, 13, tzinfo=UTC)


def test_a_full_list_of_hours_is_not_a_star() -> None:
    assert convert(crontab(0, range(24))) == cron("0 0-23 * * *")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            None,
            "the schedule is None, expected seconds, a timedelta, a cron text or a schedule\n"
            "  write for example every(seconds=30) or cron('0 4 * * *')",
        ),
        (
            True,
            "the schedule is True, expected seconds, a timedelta, a cron text or a schedule\n"
            "  write for example every(seconds=30) or cron('0 4 * * *')",
        ),
        (
            0,
            "every(seconds=0) is an interval of 0 seconds, expected more than 0\n"
            "  write for example every(seconds=30)",
        ),
        (
            crontab(minute=[]),
            "minute is empty in <crontab: [] * * * * (m/h/dM/MY/d)>, expected at least one value\n"
            "  write '*' for each",
        ),
        (
            schedule(),
            "the schedule's interval is None, expected a timedelta\n"
            "  write for example every(seconds=30)",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_schedule_is_refused(value: object, message: str) -> None:
    # Celery 5.5 to 5.7 refuse an empty crontab nowhere; it fails when it is first asked.
    with pytest.raises(ScheduleError) as caught:
        convert(value)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("theirs", "expected", "said"),
    [
        (
            crontab(minute="*/5-7"),
            cron("*/5 * * * *"),
            ["minute '*/5-7' means '*/5' to Celery"],
        ),
        (crontab(hour="*/4/2"), cron("* */4 * * *"), ["hour '*/4/2' means '*/4' to Celery"]),
        (crontab(minute="1-5-9"), cron("1-5 * * * *"), ["minute '1-5-9' means '1-5' to Celery"]),
        (
            crontab(minute="+5", day_of_week="monkey"),
            cron("5 * * * 1"),
            ["minute '+5' means '5' to Celery", "day_of_week 'monkey' means '1' to Celery"],
        ),
        (crontab(minute="0, 30"), cron("0,30 * * * *"), []),
        (crontab(minute="sun"), cron("0 * * * *"), ["minute 'sun' means '0' to Celery"]),
        (crontab(hour="\u0665"), cron("* 5 * * *"), ["hour '\u0665' means '5' to Celery"]),
        (crontab(day_of_week="monday", month_of_year="March"), cron("* * * 3 1"), []),
        (schedule(15), every(seconds=15), []),
    ],
    ids=repr,
)
def test_odd_texts_that_celery_accepts_keep_its_meaning_and_are_reported(
    theirs: Any, expected: Any, said: list[str]
) -> None:
    assert convert(theirs) == expected
    assert oddities(theirs) == said


@pytest.mark.parametrize(
    ("ours", "lost"),
    [
        (every(minutes=5), []),
        (every(minutes=5, offset=30), ["the offset is lost: slots depend on the last run"]),
        (cron("0 4 * * *"), []),
        (cron("H 4 * * 1-5"), []),
        (at("2026-01-01T00:00:00Z"), ["it cannot be stored"]),
        (solar("sunset", 52.5, 13.4), ["it cannot be stored"]),
        (
            cron("30 0 4 13 * 5", "0 5 * * *", timezone="Asia/Tokyo", gap="skip"),
            [
                "only the first of 2 expressions is kept",
                "the seconds are lost",
                "the day fields must both match, where here either is enough",
                "the time zone is lost: the app's counts",
                "gap and fold are lost",
            ],
        ),
        (cron("0 0 L * *"), ["L, W and # in the day fields are not understood"]),
        (crontab(0, 4), []),
    ],
    ids=repr,
)
def test_what_other_tools_would_lose_is_named(ours: Any, lost: list[str]) -> None:
    assert flattened(ours) == lost


def test_a_zone_is_not_lost_where_it_is_the_apps_or_the_tool_keeps_it() -> None:
    nightly = cron("0 4 * * *", timezone="Asia/Tokyo")

    assert flattened(nightly, timezone="Asia/Tokyo") == []
    assert flattened(nightly, "django-celery-beat", timezone="UTC") == []
    assert flattened(nightly, "RedBeat", timezone="UTC") == [
        "the time zone is lost: the app's counts"
    ]
    assert flattened(solar("sunset", 52.5, 13.4), "django-celery-beat") == []
    assert flattened(every(seconds=0.5), "django-celery-beat") == [
        "the interval of 0.5s is stored as 0s"
    ]
    assert flattened(every(seconds=0.5), "RedBeat") == []
