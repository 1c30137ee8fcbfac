"""A high-priority message overtakes a backlog of low ones, on both brokers."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection, Exchange, Queue

from tests.integration.examples.brokers import RABBITMQ
from tests.integration.examples.running import EXAMPLES, count, environment, running
from tests.servers import ValkeyServer

RAN = re.compile(r"\b(sales|fraud) report$")
BACKLOG = 4


@pytest.fixture
def queue() -> str:
    return f"reports-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def project(tmp_path: Path, queue: str) -> Path:
    """The example with an entry a second instead of a minute, and a queue of its own."""
    for source in (EXAMPLES / "queues").glob("*.py"):
        text = source.read_text()
        assert "minutes=1" in text
        every = "seconds=1, coalesce=False"  # or the backlog would be one run
        text = text.replace("minutes=1", every).replace('"reports"', f'"{queue}"')
        (tmp_path / source.name).write_text(text)
    return tmp_path


@pytest.fixture
def _cleaned_up(queue: str, rabbitmq_url: str) -> Iterator[None]:
    yield
    with Connection(rabbitmq_url) as connection:
        Queue(queue, channel=connection.default_channel).delete()
        Exchange(queue, channel=connection.default_channel).delete()


def order_of_runs(project: Path, env: dict[str, str], app: str, queue: str) -> list[str]:
    """Let beat pile up messages of both priorities, then start a worker on them."""
    with running(project, env, f"celery -A {app} beat --loglevel INFO") as (beat,):
        sending = count("Sending due task")
        # Logged before it is done, and beat may be stopped in between: two more than needed.
        beat.until(lambda lines: sending(lines) >= 2 * BACKLOG + 2)
    worker = f"celery -A {app} worker -Q {queue} -c 1 --loglevel INFO"
    with running(project, env, worker) as (started,):
        started.until(lambda lines: len(ran(lines)) >= 2 * BACKLOG)
    return ran(started.printed)[: 2 * BACKLOG]


def ran(lines: list[str]) -> list[str]:
    found = [RAN.search(line) for line in lines]
    return [match[1] for match in found if match]


def test_on_redis_each_step_is_a_list_and_no_priority_is_the_default_one(
    project: Path, valkey: ValkeyServer
) -> None:
    send = (
        "from on_redis import sales_report as task\n"
        "for priority in (0, 4, 9): task.apply_async(queue='r', priority=priority)\n"
        "task.apply_async(queue='r')\n"
    )
    env = environment({"CELERY_BROKER_URL": valkey.url()})
    subprocess.run([sys.executable, "-c", send], cwd=project, env=env, timeout=60, check=True)
    lists = {step: f"r\x06\x16{step}" if step else "r" for step in (0, 3, 6, 9)}
    with valkey.client() as client:
        waiting = {step: client.llen(name) for step, name in lists.items()}
    assert waiting == {0: 1, 3: 1, 6: 1, 9: 1}  # 4 lies between the steps 3 and 6


def assert_fraud_first(order: list[str]) -> None:
    assert order == sorted(order)
    assert set(order) == {"fraud", "sales"}


def test_urgent_messages_overtake_the_backlog_on_redis(
    project: Path, queue: str, valkey: ValkeyServer
) -> None:
    env = {"CELERY_BROKER_URL": valkey.url()}
    assert_fraud_first(order_of_runs(project, env, "on_redis", queue))


@pytest.mark.usefixtures("_cleaned_up")
def test_urgent_messages_overtake_the_backlog_on_rabbitmq(
    project: Path, queue: str, valkey: ValkeyServer
) -> None:
    env = {"CELERY_BROKER_URL": RABBITMQ, "BEATKIT_STORE_URL": valkey.url()}
    assert_fraud_first(order_of_runs(project, env, "on_rabbitmq", queue))
