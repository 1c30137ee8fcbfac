"""cronsim, written by others, as an oracle where its known bugs do not apply.

Those are starts inside a repeated hour, midnights that do not exist, jumps that are no whole
hour, `a-a/1`, and wrapped ranges; so: zones whose clocks change by an hour at night, starts
away from the change, plain fields.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from beatkit.errors import ScheduleError
from beatkit.schedules.celery import cron

cronsim = pytest.importorskip("cronsim")

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata"]


def fields(low: int, high: int) -> some.SearchStrategy[str]:
    number = some.integers(low, high)
    ordered = some.tuples(number, number).map(sorted)
    return some.one_of(
        some.just("*"),
        number.map(str),
        some.integers(2, high).map(lambda step: f"*/{step}"),
        ordered.filter(lambda pair: pair[0] < pair[1]).map(lambda pair: f"{pair[0]}-{pair[1]}"),
        some.lists(number, min_size=2, max_size=4).map(lambda them: ",".join(map(str, them))),
    )


DAYS = some.one_of(fields(1, 28), some.sampled_from(["L", "LW", "29", "31"]))
WEEKDAYS = some.one_of(
    fields(0, 6), some.sampled_from(["7", "mon-fri", "MON#2", "5L", "1#1,3#5", "sun"])
)


@settings(deadline=None, max_examples=100)
@given(
    some.tuples(fields(0, 59), fields(0, 23), DAYS, some.just("*"), WEEKDAYS).map(" ".join),
    some.sampled_from(ZONES),
    some.integers(0, 20 * 366),
)
def test_five_slots_agree_with_cronsim(text: str, zone: str, day: int) -> None:
    try:
        schedule = cron(text, timezone=zone)
    except ScheduleError:
        assume(False)  # two day fields that never meet
    start = datetime(2005, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
    theirs = cronsim.CronSim(text, start.astimezone(ZoneInfo(zone)))

    expected = [moment.astimezone(UTC) for moment in islice(theirs, 5)]

    assert list(islice(schedule.iter(start), 5)) == expected
