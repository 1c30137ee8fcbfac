"""A real beat that is stopped between claim and publish, for longer than others wait for it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from kombu import Connection

from tests.chaos.plant import plant, wait_until
from tests.servers import ValkeyServer

STOPPED_S = 20
APP = """
import os, signal
from celery import Celery

app = Celery("plant", broker=os.environ["BROKER"])
app.conf.update(
    beatkit_store_url=os.environ["STORE"],
    beat_scheduler="beatkit.beat.scheduler:Scheduler",
    task_default_queue=os.environ["QUEUE"],
    beat_schedule={"second": {"task": "plant_app.work", "schedule": 1}},
    beatkit_policies={"*": {"catch_up": "all"}},
    beatkit_remote_tasks=["plant_app.work"],
)

if os.environ.get("STOPS"):
    from beatkit.sending.publish import Publisher

    publish, count = Publisher.publish, []

    def stopping(self, out, **how):
        count.append(out)
        if len(count) == 3:
            os.kill(os.getpid(), signal.SIGSTOP)
        return publish(self, out, **how)

    Publisher.publish = stopping
"""


@pytest.fixture
def queue(rabbitmq_url: str) -> Iterator[str]:
    name = f"beatkit-test-{uuid4().hex[:8]}"
    yield name
    with Connection(rabbitmq_url) as connection:
        connection.default_channel.queue_delete(name)
        connection.default_channel.exchange_delete(name)


def taken_off(url: str, queue: str) -> list[tuple[int, str]]:
    """Slot and task id of each message."""
    found = []
    with Connection(url) as connection:
        while (message := connection.default_channel.basic_get(queue, no_ack=True)) is not None:
            headers = message.headers
            found.append((headers["beatkit-slot"], headers["id"]))
    return found


def test_a_beat_stopped_for_20_s_between_claim_and_publish_sends_nothing_when_it_goes_on(
    tmp_path, valkey: ValkeyServer, rabbitmq_url: str, queue: str
) -> None:
    where = {"BROKER": rabbitmq_url, "STORE": valkey.url(), "QUEUE": queue}
    with plant(tmp_path, APP, **where) as made, valkey.client() as client:
        stopped = made.celery("beat", "-l", "DEBUG", STOPS="yes")
        wait_until(lambda: stopped.is_stopped, what="it stopped itself before the third publish")
        since = time.monotonic()
        (left,) = client.hkeys("beatkit:plant:pending")
        slot = int(left.split()[0])
        other = made.beat()
        came: list[tuple[int, str]] = []

        def all_came() -> bool:
            came.extend(taken_off(rabbitmq_url, queue))
            return slot in {one for one, _ in came}

        wait_until(all_came, what="the other beat published what was left")
        wait_until(lambda: time.monotonic() - since >= STOPPED_S)
        stopped.signal(signal.SIGCONT)
        wait_until(lambda: "publishing stopped: Broker did not" in stopped.text(), what="it failed")
        wait_until(lambda: len(other.lines("Sending due task")) > 10, what="the other goes on")
        assert [other.terminate(), stopped.terminate()] == [0, 0]
        came += taken_off(rabbitmq_url, queue)
    slots = sorted(one for one, _ in came)
    assert slots == list(range(slots[0], slots[-1] + 1, 1000))
    assert len({each for _, each in came}) == len(slots)
