"""What puts a kept run's message on its queue again."""

from __future__ import annotations

import json

import pytest
from celery import Celery
from kombu import Exchange, Queue

from beatkit.errors import StoreError
from beatkit.worker.again import Copies
from tests.servers import ValkeyServer


@pytest.fixture
def app(valkey: ValkeyServer) -> Celery:
    app = Celery("shop", broker=valkey.url(), set_as_current=False)
    video = Exchange("media", type="topic")
    app.conf.task_queues = [Queue("video", video, routing_key="video.#")]

    @app.task(name="shop.cut", shared=False)
    def cut() -> None: ...

    app.tasks["shop.cut"].push_request(
        id="one", args=[], kwargs={}, delivery_info={"exchange": "media", "routing_key": "video.x"}
    )
    return app


def test_a_message_is_written_down_for_all_queues_of_a_topic_exchange(app: Celery) -> None:
    app.conf.task_routes = {"shop.cut": {"queue": "video", "routing_key": "video.x"}}
    (push, queue, message), *_ = Copies(app).commands(app.tasks["shop.cut"])
    assert (push, queue) == ("LPUSH", "video")
    assert json.loads(message)["headers"]["id"] == "one"


def test_so_it_is_once_the_server_has_lost_its_data(app: Celery, valkey: ValkeyServer) -> None:
    app.conf.task_routes = {"shop.cut": {"queue": "video", "routing_key": "video.x"}}
    copies = Copies(app)
    copies.commands(app.tasks["shop.cut"])
    with valkey.client() as client:
        client.flushall()
    (push, queue, _), *_ = copies.commands(app.tasks["shop.cut"])
    assert (push, queue) == ("LPUSH", "video")


def test_one_that_would_reach_no_queue_is_not_kept(app: Celery, valkey: ValkeyServer) -> None:
    app.conf.task_routes = {"shop.cut": {"exchange": "nowhere", "exchange_type": "topic"}}
    with pytest.raises(StoreError) as caught:
        Copies(app).commands(app.tasks["shop.cut"])
    assert str(caught.value) == (
        "the message of task 'shop.cut' could not be put aside: no queue is bound for it"
    )
