"""simulate() answers what beats would send, without a clock, a server or a wait."""

from __future__ import annotations

import doctest
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery import Celery
from celery.schedules import BaseSchedule, crontab, schedstate
from hypothesis import given
from hypothesis import strategies as st

from beatkit import simulation
from beatkit.entry import Entry, Policy, Slot
from beatkit.errors import ScheduleError
from beatkit.schedules.celery import at, bind, cron, every
from beatkit.simulation import simulate, steps

BERLIN = ZoneInfo("Europe/Berlin")


def utc(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, second, tzinfo=UTC)


def entry(name: str, schedule: object, policy: Policy | None = None, **more: object) -> Entry:
    schedule = bind(schedule, timezone="UTC", name=name)
    return Entry(name, f"shop.{name}", schedule, policy=policy, **more)  # type: ignore[arg-type]


QUARTERLY = entry("quarterly", cron("*/15 * * * *"))
HOURLY = entry("hourly", cron("0 * * * *"))


def test_slots_of_several_entries_come_merged_and_in_order() -> None:
    assert simulate([QUARTERLY, HOURLY], utc(10), utc(10, 31)) == [
        Slot("hourly", utc(10), previous=utc(9)),
        Slot("quarterly", utc(10), previous=utc(9, 45)),
        Slot("quarterly", utc(10, 15), previous=utc(10)),
        Slot("quarterly", utc(10, 30), previous=utc(10, 15)),
    ]


def test_the_start_is_part_of_the_span_and_the_end_is_not() -> None:
    assert [slot.scheduled_for for slot in simulate([HOURLY], utc(10), utc(12))] == [
        utc(10),
        utc(11),
    ]


def test_the_first_slot_of_all_has_none_before_it() -> None:
    once = entry("once", at(utc(10), utc(11)))
    assert simulate([once], utc(9), utc(12)) == [
        Slot("once", utc(10), previous=None),
        Slot("once", utc(11), previous=utc(10)),
    ]


def test_a_mapping_by_name_is_as_good_as_a_list() -> None:
    assert simulate({"hourly": HOURLY}, utc(10), utc(12)) == simulate([HOURLY], utc(10), utc(12))


def test_what_is_not_enabled_sends_nothing() -> None:
    assert simulate([entry("off", cron("0 * * * *"), enabled=False)], utc(0), utc(23)) == []


def test_after_an_outage_the_latest_slot_is_caught_up() -> None:
    found = simulate([QUARTERLY], utc(10), utc(11, 1), down=[(utc(10, 10), utc(10, 50))])
    assert found == [
        Slot("quarterly", utc(10), previous=utc(9, 45)),
        Slot("quarterly", utc(10, 45), "catch_up", previous=utc(10)),
        Slot("quarterly", utc(11), previous=utc(10, 45)),
    ]


def test_with_catch_up_all_every_missed_slot_is_sent() -> None:
    every_one = entry("books", cron("*/15 * * * *"), Policy(catch_up="all", coalesce=False))
    found = simulate([every_one], utc(10), utc(11), down=[(utc(10, 10), utc(10, 50))])
    assert [(slot.scheduled_for, slot.kind) for slot in found] == [
        (utc(10), "scheduled"),
        (utc(10, 15), "catch_up"),
        (utc(10, 30), "catch_up"),
        (utc(10, 45), "catch_up"),
    ]


def test_a_slot_past_its_deadline_is_not_sent() -> None:
    fresh = entry("fresh", cron("*/15 * * * *"), Policy(catch_up="all", deadline=600))
    found = simulate([fresh], utc(10), utc(11), down=[(utc(10, 10), utc(10, 50))])
    assert [slot.scheduled_for for slot in found] == [utc(10), utc(10, 45)]


def test_steps_tell_what_was_missed_and_why() -> None:
    found = list(steps([QUARTERLY], utc(10), utc(11), down=[(utc(10, 10), utc(10, 50))]))
    missed = [step.move.missed for step in found if step.move.missed]
    assert [(one.count, one.reason) for one in missed] == [(2, "latest")]


def test_outages_that_touch_count_as_one() -> None:
    down = [(utc(10, 30), utc(10, 50)), (utc(10, 10), utc(10, 30))]
    found = simulate([QUARTERLY], utc(10, 1), utc(11), down=down)
    assert [(slot.scheduled_for, slot.kind) for slot in found] == [(utc(10, 45), "catch_up")]


def test_an_outage_that_outlasts_the_span_sends_nothing() -> None:
    assert simulate([QUARTERLY], utc(10, 1), utc(11), down=[(utc(10), utc(12))]) == []


def test_a_backlog_longer_than_one_pass_is_sent_whole() -> None:
    busy = entry("busy", every(seconds=1), Policy(catch_up="all"))
    found = simulate([busy], utc(10), utc(10, 10), down=[(utc(10), utc(10, 9))])
    assert [slot.scheduled_for for slot in found] == [
        utc(10) + timedelta(seconds=second) for second in range(600)
    ]


def test_jitter_delays_the_send_and_not_the_slot() -> None:
    spread = entry("spread", cron("0 * * * *"), Policy(jitter=600))
    found = list(steps([spread], utc(10), utc(12)))
    assert [step.move.slot for step in found] == [
        int(utc(10).timestamp() * 1000),
        int(utc(11).timestamp() * 1000),
    ]
    delays = [step.at_ms - step.move.slot for step in found]
    assert all(0 < delay < 600_000 for delay in delays)
    assert delays[0] != delays[1]


