"""A backfill beside two real beats: killed and gone on with, in order, nothing twice."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection

from tests.chaos.plant import Plant, assert_once_each, plant, queued, slots, wait_until
from tests.servers import ValkeyServer

APP = """
import os
from beatkit import Registry, make_app

registry = Registry()
app = make_app(
    "plant", registry=registry, broker_url=os.environ["BROKER"],
    beatkit_store_url=os.environ.get("STORE"), task_default_queue=os.environ.get("QUEUE", "celery"),
    task_routes={"plant_app.rare": {"queue": os.environ.get("RARE", "rare")}},
)

@registry.periodic(seconds=0.25, catch_up="all")
def fast() -> None:
    pass

@registry.periodic(minutes=1, deadline=5)
def rare() -> None:
    print("RARE")

fast_task = fast
"""
RANGE = ("--from", "2026-03-01T00:00Z", "--to", "2026-03-01T10:00Z")  # 600 slots of rare
FIRST = 1_772_323_200_000
WANTED = [FIRST + 60_000 * number for number in range(600)]


@pytest.fixture
def beats(tmp_path: Path, valkey: ValkeyServer) -> Iterator[Plant]:
    with plant(tmp_path, APP, BROKER=valkey.url()) as made:
        for _ in range(2):
            made.beat()
        wait_until(lambda: "plant_app.fast" in sent(valkey), what="sends")
        yield made


def sent(valkey: ValkeyServer) -> dict[str, list[int]]:
    with valkey.client() as client:
        return slots(client)


def backfilled(valkey: ValkeyServer) -> list[int]:
    with valkey.client() as client:
        messages = [one["headers"] for one in queued(client, "rare")]
    assert len({one["id"] for one in messages}) == len(messages)
    return [one["beatkit-slot"] for one in messages if one["beatkit-kind"] == "backfill"]


def test_killed_in_the_middle_it_goes_on_and_beats_do_not_notice(
    beats: Plant, valkey: ValkeyServer
) -> None:
    slow = ("--rate", "100")
    first = beats.celery("schedule", "backfill", "plant_app.rare", *RANGE, *slow, name="backfill")
    wait_until(lambda: len(backfilled(valkey)) >= 100, what="some of it")
    first.kill()
    before = len(backfilled(valkey))
    assert before < 600
    done = beats.run("schedule", "backfill", "plant_app.rare", *RANGE, "-j")
    assert done.returncode == 0, done.stderr
    (item,) = json.loads(done.stdout)["items"]
    assert (item["slots"], item["before"], item["sent"]) == (600, before, 600 - before)
    assert backfilled(valkey) == WANTED

    again = beats.run("schedule", "backfill", "plant_app.rare", *RANGE)
    assert again.returncode == 0
    assert "it was sent before, by " in again.stderr
    assert len(backfilled(valkey)) == 600
    assert_once_each({"fast": sent(valkey)["plant_app.fast"]}, 250)
    with valkey.client() as client:
        progress = client.hget("beatkit:plant:progress", "plant_app.rare")
    assert int(progress.split()[0]) > WANTED[-1]  # beats count as they did


def test_two_at_a_time_send_each_slot_once(beats: Plant, valkey: ValkeyServer) -> None:
    both = [
        beats.celery("schedule", "backfill", "plant_app.rare", *RANGE, "--rate", "300", name="b")
        for _ in range(2)
    ]
    wait_until(lambda: not any(one.alive for one in both), what="both to end")
    assert [one.process.returncode for one in both] == [0, 0]
    assert backfilled(valkey) == WANTED


def test_a_worker_runs_all_of_it_however_late_and_however_much_it_coalesces(
    tmp_path: Path, valkey: ValkeyServer
) -> None:
    with plant(tmp_path, APP, BROKER=valkey.url()) as made:
        hour = ("--from", "2026-03-01T00:00Z", "--to", "2026-03-01T01:00Z")
        done = made.run("schedule", "backfill", "plant_app.rare", *hour)
        assert done.returncode == 0, done.stderr
        worker = made.celery("worker", "-l", "INFO", "-P", "solo", "-Q", "rare", name="worker")
        wait_until(lambda: len(worker.lines("succeeded in")) >= 60, what="all runs")
        assert len(worker.lines("succeeded in")) == 60


def test_on_rabbitmq_it_goes_on_after_a_kill_with_one_id_a_slot(
    tmp_path: Path, valkey: ValkeyServer, rabbitmq_url: str
) -> None:
    queue = f"beatkit-test-{uuid.uuid4().hex[:8]}"
    where = {"BROKER": rabbitmq_url, "STORE": valkey.url(), "QUEUE": queue, "RARE": queue}
    words = ("schedule", "backfill", "plant_app.rare", *RANGE)
    try:
        with plant(tmp_path, APP, **where) as made:
            first = made.celery(*words, "--rate", "200", name="backfill")
            wait_until(lambda: len(found(rabbitmq_url, queue, keep=True)) >= 1, what="some of it")
            first.kill()
            done = made.run(*words)
            assert done.returncode == 0, done.stderr
        runs = found(rabbitmq_url, queue, keep=False)
        assert list(dict.fromkeys(slot for slot, _ in runs)) == WANTED
        assert len(set(runs)) == 600
        assert Counter(runs).total() <= 601  # the one that was on its way may be there twice
    finally:
        with Connection(rabbitmq_url) as connection:
            connection.default_channel.queue_delete(queue)


def found(url: str, queue: str, *, keep: bool) -> list[tuple[int, str]]:
    """The slots and ids of the messages on a queue; just one of them where it is to be kept."""
    taken = []
    with Connection(url) as connection:
        channel = connection.default_channel
        try:
            while (message := channel.basic_get(queue, no_ack=not keep)) is not None:
                taken.append((message.headers["beatkit-slot"], message.headers["id"]))
                if keep:
                    break  # it goes back when the connection ends
        except channel.connection.channel_errors:
            return []  # the queue is not there yet
    return taken
