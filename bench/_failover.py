"""How late is the next message after `kill -9` of the beat that sends? Real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import redis

APP = """
import os
from celery import Celery

app = Celery("bench", broker=os.environ["BROKER"])
app.conf.update(
    redbeat_redis_url=os.environ["BROKER"],
    beat_schedule={"tick": {"task": "work", "schedule": 1.0}},
    beat_scheduler=os.environ["SCHEDULER"],
)

@app.task(name="work", ignore_result=True)
def work() -> None: ...
"""

SCHEDULERS = {
    "beatkit": "beatkit.beat.scheduler:Scheduler",
    "redbeat": "redbeat.RedBeatScheduler",
}
"""Those of which a second one may run; defaults throughout."""


def lateness(name: str, url: str, folder: Path, limit: float) -> float | None:
    """Return seconds by which the next message was late; None: it did not come in time."""
    (folder / "bench_app.py").write_text(APP)
    environment = {**os.environ, "BROKER": url, "SCHEDULER": SCHEDULERS[name]}
    environment["PYTHONPATH"] = str(folder)
    client = redis.Redis.from_url(url)
    beats = [_beat(folder, environment, number) for number in range(2)]
    try:
        _wait(client, 5, 60)
        lead = max(beats, key=lambda one: _said(folder / f"beat-{beats.index(one)}.log"))
        last = _arrival(client)
        lead.send_signal(signal.SIGKILL)
        had = client.llen("celery")
        if not _wait(client, had + 1, limit):
            return None
        return max(0.0, time.time() - last - 1.0)
    finally:
        for one in beats:
            one.kill()
            one.wait()


def _beat(folder: Path, environment: dict[str, str], number: int) -> subprocess.Popen[bytes]:
    with (folder / f"beat-{number}.log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "bench_app", "beat", "-l", "INFO"],
            cwd=folder, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    time.sleep(1)  # the first is the lead
    return started


def _said(log: Path) -> int:
    return log.read_text(errors="replace").count("Sending due task")


def _arrival(client: Any) -> float:
    """When the next message arrives, which is the last before the kill."""
    had = client.llen("celery")
    _wait(client, had + 1, 60)
    return time.time()


def _wait(client: Any, count: int, limit: float) -> bool:
    end = time.monotonic() + limit
    while client.llen("celery") < count:
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


if __name__ == "__main__":
    name, url, folder, limit = sys.argv[1:]
    print(json.dumps({"late": lateness(name, url, Path(folder), float(limit))}))
