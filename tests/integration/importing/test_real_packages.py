"""What the real redbeat and django-celery-beat have written, imported by the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.schedules import crontab, schedule

from tests.servers import ValkeyServer

SHOP = """
import os
from celery import Celery

app = Celery("shop", broker=os.environ["BROKER"])
app.conf.beat_schedule = {"ours": {"task": "shop.work", "schedule": 60.0}}

@app.task(name="shop.work")
def work(*args, **kwargs):
    pass
"""

SETTINGS = """
SECRET_KEY = "x"
USE_TZ = True
INSTALLED_APPS = ["django_celery_beat"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
"""

FILL = """
import json, django
from datetime import datetime, timedelta, timezone
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django_celery_beat.models import *
hour = IntervalSchedule.objects.create(every=2, period="hours")
night = CrontabSchedule.objects.create(
    minute="30", hour="2", day_of_week="1-5", day_of_month="*", month_of_year="*",
    timezone="Europe/Berlin")
sun = SolarSchedule.objects.create(event="sunset", latitude=52.52, longitude=13.40)
once = ClockedSchedule.objects.create(clocked_time=datetime(2126, 1, 1, tzinfo=timezone.utc))
past = ClockedSchedule.objects.create(clocked_time=datetime(2020, 1, 1, tzinfo=timezone.utc))
def task(name, **how):
    PeriodicTask.objects.create(name=name, task=how.pop("task", "shop.work"), **how)
task("every 2h", interval=hour, args=json.dumps([1]), kwargs=json.dumps({"a": 1}), queue="mail",
     priority=3, expire_seconds=60, description="mails")
task("at night", crontab=night, enabled=False, headers=json.dumps({"tenant": "acme"}))
task("sunset", solar=sun)
task("once", clocked=once, one_off=True)
task("over", clocked=past, one_off=True)
task("one off", interval=hour, one_off=True)
task("ours", interval=hour)
task("gone", task="shop.gone", interval=hour)
task("ends", interval=hour, expires=datetime(2126, 1, 1, tzinfo=timezone.utc))
task("celery.backend_cleanup", task="celery.backend_cleanup", crontab=night)
"""

ANEW = "when it ran last: it counts from its import"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "site_settings.py").write_text(SETTINGS)
    return tmp_path


def command(
    folder: Path, valkey: ValkeyServer, *words: str, **environment: str
) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "shop", "schedule", *words, "-j"],
        cwd=folder,
        env={**os.environ, "BROKER": valkey.url(), **environment},
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def told(document: dict[str, Any]) -> dict[str, tuple[str, str | None, str | None]]:
    return {
        one["name"]: (one["state"], one["schedule"], one["cannot"]) for one in document["items"]
    }


def test_redbeats_entries_are_taken_over_and_run(folder: Path, valkey: ValkeyServer) -> None:
    redbeat = pytest.importorskip("redbeat")
    rules = pytest.importorskip("redbeat.schedules")
    app = Celery("other", broker=valkey.url(), set_as_current=False)
    app.conf.redbeat_redis_url = valkey.url()
    app.conf.beat_schedule = {"static": {"task": "shop.work", "schedule": 60.0}}

    def save(name: str, when: Any, **how: Any) -> None:
        redbeat.RedBeatSchedulerEntry(
            name, how.pop("task", "shop.work"), when, app=app, **how
        ).save()

    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    save("every", schedule(30), args=[1], kwargs={"at": at}, options={"queue": "mail"})
    save("night", crontab(minute=30, hour=2), enabled=False)
    save("relative", schedule(timedelta(minutes=5), relative=True))
    save("rule", rules.rrule("MINUTELY", dtstart=at))
    save("gone", schedule(30), task="shop.gone")
    redbeat.RedBeatScheduler(app, lazy=False)  # copies the static one

    code, document, note = command(folder, valkey, "import", "redbeat", "--dry-run")
    gone = (
        "task 'shop.gone' is not defined by any imported module; import the module that defines "
        "it (setting imports); or, if it lives in another code base, "
        'beatkit_remote_tasks = ["shop.gone"]'
    )
    assert told(document) == {
        "celery.backend_cleanup": (
            "refused", None, "beats add it themselves where results are kept",
        ),
        "every": ("can be", "every 30s", ANEW),
        "gone": ("refused", None, gone),
        "night": ("can be", "30 2 * * *", ANEW),
        "relative": (
            "can be", "every 5min",
            f"relative: its slots do not depend on when anything started; {ANEW}",
        ),
        "rule": ("refused", None, "an rrule has no counterpart; write cron(...) or at(...)"),
        "static": (
            "refused", None, "it comes from beat_schedule in the settings, which is read anyway",
        ),
    }  # fmt: skip
    assert (code, note) == (1, "3 can be imported, 4 refused; dry run: nothing was changed\n")
    assert command(folder, valkey, "list")[1]["items"][0]["name"] == "ours"

    code, document, note = command(folder, valkey, "import", "redbeat")
    assert (code, note) == (1, "3 imported, 4 refused\n")
    states = {one["name"]: one["state"] for one in document["items"]}
    assert states == {
        "celery.backend_cleanup": "refused",
        "every": "added", "night": "added", "relative": "added",
        "gone": "refused", "rule": "refused", "static": "refused",
    }  # fmt: skip
    items = {one["name"]: one for one in command(folder, valkey, "list")[1]["items"]}
    assert {name: (one["owner"], one["state"]) for name, one in items.items()} == {
        "ours": ("code", "on"), "every": ("runtime", "on"), "night": ("runtime", "off"),
        "relative": ("runtime", "on"),
    }  # fmt: skip
    (shown,) = command(folder, valkey, "show", "every")[1]["items"]
    assert (shown["args"], shown["queue"]) == ([1], "mail")
    assert shown["kwargs"] == {"at": repr(at)}


WANTED = {
    "at night": ("added", "30 2 * * 1-5", ANEW),
    "celery.backend_cleanup": (
        "refused", None, "beats add it themselves where results are kept",
    ),
    "ends": (
        "added", "every 2h",
        f"its expiry on a date, 2126-01-01 00:00:00: remove it by then; {ANEW}",
    ),
    "every 2h": ("added", "every 2h", ANEW),
    "once": ("added", "at 2126-01-01 00:00:00 (UTC)", ANEW),
    "one off": (
        "refused", None, "it runs once (one_off) at a time that only its beat can tell; "
        "write at(...)",
    ),
    "ours": ("refused", None, "the code declares an entry of this name, which counts"),
    "over": ("refused", None, "its one time, 2020-01-01 00:00:00+00:00, is past"),
    "sunset": ("added", "at sunset at 52.52° N, 13.4° E", ANEW),
}  # fmt: skip


@pytest.mark.parametrize("way", ["file", "django"])
def test_django_celery_beats_entries_are_taken_over(
    folder: Path, valkey: ValkeyServer, way: str
) -> None:
    pytest.importorskip("django_celery_beat")
    settings = {"DJANGO_SETTINGS_MODULE": "site_settings"}
    subprocess.run(
        [sys.executable, "-c", FILL], cwd=folder, env={**os.environ, **settings}, check=True,
        timeout=90,
    )  # fmt: skip
    where = ("--database", "sqlite:///db.sqlite3") if way == "file" else ()
    environment = {} if way == "file" else settings
    code, document, note = command(
        folder, valkey, "import", "django-celery-beat", *where, **environment
    )
    found = told(document)
    assert found.pop("gone")[0] == "refused"
    if way == "django":  # its own reader gives an aware date
        row = found["ends"]
        found["ends"] = (row[0], row[1], str(row[2]).replace("00:00:00+00:00", "00:00:00"))
    assert found == WANTED
    assert (code, note) == (1, "5 imported, 5 refused\n")
    (night,) = command(folder, valkey, "show", "at night")[1]["items"]
    assert (night["timezone"], night["state"]) == ("Europe/Berlin", "off")
    assert night["options"] == {"headers": {"tenant": "acme"}}
    (often,) = command(folder, valkey, "show", "every 2h")[1]["items"]
    assert (often["args"], often["kwargs"], often["queue"], often["priority"]) == (
        [1], {"a": 1}, "mail", 3,
    )  # fmt: skip
    assert (often["options"]["expires"], often["description"]) == (60, "mails")


def test_a_database_that_is_none(folder: Path, valkey: ValkeyServer) -> None:
    def error(*words: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "celery", "-A", "shop", "schedule", "import", *words],
            cwd=folder, env={**os.environ, "BROKER": valkey.url(), **environment},
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        return done.returncode, done.stderr

    assert error("django-celery-beat", "--database", "postgresql://h/db") == (
        2,
        "Error: database is 'postgresql://h/db', expected the path of a file that is there after "
        "sqlite:///\n"
        "  from --database\n"
        "  write sqlite:///db.sqlite3; any other database is read through Django's settings: set "
        "DJANGO_SETTINGS_MODULE and leave --database out\n",
    )
    (folder / "empty.db").touch()
    assert error("django-celery-beat", "--database", "sqlite:///empty.db") == (
        2,
        "Error: The database sqlite:///empty.db holds no schedule of django-celery-beat: no such "
        "table: django_celery_beat_periodictask\n"
        "  write --database with the one that its beat uses, or --alias with its name in "
        "DATABASES\n",
    )
    code, text = error("django-celery-beat")
    assert (code, text.splitlines()[-1]) == (
        2,
        "  set DJANGO_SETTINGS_MODULE, or write --database sqlite:///db.sqlite3",
    )
    code, text = error("redbeat", "--url", "redis://127.0.0.1:1/0")
    assert code == 69
    assert text.startswith("Error: redbeat's Redis redis://127.0.0.1:1/0 cannot be read from: ")
