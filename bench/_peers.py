"""The schedulers that are compared, each driven as its own service drives it.

Every class has the same three methods: `fill` puts N entries where the scheduler keeps them,
each due at an instant that is given; `open` makes the scheduler, as a starting process does;
`tick` does one round and returns the seconds until the next.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import redis
from celery import Celery

Due = Callable[[int], float]
"""Unix seconds at which the entry of a number is due."""


class Peer:
    """One scheduler with N entries of one period.

    Args:
        url: The Redis that is the broker, and the store of whoever has one there.
        folder: For whoever keeps files.
        count: How many entries.
        period: Seconds between two runs of each.
    """

    def __init__(self, url: str, folder: Path, count: int, period: float) -> None:
        self.url, self.folder, self.count, self.period = url, folder, count, period
        self.scheduler: Any = None
        self.app = Celery("bench", broker=url, set_as_current=False)
        self.app.conf.update(result_expires=None, task_ignore_result=True)

        @self.app.task(name="work", shared=False)
        def work(*args: Any) -> None:
            """Never run: nothing consumes but the measurement."""

    needs: tuple[str, ...] = ()
    """Modules that are imported before the start is timed: they cost the same whatever N."""

    def schedule(self, every: Any) -> dict[str, Any]:
        return {
            f"entry-{number}": {"task": "work", "schedule": every, "args": [number]}
            for number in range(self.count)
        }

    def tick(self) -> float:
        return float(self.scheduler.tick() or 0.0)

    def close(self) -> None:
        self.scheduler.close()


class Beatkit(Peer):
    """Entries in code, progress in Redis. What is due is so by the grid of its slots."""

    needs = (
        "beatkit.beat.scheduler", "beatkit.store.redis", "beatkit.sending.atomic",
        "beatkit.sending.build", "kombu.transport.redis",
    )  # fmt: skip

    def declare(self) -> None:
        from beatkit import every

        offset = "hash" if self.period >= 60 else 0
        one = every(seconds=self.period, offset=offset)
        self.app.conf.beat_schedule = self.schedule(one)

    def fill(self, _due: Due) -> None:
        self.declare()
        self.open()
        self.tick()
        self.close()

    def open(self) -> None:
        from beatkit.beat.scheduler import Scheduler

        self.scheduler = Scheduler(self.app)


class Persistent(Peer):
    """Celery's default: entries in code, progress in a file."""

    needs = ("celery.beat", "kombu.transport.redis", "shelve", "dbm.dumb")

    def declare(self) -> None:
        self.app.conf.beat_schedule = self.schedule(self.period)

    def fill(self, due: Due) -> None:
        self.declare()
        self.open()
        for number in range(self.count):
            last = datetime.fromtimestamp(due(number) - self.period, UTC)
            self.scheduler.schedule[f"entry-{number}"].last_run_at = last
        self.close()

    def open(self) -> None:
        from celery.beat import PersistentScheduler

        self.scheduler = PersistentScheduler(
            self.app, schedule_filename=str(self.folder / "schedule")
        )


class RedBeat(Peer):
    """Entries and progress in Redis."""

    needs = ("redbeat.schedulers", "kombu.transport.redis")

    def declare(self) -> None:
        self.app.conf.redbeat_redis_url = self.url

    def fill(self, due: Due) -> None:
        from redbeat.decoder import RedBeatJSONEncoder

        client = redis.Redis.from_url(self.url)
        pipe: Any = client.pipeline(transaction=False)
        for number in range(self.count):
            key = f"redbeat:entry-{number}"
            last = datetime.fromtimestamp(due(number) - self.period, UTC)
            definition = {
                "name": f"entry-{number}", "task": "work", "args": [number], "kwargs": {},
                "options": {}, "enabled": True,
                "schedule": {"__type__": "interval", "every": self.period, "relative": False},
            }  # fmt: skip
            meta = json.dumps({"last_run_at": last}, cls=RedBeatJSONEncoder)
            pipe.hset(key, mapping={"definition": json.dumps(definition), "meta": meta})
            pipe.zadd("redbeat::schedule", {key: int(due(number))})
            if number % 1000 == 999:
                pipe.execute()
        pipe.execute()
        client.close()

    def open(self) -> None:
        from redbeat.schedulers import RedBeatScheduler, acquire_distributed_beat_lock

        self.declare()
        self.scheduler = RedBeatScheduler(self.app)
        acquire_distributed_beat_lock(SimpleNamespace(scheduler=self.scheduler))


class DjangoBeat(Peer):
    """Entries and progress in a database: SQLite, in a file."""

    needs = ("django_celery_beat.schedulers", "kombu.transport.redis")

    def declare(self) -> None:
        import django
        from django.conf import settings
        from django.core.management import call_command

        settings.configure(
            DATABASES={
                "default": {
                    "ENGINE": "django.db.backends.sqlite3",
                    "NAME": str(self.folder / "db.sqlite3"),
                }
            },
            INSTALLED_APPS=["django_celery_beat"],
            USE_TZ=True,
            TIME_ZONE="UTC",
        )
        django.setup()
        call_command("migrate", verbosity=0)

    def fill(self, due: Due) -> None:
        self.declare()
        from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

        every = round(self.period * 1_000_000)
        interval = IntervalSchedule.objects.create(every=every, period="microseconds")
        PeriodicTask.objects.bulk_create(
            [
                PeriodicTask(
                    name=f"entry-{number}",
                    task="work",
                    interval=interval,
                    args=json.dumps([number]),
                    last_run_at=datetime.fromtimestamp(due(number) - self.period, UTC),
                )
                for number in range(self.count)
            ],
            batch_size=500,
        )
        PeriodicTasks.update_changed()

    def open(self) -> None:
        from django_celery_beat.schedulers import DatabaseScheduler

        self.scheduler = DatabaseScheduler(self.app)


class ApScheduler(Peer):
    """Entries and progress in memory, its default: nothing outlives the process."""

    needs = (
        "apscheduler.schedulers.base", "apscheduler.triggers.interval",
        "apscheduler.executors.pool", "apscheduler.jobstores.memory", "kombu.transport.redis",
    )  # fmt: skip
    due: Due = staticmethod(lambda _number: time.time() + 3600)

    def declare(self) -> None:
        """Jobs are added where it is opened."""

    def fill(self, due: Due) -> None:
        """There is nowhere to put them."""

    def open(self) -> None:
        from apscheduler.schedulers.base import BaseScheduler

        class Driven(BaseScheduler):
            def shutdown(self, wait: bool = True) -> None:
                super().shutdown(wait)

            def wakeup(self) -> None:
                """The measurement ticks."""

        self.scheduler = Driven(timezone=UTC, job_defaults={"misfire_grace_time": None})
        for number in range(self.count):
            first = datetime.fromtimestamp(self.due(number), UTC)
            self.scheduler.add_job(
                self._send, "interval", seconds=self.period, next_run_time=first, args=[number]
            )
        self.scheduler.start()

    def _send(self, number: int) -> None:
        self.app.tasks["work"].apply_async((number,))

    def tick(self) -> float:
        return float(self.scheduler._process_jobs() or 0.0)

    def close(self) -> None:
        self.scheduler.shutdown()


PEERS: dict[str, type[Any]] = {
    "beatkit": Beatkit,
    "PersistentScheduler": Persistent,
    "redbeat": RedBeat,
    "django-celery-beat": DjangoBeat,
    "APScheduler": ApScheduler,
}


def hours_ahead(_number: int) -> float:
    """Nothing is due."""
    return time.time() + timedelta(hours=1).total_seconds()
