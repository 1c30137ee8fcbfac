"""One app with entries of every origin: Celery's scheduler, ours, and Celery's again.

Only `beat_scheduler` changes. The short form is in `test_process`.
"""

import time
from collections import Counter

import pytest

from tests.chaos.plant import Plant, plant, queued, wait_until

APP = """
import os
from datetime import timedelta
from celery import Celery
from celery.schedules import BaseSchedule, crontab, schedstate, schedule, solar
from beatkit import cron, every, make_app, periodic

class EverySecond(BaseSchedule):
    def remaining_estimate(self, last_run_at):
        return last_run_at + timedelta(seconds=1) - self.now()

    def is_due(self, last_run_at):
        left = self.remaining_estimate(self.maybe_make_aware(last_run_at)).total_seconds()
        return schedstate(left <= 0, 1.0 if left <= 0 else left)

SUNSET = ("sunset", -37.8, 144.9)

def row(schedule, word, **more):
    return {"task": "plant_app.work", "schedule": schedule, "args": [word], **more}

app = make_app(
    "plant",
    broker_url=os.environ["BROKER"],
    beat_scheduler=os.environ["SCHEDULER"],
    beatkit_remote_tasks=["elsewhere.*"],
    beatkit_policies={"plain-*": {"catch_up": "all"}},
    beat_schedule={
        "plain-number": row(1, "number"),
        "plain-timedelta": row(timedelta(seconds=1), "timedelta"),
        "schedule": row(schedule(1), "schedule"),
        "crontab": row(crontab(), "crontab"),
        "solar": row(solar(*SUNSET) if os.environ["SOLAR"] else crontab(), "solar"),
        "custom": row(EverySecond(), "custom"),
        "every": row(every(seconds=1), "every"),
        "cron": row(cron("* * * * * *"), "cron"),
        "remote": {"task": "elsewhere.work", "schedule": 1, "args": ["remote"]},
        "options": row(1, "options", options={"queue": "celery", "priority": 0, "expires": 30}),
    },
)

@app.task(ignore_result=True)
def work(word="") -> None:
    pass

@periodic(seconds=1, args=["declared"], name="declared", jitter=0.5)
def declared(word: str) -> None:
    pass

@periodic(cron="* * * * *", args=["declared cron"], name="declared cron")
def declared_cron(word: str) -> None:
    pass

@app.on_after_configure.connect
def more(sender, **_):
    sender.add_periodic_task(1.0, work.s("added"), name="added")
"""

STOCK, OURS = "celery.beat:Scheduler", "beatkit.beat.scheduler:Scheduler"
EACH_SECOND = {
    "number", "timedelta", "schedule", "custom", "every", "cron", "remote", "options", "declared",
    "added",
}  # fmt: skip
EACH_MINUTE = {"crontab", "declared cron"}


def under(made: Plant, scheduler: str, seconds: float, client) -> tuple[Counter[str], str]:
    """Run one beat for a while; return what it sent by its argument, and what it said."""
    client.delete("celery")
    beat = made.beat(SCHEDULER=scheduler)
    wait_until(lambda: client.llen("celery") >= len(EACH_SECOND), what="it sends")
    time.sleep(seconds)
    assert beat.terminate() == 0
    sent = Counter(str(message["headers"]["argsrepr"])[2:-2] for message in queued(client))
    return sent, beat.text()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_minute_under_each_scheduler_sends_the_same(tmp_path, valkey):
    try:
        import ephem  # noqa: F401

        solar = "yes"
    except ImportError:
        solar = ""
    environment = {"BROKER": valkey.url(), "SOLAR": solar}
    with plant(tmp_path, APP, **environment) as made, valkey.client() as client:
        runs = [under(made, scheduler, 61, client) for scheduler in (STOCK, OURS, STOCK)]
    for (sent, said), scheduler in zip(runs, (STOCK, OURS, STOCK), strict=True):
        assert "Traceback" not in said
        assert {word for word in sent if word in EACH_SECOND} == EACH_SECOND, scheduler
        assert {word for word in sent if word in EACH_MINUTE} == EACH_MINUTE, scheduler
    ours = runs[1][0]
    for word in EACH_SECOND - {"custom"}:
        assert abs(ours[word] - ours["number"]) <= 2, (word, ours)
    for _, said in (runs[0], runs[2]):
        assert (
            "beat_scheduler is 'celery.beat:Scheduler', not beatkit's: run one beat only; a slot "
            "that comes due while it or the broker is away may be lost; pauses are not heeded\n"
            "  catch_up is not in force for 'plain-number', 'plain-timedelta'\n"
            "  jitter is not in force for 'declared'\n"
        ) in said
    assert "not beatkit's" not in runs[1][1]
