"""pause, resume and trigger against two real beats, a real worker and real brokers."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from kombu import Connection

from beatkit.errors import StoreUnavailable
from beatkit.operate import Schedule
from tests.chaos.plant import Plant, assert_once_each, plant, queued, slots, wait_until
from tests.servers import ValkeyServer

APP = """
import os
from celery import Celery

app = Celery("plant", broker=os.environ["BROKER"])
app.conf.update(
    beatkit_store_url=os.environ.get("STORE"),
    beat_scheduler="beatkit.beat.scheduler:Scheduler",
    task_default_queue=os.environ.get("QUEUE", "celery"),
    beat_schedule={
        "fast": {"task": "plant_app.work", "schedule": 0.25},
        "half": {"task": "plant_app.work", "schedule": 0.5, "args": ["hi"]},
        "yearly": {"task": "plant_app.work", "schedule": 31_536_000, "args": ["by hand"]},
    },
    beatkit_policies={"*": {"catch_up": "all"}},  # a beat that is held up leaves no slot out
)

@app.task(bind=True)
def work(self, word="") -> None:
    headers = self.request.headers
    print(f"RAN {self.request.id} {word} {headers['beatkit-kind']}")
"""

SAID = "Scheduler: Sending due task"


@pytest.fixture
def beats(tmp_path: Path, valkey: ValkeyServer) -> Iterator[Plant]:
    with plant(tmp_path, APP, BROKER=valkey.url()) as made:
        for _ in range(2):
            made.beat()
        wait_until(lambda: all(entry in sent(valkey) for entry in ("fast", "half")), what="sends")
        yield made


def sent(valkey: ValkeyServer) -> dict[str, list[int]]:
    with valkey.client() as client:
        return slots(client)


def more_than(valkey: ValkeyServer, entry: str, count: int) -> None:
    """Wait until an entry was sent so many times more."""
    before = len(sent(valkey)[entry])
    wait_until(lambda: len(sent(valkey)[entry]) >= before + count, what=f"{entry} goes on")


def test_a_paused_entry_is_sent_by_neither_beat_until_it_is_resumed(
    beats: Plant, valkey: ValkeyServer
) -> None:
    paused = beats.run("schedule", "pause", "half", "--reason", "migration", "-j")
    assert paused.returncode == 0, paused.stderr
    since = json.loads(paused.stdout)["items"][0]["since_epoch"] * 1000

    more_than(valkey, "fast", 8)  # the other one goes on
    assert [slot for slot in sent(valkey)["half"] if slot >= since] == []

    resumed = beats.run("schedule", "resume", "half", "-j")
    assert resumed.returncode == 0, resumed.stderr
    more_than(valkey, "half", 3)
    found = sent(valkey)
    assert_once_each({"fast": found["fast"]}, 250)
    after = [slot for slot in found["half"] if slot >= since]
    assert_once_each({"half": after}, 500)  # nothing of the pause is caught up
    assert after[0] >= since + 2_000


def test_a_pause_outlives_every_beat_and_ends_by_itself_on_time(
    beats: Plant, valkey: ValkeyServer
) -> None:
    lasts = timedelta(seconds=12)
    end = (datetime.now(UTC) + lasts).replace(microsecond=0)
    done = beats.run(
        "schedule", "pause", "--all", "--reason", "x", "--until", end.isoformat(), "-j"
    )
    assert done.returncode == 0, done.stderr
    since = json.loads(done.stdout)["items"][0]["since_epoch"] * 1000
    for member in beats.members:
        member.kill()
    for _ in range(2):
        beats.beat()
    wait_until(lambda: max(sent(valkey)["half"]) > end.timestamp() * 1000 + 1_000, what="the end")
    found = sent(valkey)
    for entry in ("fast", "half"):
        first = min(slot for slot in found[entry] if slot >= since)
        assert first == end.timestamp() * 1000  # the slot at the very end is sent


def test_a_triggered_run_runs_once_in_a_real_worker_beside_the_slots(
    beats: Plant, valkey: ValkeyServer
) -> None:
    pause = beats.run("schedule", "pause", "--all", "--reason", "only what is triggered")
    assert pause.returncode == 0, pause.stderr
    worker = beats.celery("worker", "-l", "INFO", "-P", "solo", name="worker")
    done = beats.run("schedule", "trigger", "yearly", "-j")
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)["items"][0]["task_id"]
    line = f"RAN {run} by hand manual"
    wait_until(lambda: worker.lines(line), what="the run")
    time.sleep(1)
    assert len(worker.lines(line)) == 1
    assert len(worker.lines("by hand")) == 1
    with valkey.client() as client:
        progress = client.hget("beatkit:plant:progress", "yearly")
    assert b" - " in progress  # no beat, and no trigger, has decided a slot of it


def test_a_trigger_of_a_frequent_entry_takes_none_of_its_slots(
    beats: Plant, valkey: ValkeyServer
) -> None:
    assert beats.run("schedule", "trigger", "half").returncode == 0
    more_than(valkey, "half", 3)
    with valkey.client() as client:
        half = [m["headers"] for m in queued(client) if m["headers"]["beatkit-entry"] == "half"]
    by_hand = [headers for headers in half if headers["beatkit-kind"] == "manual"]
    assert len(by_hand) == 1
    planned = [h["beatkit-slot"] for h in half if h["beatkit-kind"] != "manual"]
    assert_once_each({"half": planned}, 500)
    assert len({headers["id"] for headers in half}) == len(half)


@pytest.fixture
def queue(rabbitmq_url: str) -> Iterator[str]:
    name = f"beatkit-test-{uuid.uuid4().hex[:8]}"
    yield name
    with Connection(rabbitmq_url) as connection:
        connection.default_channel.queue_delete(name)


def test_on_rabbitmq_a_trigger_runs_and_a_pause_holds(
    tmp_path: Path, valkey: ValkeyServer, rabbitmq_url: str, queue: str
) -> None:
    where = {"BROKER": rabbitmq_url, "STORE": valkey.url(), "QUEUE": queue}
    with plant(tmp_path, APP, **where) as made:
        pair = [made.beat() for _ in range(2)]
        worker = made.celery("worker", "-l", "INFO", "-P", "solo", name="worker")
        wait_until(lambda: worker.lines("RAN"), what="a run")
        assert made.run("schedule", "pause", "half", "--reason", "x").returncode == 0
        time.sleep(1)  # what is on its way arrives
        before = len(worker.lines(" hi "))
        done = made.run("schedule", "trigger", "yearly", "-o", "plain")
        assert done.returncode == 0, done.stderr
        wait_until(lambda: worker.lines("by hand manual"), what="the run")
        fast = sum(len(one.lines(SAID)) for one in pair)
        wait_until(lambda: sum(len(one.lines(SAID)) for one in pair) > fast + 4, what="fast")
        assert len(worker.lines(" hi ")) == before
        assert len(worker.lines("by hand")) == 1


def test_a_broker_that_dies_while_a_run_is_triggered(
    new_valkey: Callable[..., ValkeyServer],
) -> None:
    server = new_valkey()
    app = Celery("dying", broker=server.url(), set_as_current=False)
    app.conf.beatkit_store_url = "memory://"
    app.conf.beat_schedule = {"e": {"task": "dying.e", "schedule": 60.0}}

    class Killing(app.Task):  # type: ignore[name-defined,misc]
        def apply_async(self, *args: Any, **kwargs: Any) -> Any:
            server.kill()
            return super().apply_async(*args, **kwargs)

    @app.task(name="dying.e", base=Killing, shared=False)
    def run() -> None:
        pass

    with pytest.raises(StoreUnavailable) as caught:
        Schedule(app).trigger("e")
    (deed,) = Schedule(app).deeds()
    first, *others = str(caught.value).split("\n")
    assert first.startswith("Entry 'e' may have been triggered or not. Broker did not answer: ")
    assert others == [
        "  from broker_url",
        f"  look for a run with the task id {deed.task_id} before you trigger it again",
    ]
