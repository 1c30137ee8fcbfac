"""A rolling deployment of real processes: two schedules, one store."""

import time

from tests.chaos.plant import assert_once_each, plant, slots, wait_until

APP = """
import os
from celery import Celery

app = Celery("plant", broker=os.environ["BROKER"])
names = os.environ["ENTRIES"].split()
app.conf.update(
    beat_schedule={name: {"task": "work", "schedule": 0.5} for name in names},
    beatkit_policies={"*": {"catch_up": "all"}},
    beatkit_remote_tasks=["work"],
)
"""


def test_a_release_comes_into_force_after_five_seconds_and_no_slot_notices(tmp_path, valkey):
    with plant(tmp_path, APP, BROKER=valkey.url()) as made, valkey.client() as client:
        old = made.beat("-S", "beatkit", ENTRIES="kept removed")
        wait_until(lambda: slots(client).get("removed"), what="the old release sends")
        new = made.beat("-S", "beatkit", ENTRIES="kept added")
        wait_until(lambda: new.lines("beat: standing by"), what="the new one stands by")
        wait_until(lambda: slots(client).get("added"), what="the new release sends")
        wait_until(lambda: old.lines("beat: standing by"), what="the old one stands by")
        removed = len(slots(client)["removed"])
        assert old.terminate() == 0
        time.sleep(1.5)
        found = slots(client)
        assert len(found["removed"]) == removed
        assert_once_each(found, 500)
        assert max(found["removed"]) <= min(found["added"]) + 1_000
