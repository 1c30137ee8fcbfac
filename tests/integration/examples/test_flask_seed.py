"""The Flask project, started by its user's commands, on Redis and on RabbitMQ."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime

import pytest

from tests.integration.examples.brokers import on_rabbitmq, on_redis, rabbitmq_queue
from tests.integration.examples.running import EXAMPLES, count, environment, running
from tests.servers import ValkeyServer

__all__ = ["rabbitmq_queue"]

PROJECT = EXAMPLES / "flask_seed"
WORKER = "celery -A celery_worker worker -c 1 --loglevel INFO"
BEAT = "celery -A celery_worker beat --loglevel INFO"
EVERY = 2
RECEIVED = re.compile(r"\[\S+ (\S+): INFO/MainProcess\] Task celery_worker\.tasks\.hello\[")
SAID = re.compile(r"\bhi from webapp$")


def arrivals(lines: list[str]) -> list[float]:
    """Seconds after midnight at which the worker received each message."""
    found = [RECEIVED.search(line) for line in lines]
    times = [datetime.strptime(match[1], "%H:%M:%S,%f") for match in found if match]
    return [t.hour * 3600 + t.minute * 60 + t.second + t.microsecond / 1e6 for t in times]


def said(lines: list[str]) -> int:
    return sum(bool(SAID.search(line)) for line in lines)


def see_it_run(env: Mapping[str, str], *commands: str) -> list[float]:
    env = {**env, "HELLO_EVERY": str(EVERY)}
    with running(PROJECT, env, WORKER, *commands) as (worker, *_):
        lines = worker.until(lambda lines: count("succeeded")(lines) >= 4)
    assert said(lines) == 4
    return arrivals(lines)


def assert_one_message_a_slot(times: list[float]) -> None:
    late = [time % EVERY for time in times]
    # What was owed before the worker was up waits in the queue: only later ones are on time.
    assert max(late[2:]) < 0.75 * EVERY, times
    slots = [time // EVERY for time in times[2:]]
    assert slots == [slots[0] + n for n in range(len(slots))], times


def test_messages_arrive_on_their_slots_by_redis(valkey: ValkeyServer) -> None:
    assert_one_message_a_slot(see_it_run(on_redis(valkey), BEAT))


def test_messages_arrive_on_their_slots_by_rabbitmq(
    valkey: ValkeyServer, rabbitmq_queue: str
) -> None:
    assert_one_message_a_slot(see_it_run(on_rabbitmq(valkey, rabbitmq_queue), BEAT))


def test_two_beats_send_each_slot_once_by_redis(valkey: ValkeyServer) -> None:
    assert_one_message_a_slot(see_it_run(on_redis(valkey), BEAT, BEAT))


def test_two_beats_send_each_slot_once_by_rabbitmq(
    valkey: ValkeyServer, rabbitmq_queue: str
) -> None:
    assert_one_message_a_slot(see_it_run(on_rabbitmq(valkey, rabbitmq_queue), BEAT, BEAT))


def test_a_view_sends_the_periodic_task_by_hand(valkey: ValkeyServer) -> None:
    post = (
        "from webapp import create_app\n"
        "answer = create_app().test_client().post('/hello/ada')\n"
        "print(answer.status_code, answer.text[:5])"
    )
    answered = subprocess.run(
        [sys.executable, "-c", post],
        cwd=PROJECT,
        env=environment(on_redis(valkey)),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert answered.stdout == "202 task \n"
    with running(PROJECT, on_redis(valkey), WORKER) as (worker,):
        lines = worker.until(lambda lines: any("succeeded" in line for line in lines))
    assert any("ada from webapp" in line for line in lines)


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_the_task_runs_in_the_application_context_in_each_pool(
    valkey: ValkeyServer, pool: str
) -> None:
    env = {**on_redis(valkey), "HELLO_EVERY": "1"}
    with running(PROJECT, env, f"{WORKER} -P {pool}", BEAT) as (worker, _):
        lines = worker.until(lambda lines: any("succeeded" in line for line in lines))
    assert said(lines) >= 1
