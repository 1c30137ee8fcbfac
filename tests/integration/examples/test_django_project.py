"""The Django project, started by its user's commands."""

from __future__ import annotations

import subprocess
import sys

from tests.integration.examples.brokers import on_redis
from tests.integration.examples.running import EXAMPLES, environment, running
from tests.servers import ValkeyServer

PROJECT = EXAMPLES / "django_project"


def test_beat_sends_and_the_worker_runs_inside_django(valkey: ValkeyServer) -> None:
    env = {**on_redis(valkey), "CHECK_STOCK_EVERY": "1"}
    worker, beat = "celery -A shop worker -c 1 --loglevel INFO", "celery -A shop beat"
    with running(PROJECT, env, worker, beat) as (started, _):
        lines = started.until(lambda lines: any("succeeded" in line for line in lines))
    assert any("stock checked at" in line for line in lines)


def test_cron_texts_are_in_djangos_time_zone() -> None:
    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            "from shop.celery import app\n"
            "from beatkit.registry import effective_entries\n"
            "from datetime import datetime, timezone\n"
            "entry = effective_entries(app)['orders.tasks.close_day']\n"
            "print(entry.schedule.next(datetime(2026, 7, 1, tzinfo=timezone.utc)))",
        ],
        cwd=PROJECT,
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (shown.stdout, shown.stderr) == ("2026-07-01 20:30:00+00:00\n", "")
