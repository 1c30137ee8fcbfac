"""Several real beats on one real server: killed, stopped, and the server taken away."""

import signal
import time

import pytest

from tests.chaos.plant import Plant, assert_once_each, plant, queued, slots, wait_until

APP = """
import os
from celery import Celery

app = Celery("plant", broker=os.environ["BROKER"])
app.conf.update(
    beat_scheduler="beatkit.beat.scheduler:Scheduler",
    beat_schedule={
        "half": {"task": "plant_app.work", "schedule": 0.5},
        "whole": {"task": "plant_app.work", "schedule": 1, "args": ["hi"]},
    },
    beatkit_policies={"*": {"catch_up": "all"}},
)

@app.task
def work(word="") -> None:
    pass
"""


@pytest.fixture
def beats(tmp_path, valkey):
    with plant(tmp_path, APP, BROKER=valkey.url()) as made:
        yield made


def sends(member) -> int:
    return len(member.lines("Scheduler: Sending due task"))


def lead_of(members):
    return max(members, key=sends)


def wait_for_sends(made: Plant, count: int) -> None:
    wait_until(lambda: sum(map(sends, made.members)) >= count, what=f"{count} sends")


def test_three_beats_send_each_slot_once_although_the_lead_is_killed(beats, valkey):
    trio = [beats.beat() for _ in range(3)]
    wait_for_sends(beats, 6)
    lead = lead_of(trio)
    lead.kill()
    others = [one for one in trio if one is not lead]
    wait_until(lambda: sum(map(sends, others)) >= 6, what="the others took over")
    with valkey.client() as client:
        found = slots(client)
        messages = queued(client)
    assert set(found) == {"half", "whole"}
    assert_once_each({"half": found["half"]}, 500)
    assert_once_each({"whole": found["whole"]}, 1_000)
    assert len({message["headers"]["id"] for message in messages}) == len(messages)
    # whoever sent said so, and nobody else did
    assert sum(map(sends, trio)) in (len(messages), len(messages) - 1)


def test_a_beat_stopped_and_continued_sends_nothing_twice(beats, valkey):
    pair = [beats.beat() for _ in range(2)]
    wait_for_sends(beats, 6)
    lead = lead_of(pair)
    lead.signal(signal.SIGSTOP)
    time.sleep(2.5)
    lead.signal(signal.SIGCONT)
    wait_for_sends(beats, 20)
    with valkey.client() as client:
        found = slots(client)
    assert_once_each({"half": found["half"]}, 500)
    assert all(one.alive for one in pair)


def test_a_beat_that_is_told_to_stop_leaves_at_once_and_in_good_order(beats, valkey):
    member = beats.beat()
    wait_for_sends(beats, 2)
    assert member.terminate() == 0
    with valkey.client() as client:
        assert client.hgetall("beatkit:plant:beats") == {}
    assert "Traceback" not in member.text()


LONG = [
    pytest.param(seconds, marks=[pytest.mark.slow, pytest.mark.timeout(400)])
    for seconds in (20, 120)
]


@pytest.mark.parametrize("seconds", [3, *LONG])
def test_a_server_that_was_away_gets_what_is_owed(tmp_path, new_valkey, seconds):
    server = new_valkey(keep=True)
    with plant(tmp_path, APP, BROKER=server.url()) as beats:
        pair = [beats.beat() for _ in range(2)]
        wait_for_sends(beats, 6)
        server.kill()
        time.sleep(seconds)
        server.start()
        before = sum(map(sends, pair))
        wait_until(lambda: sum(map(sends, pair)) >= before + 6, what="owed slots are sent")
        time.sleep(1)
        with server.client() as client:
            found = slots(client)
        assert_once_each({"half": found["half"]}, 500)
        assert_once_each({"whole": found["whole"]}, 1_000)
        assert all(one.alive for one in pair)
        for one in pair:
            assert len(one.lines("beat: nothing can be sent")) == 1
            assert len(one.lines("beat: the store is back after")) == 1
            assert "Traceback" not in one.text()


@pytest.mark.parametrize("seconds", [0, *LONG])
def test_a_frozen_server_blocks_no_beat_for_longer_than_the_timeout(tmp_path, new_valkey, seconds):
    server = new_valkey()
    with plant(tmp_path, APP, BROKER=server.url()) as beats:
        member = beats.beat()
        wait_for_sends(beats, 4)
        server.freeze()
        wait_until(lambda: member.lines("beat: nothing can be sent"), what="one error")
        time.sleep(seconds)
        server.thaw()
        wait_until(lambda: member.lines("beat: the store is back after"), what="one info")
        wait_for_sends(beats, sends(member) + 8)
        with server.client() as client:
            found = slots(client)
        assert_once_each({"half": found["half"]}, 500)


def test_a_server_that_is_away_at_the_start_is_waited_for(tmp_path, new_valkey):
    server = new_valkey()
    server.kill()
    with plant(tmp_path, APP, BROKER=server.url()) as beats:
        member = beats.beat()
        wait_until(lambda: member.lines("beat: nothing can be sent"), what="it says so")
        server.start()
        wait_for_sends(beats, 2)
        assert len(member.lines("ERROR")) == 1
