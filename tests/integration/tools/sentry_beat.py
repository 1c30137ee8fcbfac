"""Run two beats under the real Sentry SDK and print what it and the queue were given.

A program of its own, because the SDK patches Celery for the life of the process.
Usage: python sentry_beat.py BROKER_URL
"""

from __future__ import annotations

import json
import sys
import time

import redis
import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.transport import Transport

from beatkit import cron, every, make_app
from beatkit.beat.scheduler import Scheduler

PROGRESS = "beatkit:plant:progress"
check_ins: list[dict[str, object]] = []


class Kept(Transport):
    """Keeps check-ins instead of sending them anywhere."""

    def capture_envelope(self, envelope) -> None:
        check_ins.extend(
            item.payload.json for item in envelope.items if item.headers["type"] == "check_in"
        )


def rewind(client: redis.Redis, ms: int) -> None:
    """Let every entry's last slot lie so much further back: a later one is due now."""
    for name, row in client.hgetall(PROGRESS).items():
        slot, rest = row.split(b" ", 1)
        client.hset(PROGRESS, name, b"%d %s" % (int(slot) - ms, rest))


def tick_until(schedulers, done) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        for one in schedulers:
            one.tick()
        time.sleep(0.01)


def main(url: str) -> None:
    sentry_sdk.init(
        dsn="https://key@127.0.0.1/1",
        transport=Kept,
        integrations=[CeleryIntegration(monitor_beat_tasks=True)],
    )
    app = make_app(
        "plant",
        broker_url=url,
        timezone="Europe/Berlin",
        beatkit_remote_tasks=["*"],
        beat_schedule={
            "cron": {"task": "a", "schedule": cron("* * * * *")},
            "interval": {"task": "b", "schedule": every(minutes=1)},
        },
    )
    client = redis.Redis.from_url(url)
    beats = [Scheduler(app), Scheduler(app)]
    tick_until(beats, lambda: client.hlen(PROGRESS) == 2)
    for one in beats:
        one.close()
    for sent in (2, 4):
        rewind(client, 120_000)
        beats = [Scheduler(app), Scheduler(app)]
        tick_until(beats, lambda: client.llen("celery") >= sent)  # noqa: B023 - used at once
        for one in beats:
            one.close()
    messages = [json.loads(text)["headers"] for text in client.lrange("celery", 0, -1)]
    print(json.dumps({"check_ins": check_ins, "headers": messages}, default=str))


if __name__ == "__main__":
    main(sys.argv[1])
