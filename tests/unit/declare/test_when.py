"""When an entry is due: one schedule out of the decorator's parameters."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery.schedules import crontab

from beatkit import Registry, cron, every


def declared(registry: Registry) -> object:
    (only,) = registry.declarations
    return only.schedule


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"seconds": 15}, every(seconds=15)),
        ({"seconds": timedelta(minutes=1)}, every(seconds=60)),
        ({"hours": 1, "minutes": 30}, every(seconds=5400)),
        ({"days": 1, "offset": 3600}, every(days=1, offset=3600)),
        ({"cron": "0 4 * * *"}, cron("0 4 * * *")),
        ({"cron": ["0 4 * * *", "0 16 * * *"]}, cron("0 4 * * *", "0 16 * * *")),
        (
            {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "gap": "skip", "fold": "both"},
            cron("30 2 * * *", timezone="Europe/Berlin", gap="skip", fold="both"),
        ),
        ({"seconds": 15, "cron": None, "timezone": None}, every(seconds=15)),
    ],
)
def test_parameters_make_one_schedule(
    registry: Registry, said: dict[str, object], meant: object
) -> None:
    @registry.periodic(**said)  # type: ignore[arg-type]
    def task() -> None: ...

    assert declared(registry) == meant


def test_a_schedule_object_is_taken_as_it_is(registry: Registry) -> None:
    @registry.periodic(every(minutes=5))
    def task() -> None: ...

    assert declared(registry) == every(minutes=5)


def test_a_crontab_of_celery_is_converted(registry: Registry) -> None:
    @registry.periodic(crontab(minute="0", hour="4"))
    def task() -> None: ...

    schedule = declared(registry)
    assert isinstance(schedule, cron)


def test_no_time_at_all(refusal) -> None:
    assert refusal(
        """
        @periodic()
        def hello() -> None: ...
        """
    ) == (
        "Entry 'shop.hello': has no time at which it is due\n"
        "  declared in shop.py, line 1\n"
        "  write seconds=60, or cron='0 4 * * *', or a schedule object such as every(minutes=5)"
    )


def test_the_decorator_without_parentheses(refusal) -> None:
    message = refusal(
        """
        @periodic
        def hello() -> None: ...
        """
    )
    assert message == (
        "@periodic stands without parentheses\n"
        "  declared in shop.py, line 1\n"
        "  write @periodic(seconds=60)"
    )


def test_two_kinds_of_time(refusal) -> None:
    assert refusal(
        """
        @periodic(seconds=60, cron="0 4 * * *")
        def hello() -> None: ...
        """
    ) == (
        "Entry 'shop.hello': has cron and seconds, expected one of them\n"
        "  declared in shop.py, line 1\n"
        "  write two decorators, each with a name"
    )


def test_a_schedule_object_and_its_parameters(refusal) -> None:
    assert refusal(
        """
        @periodic(every(minutes=5), timezone="Europe/Berlin")
        def hello() -> None: ...
        """,
        every=every,
    ) == (
        "Entry 'shop.hello': has the schedule every(minutes=5) and timezone,"
        " expected one of them\n"
        "  declared in shop.py, line 1\n"
        "  write them in the schedule object, or leave the object out"
    )


def test_a_time_zone_for_an_interval(refusal) -> None:
    assert refusal(
        """
        @periodic(seconds=60, timezone="Europe/Berlin")
        def hello() -> None: ...
        """
    ) == (
        "Entry 'shop.hello': has timezone, which an interval does not take:"
        " its slots are instants of UTC\n"
        "  declared in shop.py, line 1\n"
        "  leave it out, or write cron='0 4 * * *' for a time of day"
    )


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("60", "write seconds=60"),
        ("'0 4 * * *'", "write cron='0 4 * * *'"),
        (
            "[60]",
            "write seconds=60, or cron='0 4 * * *', or a schedule object such as every(minutes=5)",
        ),
    ],
)
def test_something_else_in_place_of_a_schedule_object(refusal, written: str, remedy: str) -> None:
    assert refusal(
        f"""
        @periodic({written})
        def hello() -> None: ...
        """
    ) == (
        f"Entry 'shop.hello': schedule is {written}, expected a schedule object\n"
        "  declared in shop.py, line 1\n"
        f"  {remedy}"
    )


def test_a_bad_cron_text_keeps_its_caret(refusal) -> None:
    assert refusal(
        """
        @periodic(cron="0 25 * * *", name="close-day")
        def close_day() -> None: ...
        """
    ) == (
        "Entry 'close-day': hour is 25 in cron '0 25 * * *', expected 0-23\n"
        "  0 25 * * *\n"
        "    ^^\n"
        "  declared in shop.py, line 1\n"
        "  write '23', or another hour from 0 to 23"
    )


@pytest.mark.parametrize("seconds", [0, -5, float("nan"), float("inf"), "60", True])
def test_an_interval_that_cannot_be(refusal, seconds: object) -> None:
    message = refusal(
        """
        @periodic(seconds=period)
        def hello() -> None: ...
        """,
        period=seconds,
    )
    assert message.startswith("Entry 'shop.hello': ")
    assert "\n  declared in shop.py, line 1" in message