def test_a_nightly_entry_runs_once_in_the_night_of_each_clock_change() -> None:
    nightly = Entry("nightly", "shop.nightly", cron("30 2 * * *", timezone="Europe/Berlin"))
    spring = simulate(
        [nightly],
        datetime(2026, 3, 29, tzinfo=BERLIN),
        datetime(2026, 3, 30, tzinfo=BERLIN),
    )
    autumn = simulate(
        [nightly],
        datetime(2026, 10, 25, tzinfo=BERLIN),
        datetime(2026, 10, 26, tzinfo=BERLIN),
    )
    assert [slot.scheduled_for.isoformat() for slot in spring + autumn] == [
        "2026-03-29T01:00:00+00:00",
        "2026-10-25T00:30:00+00:00",
    ]


TEXTS = st.sampled_from(
    ["*/15 * * * *", "30 2 * * *", "0 0-6 * * *", "7,11 */3 * * mon", "5 4 1 * *"]
)
TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
SPANS = st.timedeltas(timedelta(0), timedelta(days=3))


@given(TEXTS, TIMES, SPANS)
def test_without_an_outage_every_slot_of_the_span_is_sent(
    text: str, start: datetime, span: timedelta
) -> None:
    schedule = cron(text, timezone="Europe/Berlin")
    found = simulate([Entry("e", "t", schedule)], start, start + span)
    assert [slot.scheduled_for for slot in found] == schedule.between(start, start + span)
    assert {slot.kind for slot in found} <= {"scheduled"}


@given(TEXTS, TIMES, SPANS, st.lists(st.tuples(SPANS, SPANS), max_size=3))
def test_with_catch_up_all_no_outage_loses_a_slot(
    text: str, start: datetime, span: timedelta, outages: list[tuple[timedelta, timedelta]]
) -> None:
    schedule = cron(text, timezone="Europe/Berlin")
    entry = Entry("e", "t", schedule, policy=Policy(catch_up="all", coalesce=False))
    down = [(start + after, start + after + length) for after, length in outages]
    end = max([start + span, *(over for _, over in down)]) + timedelta(seconds=1)
    found = simulate([entry], start, end, down=down)
    assert [slot.scheduled_for for slot in found] == schedule.between(start, end)


class Tides(BaseSchedule):
    """A schedule of a user's own: every 6 h 12 min from the last run."""

    def is_due(self, last_run_at: datetime) -> schedstate:
        left = (last_run_at + timedelta(hours=6, minutes=12) - self.now()).total_seconds()
        return schedstate(left <= 0, left if left > 0 else 22_320)


def test_a_schedule_of_the_users_own_is_asked_as_celery_asks_it() -> None:
    tides = Tides()
    found = simulate([Entry("tides", "shop.tides", tides)], utc(0), utc(20))
    assert [slot.scheduled_for for slot in found] == [utc(6, 12), utc(12, 24), utc(18, 36)]
    assert tides.nowfun is None


def test_a_schedule_of_the_users_own_is_asked_again_after_an_outage() -> None:
    entries = [Entry("tides", "shop.tides", Tides())]
    found = simulate(entries, utc(0), utc(20), down=[(utc(5), utc(8))])
    assert [slot.scheduled_for for slot in found] == [utc(8), utc(14, 12)]


class Sometimes(BaseSchedule):
    """Says it is due in the first ten minutes of an hour, and never when to ask again."""

    def is_due(self, last_run_at: datetime) -> tuple[bool, None]:
        return self.now().minute < 10 and self.now() - last_run_at > timedelta(minutes=30), None


def test_a_schedule_that_does_not_say_when_is_asked_every_five_minutes() -> None:
    found = simulate([Entry("e", "t", Sometimes())], utc(0, 57), utc(3))
    assert [slot.scheduled_for for slot in found] == [utc(2, 2)]


def test_a_schedule_with_a_clock_of_its_own_is_asked_in_that_clocks_zone() -> None:
    nine = crontab(minute=0, hour=9, nowfun=lambda: datetime.now(BERLIN))
    zones = []

    class Seen(BaseSchedule):
        def is_due(self, last_run_at: datetime) -> tuple[bool, float]:
            zones.append((self.now().tzinfo, last_run_at.tzinfo))
            return False, 3600.0

    seen = Seen(nowfun=lambda: datetime.now(BERLIN))
    assert simulate([Entry("seen", "t", seen), Entry("nine", "t", nine)], utc(0), utc(1)) == []
    assert zones == [(BERLIN, BERLIN)]


def test_the_starting_deadline_of_an_app_counts_for_its_cron_entries() -> None:
    app = Celery("shop", set_as_current=False)
    app.conf.beat_schedule = {
        "e": {"task": "celery.backend_cleanup", "schedule": crontab(minute=0)},
    }
    down = [(utc(9, 59), utc(10, 30))]
    assert [slot.kind for slot in simulate(app, utc(9, 30), utc(10, 45), down=down)] == ["catch_up"]
    app.conf.beat_cron_starting_deadline = 600
    assert simulate(app, utc(9, 30), utc(10, 45), down=down) == []


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ScheduleError) as caught:
        simulate([HOURLY], datetime(2026, 11, 22), utc(1))
    assert str(caught.value) == (
        "start is datetime.datetime(2026, 11, 22, 0, 0), a datetime without a time zone,"
        " expected one with a zone\n"
        "  write for example .replace(tzinfo=UTC) if it is meant in UTC"
    )


def test_a_day_of_a_hundred_entries_takes_less_than_a_second() -> None:
    entries = [entry(f"e{n}", cron(f"{n % 60} * * * *")) for n in range(99)]
    entries.append(entry("often", every(seconds=15)))
    began = time.process_time()
    assert len(simulate(entries, utc(0), utc(0) + timedelta(days=1))) == 99 * 24 + 5760
    assert time.process_time() - began < 1


def test_the_example_of_the_docstring_is_true() -> None:
    assert doctest.testmod(simulation).failed == 0
