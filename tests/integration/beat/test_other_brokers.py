"""Brokers that are not the store: RabbitMQ beside a Valkey, and memory in one process."""

import threading
import time
import uuid

import pytest
from celery import Celery
from celery.beat import EmbeddedService
from kombu import Connection

from tests.chaos.plant import assert_once_each, plant, wait_until

APP = """
import os
from celery import Celery

app = Celery("plant", broker=os.environ["BROKER"])
app.conf.update(
    beatkit_store_url=os.environ.get("STORE"),
    beat_scheduler="beatkit.beat.scheduler:Scheduler",
    task_default_queue=os.environ["QUEUE"],
    broker_transport_options={"confirm_publish": True},
    beat_schedule={"half": {"task": "plant_app.work", "schedule": 0.5}},
    beatkit_policies={"*": {"catch_up": "all"}},
)

@app.task
def work() -> None:
    pass
"""

SAID = "Scheduler: Sending due task"


@pytest.fixture
def queue(rabbitmq_url):
    name = f"beatkit-test-{uuid.uuid4().hex[:8]}"
    yield name
    with Connection(rabbitmq_url) as connection:
        connection.default_channel.queue_delete(name)


def drained(url: str, queue: str) -> list[dict]:
    found = []
    with Connection(url) as connection, connection.SimpleQueue(queue) as messages:
        while True:
            try:
                message = messages.get(timeout=0.5)
            except messages.Empty:
                return found
            found.append(message.headers)
            message.ack()


def test_two_beats_on_rabbitmq_send_each_slot_with_one_id(tmp_path, valkey, rabbitmq_url, queue):
    where = {"BROKER": rabbitmq_url, "STORE": valkey.url(), "QUEUE": queue}
    with plant(tmp_path, APP, **where) as made:
        pair = [made.beat() for _ in range(2)]
        wait_until(lambda: sum(len(one.lines(SAID)) for one in pair) >= 6, what="sends")
        lead = max(pair, key=lambda one: len(one.lines(SAID)))
        lead.kill()
        other = next(one for one in pair if one is not lead)
        wait_until(lambda: len(other.lines(SAID)) >= 6, what="the other took over")
        assert other.terminate() == 0
        headers = drained(rabbitmq_url, queue)
    ids = {header["beatkit-slot"]: header["id"] for header in headers}
    assert len({header["id"] for header in headers}) == len(ids)
    assert_once_each({"half": sorted(ids)}, 500)


def test_beat_on_rabbitmq_does_not_start_without_a_store(tmp_path, rabbitmq_url, queue):
    with plant(tmp_path, APP, BROKER=rabbitmq_url, QUEUE=queue) as made:
        beat = made.beat()
        assert beat.process.wait(15) != 0
        assert "write beatkit_store_url = 'redis://HOST:6379/0'" in beat.text()


def test_in_memory_a_thread_sends_to_this_process():
    app = Celery("in-memory", broker="memory://", set_as_current=False)
    arrived: list[float] = []

    @app.task(name="note", ignore_result=True, shared=False)
    def note() -> None:
        """Never run here: the message is read off the queue."""

    app.conf.update(
        # memory:// has one set of queues a process, which other tests use too
        task_default_queue="in-memory",
        beat_schedule={"often": {"task": "note", "schedule": 0.1}},
        beat_scheduler="beatkit.beat.scheduler:Scheduler",
        result_expires=None,
    )
    service = EmbeddedService(app, thread=True, scheduler_cls=app.conf.beat_scheduler)
    service.start()
    try:
        deadline = time.monotonic() + 60
        with app.connection() as connection, connection.SimpleQueue("in-memory") as messages:
            while len(arrived) < 5 and time.monotonic() < deadline:
                message = messages.get(timeout=5)
                arrived.append(message.headers["beatkit-slot"])
                message.ack()
    finally:
        service.stop()
    assert_once_each({"often": arrived}, 100)
    assert not any(thread.name == "Beat" and thread.is_alive() for thread in threading.enumerate())
