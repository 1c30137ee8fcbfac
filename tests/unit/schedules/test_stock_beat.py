"""Celery's own scheduler runs beatkit's schedules, its clock moved by the test.

The scheduler is the real `celery.beat.Scheduler`; only sending is recorded in place of
publishing, and the app's clock is the test's. Time moves as the tick asks, and by a
millisecond where it asks to be called again at once.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, _state
from celery.beat import PersistentScheduler, ScheduleEntry, Scheduler

from beatkit.schedules.celery import at, bind, cron, every


class MovedApp(Celery):
    """An app whose clock stands where it is put."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment.astimezone(self.timezone)


class Recorder(Scheduler):
    """Celery's scheduler, but for the publishing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sent: list[tuple[str, datetime]] = []
        super().__init__(*args, **kwargs)

    def install_default_entries(self, data: object) -> None:
        pass

    @property
    def producer(self) -> None:
        return None

    def apply_entry(self, entry: ScheduleEntry, producer: object = None) -> None:
        self.sent.append((entry.name, self.app.moment))


def run_stock_beat(
    schedules: dict[str, Any], start: str, hours: float, timezone: str = "Europe/Berlin"
) -> list[tuple[str, datetime]]:
    """Return what stock beat sends, and when, from a start until some hours later."""
    app = MovedApp("stock", broker="memory://", set_as_current=False)
    app.conf.timezone = timezone
    app.moment = datetime.fromisoformat(start).astimezone(UTC)
    end = app.moment + timedelta(hours=hours)
    scheduler = Recorder(app)
    scheduler.update_from_dict(
        {name: {"task": "t", "schedule": value} for name, value in schedules.items()}
    )
    return tick_until(scheduler, end)


def tick_until(scheduler: Recorder, end: datetime) -> list[tuple[str, datetime]]:
    while scheduler.app.moment < end:
        delay = scheduler.tick()
        scheduler.app.moment += timedelta(seconds=max(delay or 0, 0.001))
    return scheduler.sent


def counted(sent: list[tuple[str, datetime]]) -> dict[str, int]:
    return dict(Counter(name for name, _ in sent))


SCHEDULES = {
    "every 15 seconds": every(seconds=15),
    "every 5 minutes": cron("*/5 * * * *"),
    "at a quarter past": cron("15 * * * *"),
    "nightly": cron("30 2 * * *"),
    "each pass": cron("30 2 * * *", fold="both", gap="skip"),
    "in Tokyo": cron("0 10 * * *", timezone="Asia/Tokyo"),
}


def test_stock_beat_through_the_gap_sends_exactly_the_slots() -> None:
    sent = run_stock_beat(SCHEDULES, "2024-03-31T00:00:01+01:00", hours=4)

    assert counted(sent) == {
        "every 15 seconds": 960,
        "every 5 minutes": 48,
        "at a quarter past": 4,
        "nightly": 1,
        "in Tokyo": 1,
    }
    assert [when.replace(microsecond=0) for name, when in sent if name == "nightly"] == [
        datetime(2024, 3, 31, 1, tzinfo=UTC)
    ]


def test_stock_beat_through_the_fold_sends_exactly_the_slots() -> None:
    sent = run_stock_beat(SCHEDULES, "2024-10-27T00:00:01+02:00", hours=5)

    assert counted(sent) == {
        "every 15 seconds": 1200,
        "every 5 minutes": 60,
        "at a quarter past": 5,
        "nightly": 1,
        "each pass": 2,
        "in Tokyo": 1,
    }


def test_stock_beat_started_inside_the_repeated_hour_does_not_flood() -> None:
    # Celery's own crontab is sent without pause until 02:30 here, 1,000,000 times and more.
    sent = run_stock_beat(SCHEDULES, "2024-10-27T02:10:00.005+01:00", hours=1)

    assert counted(sent) == {
        "every 15 seconds": 240,
        "every 5 minutes": 12,
        "at a quarter past": 1,
        "each pass": 1,
    }


def test_stock_beat_sends_each_slot_at_its_instant_without_drift() -> None:
    sent = run_stock_beat({"e": every(seconds=1)}, "2024-06-01T00:00:00.789+00:00", hours=0.1)

    late = [when - when.replace(microsecond=0) for _, when in sent]
    assert len(sent) == 360
    assert max(late) < timedelta(milliseconds=3)


def test_stock_beat_reckons_an_unbound_cron_in_the_zone_of_its_app() -> None:
    sent = run_stock_beat({"c": cron("0 4 * * *")}, "2024-06-01T00:00:00+00:00", hours=24)

    assert [when.replace(microsecond=0) for _, when in sent] == [
        datetime(2024, 6, 1, 2, tzinfo=UTC)
    ]


def test_stock_beat_with_its_file_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Persistent(Recorder, PersistentScheduler):
        pass

    def run(start: str, minutes: int) -> list[str]:
        app = MovedApp("stock", broker="memory://", set_as_current=False)
        app.conf.timezone = "Europe/Berlin"
        monkeypatch.setattr(_state._tls, "current_app", app)  # entries in the file know no app
        app.conf.beat_schedule = {
            "interval": {"task": "t", "schedule": every(minutes=5, offset=60)},
            "hourly": {"task": "t", "schedule": cron("30 * * * *", "45 12 * * *")},
        }
        app.moment = datetime.fromisoformat(start)
        scheduler = Persistent(app, schedule_filename=str(tmp_path / "schedule"))
        sent = tick_until(scheduler, app.moment + timedelta(minutes=minutes))
        scheduler.close()
        return sorted(f"{when:%H:%M} {name}" for name, when in sent)

    assert run("2024-06-01T10:00:30+00:00", 10) == ["10:01 interval", "10:06 interval"]
    assert run("2024-06-01T10:40:00+00:00", 10) == [
        "10:40 hourly",  # that of 10:30, which nothing could send
        "10:40 interval",
        "10:41 interval",
        "10:45 hourly",
        "10:46 interval",
    ]


def test_stock_beat_goes_on_after_a_schedule_has_ended() -> None:
    schedules = {"once": at("2024-06-01T00:10:00Z"), "always": every(minutes=5)}

    sent = run_stock_beat(schedules, "2024-06-01T00:00:01+00:00", hours=1)

    assert counted(sent) == {"once": 1, "always": 12}


def test_stock_beat_honours_its_starting_deadline_for_a_cron() -> None:
    app = MovedApp("stock", set_as_current=False)
    app.conf.beat_cron_starting_deadline = 60
    schedule = bind(cron("0 4 * * *"), timezone="UTC", name="nightly")
    schedule.app = app
    yesterday = datetime(2024, 6, 1, 12, tzinfo=UTC)

    app.moment = datetime(2024, 6, 2, 4, 1, tzinfo=UTC)
    assert schedule.is_due(yesterday) == (True, 23 * 3600 + 59 * 60)
    app.moment = datetime(2024, 6, 2, 4, 2, tzinfo=UTC)
    assert schedule.is_due(yesterday) == (False, 23 * 3600 + 58 * 60)
