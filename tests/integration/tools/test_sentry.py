"""Sentry's Celery integration monitors beatkit's beats as it does Celery's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ValkeyServer

pytest.importorskip("sentry_sdk")
PROGRAM = Path(__file__).with_name("sentry_beat.py")


def monitor(kind: str, value: object, **more: object) -> dict[str, object]:
    schedule = {"type": kind, "value": value, **more}
    return {"schedule": schedule, "timezone": "Europe/Berlin"}


def test_each_slot_has_one_check_in_and_its_message_carries_it(valkey: ValkeyServer) -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), valkey.url()],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    monitors = {
        "cron": monitor("crontab", "* * * * *"),
        "interval": monitor("interval", 1, unit="minute"),
    }
    check_ins = {
        one["check_in_id"]: (one["monitor_slug"], one["status"], one["monitor_config"])
        for one in told["check_ins"]
    }
    assert sorted(check_ins.values(), key=str) == sorted(
        [(name, "in_progress", config) for name, config in monitors.items()] * 2, key=str
    )
    carried = {one["sentry-monitor-check-in-id"]: one["beatkit-entry"] for one in told["headers"]}
    assert carried == {found: name for found, (name, _, _) in check_ins.items()}
