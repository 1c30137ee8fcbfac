"""What is said in the words of other schedulers gets the words of this one."""

from __future__ import annotations

import pytest


def test_what_other_schedulers_call_it_is_answered_with_our_name(refusal) -> None:
    assert refusal(
        """
        @periodic(every=15, cron="* * * * *")
        def hello() -> None: ...
        """
    ) == (
        "Entry 'shop.hello': has every=, which @periodic does not know\n"
        "  declared in shop.py, line 1\n"
        "  write seconds=15"
    )


@pytest.mark.parametrize(
    "said, write",
    [
        ("second=15", "write seconds=15"),
        ("interval=timedelta(hours=1)", "write seconds=datetime.timedelta(seconds=3600)"),
        ("every='5m'", "write seconds="),
        ("schedule='0 4 * * *'", "write cron='0 4 * * *'"),
        ("crontab='0 4 * * *'", "write cron='0 4 * * *'"),
        ("schedule=30.0", "write seconds=30.0"),
        ("schedule=crontab(hour=4)", "write the schedule object first and without a name: "
         "@periodic(crontab(...))"),
        ("run_every=every(minutes=5)", "write the schedule object first and without a name: "
         "@periodic(every(...))"),
    ],
)  # fmt: skip
def test_an_unknown_name_for_the_time_is_one_problem_with_what_to_write(
    refusal, said: str, write: str
) -> None:
    name = said.partition("=")[0]
    assert refusal(
        f"""
        from datetime import timedelta; from celery.schedules import crontab; import beatkit
        from beatkit import every
        @periodic({said})
        def hello() -> None: ...
        """
    ) == (
        f"Entry 'shop.hello': has {name}=, which @periodic does not know\n"
        f"  declared in shop.py, line 3\n  {write}"
    )


@pytest.mark.parametrize(
    "said, names, write",
    [
        ("hour=4, minute=30", "minute= and hour=", "cron='30 4 * * *'"),
        ("hour=4", "hour=", "cron='0 4 * * *', or hours=4 for an interval"),
        ("minute=5", "minute=", "cron='5 * * * *', or minutes=5 for an interval"),
        ("minute='*/15'", "minute=", "cron='*/15 * * * *'"),
        ("day_of_week='mon-fri', hour=[6, 18]", "hour= and day_of_week=",
         "cron='0 6,18 * * mon-fri'"),
        ("day_of_month='1, 15'", "day_of_month=", "cron='0 0 1,15 * *'"),
    ],
)  # fmt: skip
def test_the_fields_of_a_crontab_are_one_problem_with_the_expression(
    refusal, said: str, names: str, write: str
) -> None:
    assert refusal(
        f"""
        @periodic({said})
        def hello() -> None: ...
        """
    ) == (
        f"Entry 'shop.hello': has {names}, which crontab() knows and @periodic does not\n"
        f"  declared in shop.py, line 1\n  write {write}"
    )


def test_a_schedule_object_is_no_cron_text(refusal) -> None:
    assert refusal(
        """
        from celery.schedules import crontab
        @periodic(cron=crontab())
        def hello() -> None: ...
        """
    ) == (
        "Entry 'shop.hello': cron is <crontab: * * * * * (m/h/dM/MY/d)>, expected a text of five"
        " fields\n"
        "  declared in shop.py, line 2\n"
        "  write the schedule object first and without a name: @periodic(crontab(...))"
    )
