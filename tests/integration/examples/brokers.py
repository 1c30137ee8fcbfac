"""Which broker a test runs against, in environment variables; RabbitMQ is cleaned up."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from kombu import Connection, Exchange, Queue

from tests.servers import ValkeyServer

RABBITMQ = "amqp://guest:guest@127.0.0.1:5672//"


def on_redis(server: ValkeyServer) -> dict[str, str]:
    return {"CELERY_BROKER_URL": server.url(0), "CELERY_RESULT_BACKEND": server.url(1)}


def on_rabbitmq(server: ValkeyServer, queue: str) -> dict[str, str]:
    """RabbitMQ as broker, the Redis server for results and so for the beats' progress."""
    return {
        "CELERY_BROKER_URL": RABBITMQ,
        "CELERY_RESULT_BACKEND": server.url(1),
        "CELERY_TASK_DEFAULT_QUEUE": queue,
    }


@pytest.fixture
def rabbitmq_queue(rabbitmq_url: str) -> Iterator[str]:
    """A queue name of the test's own; queue and exchange are deleted afterwards."""
    name = f"beatkit-test-{uuid.uuid4().hex[:12]}"
    yield name
    with Connection(rabbitmq_url) as connection:
        channel = connection.default_channel
        Queue(name, channel=channel).delete()
        Exchange(name, channel=channel).delete()
