"""Entries that are added, changed and removed while two real beats run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery

from beatkit import Entry, Schedule, every
from beatkit.entry import Policy
from tests.chaos.plant import Plant, assert_once_each, plant, queued, slots, wait_until
from tests.servers import ValkeyServer

APP = """
import os
from celery import Celery

app = Celery("plant", broker=os.environ["BROKER"])
app.conf.update(
    beatkit_store_url=os.environ.get("STORE"),
    beat_scheduler="beatkit.beat.scheduler:Scheduler",
    beat_schedule={"fast": {"task": "plant_app.work", "schedule": 0.25}},
    beatkit_policies={"*": {"catch_up": "all"}},
)
if "LATER" in os.environ:
    app.conf.beat_schedule["added"] = {"task": "plant_app.work", "schedule": 86400.0}
    app.conf.beatkit_revision = 2

@app.task
def work(word="") -> None:
    pass
"""


@pytest.fixture
def beats(tmp_path: Path, valkey: ValkeyServer) -> Iterator[Plant]:
    with plant(tmp_path, APP, BROKER=valkey.url()) as made:
        for _ in range(2):
            made.beat()
        wait_until(lambda: "fast" in sent(valkey), what="sends")
        yield made


def schedule(broker: str) -> Schedule:
    """What an operator's program makes: the same app, of which it needs no more than this."""
    app = Celery("plant", broker=broker, set_as_current=False)
    app.conf.beat_schedule = {"fast": {"task": "plant_app.work", "schedule": 0.25}}

    @app.task(name="plant_app.work", shared=False)
    def work(word: str = "") -> None:
        pass

    return Schedule(app)


def sent(valkey: ValkeyServer) -> dict[str, list[int]]:
    with valkey.client() as client:
        return slots(client)


def often(word: str, period: float = 0.5) -> Entry:
    policy = Policy(catch_up="all", coalesce=False)  # a beat held up leaves no slot out
    schedule = every(seconds=period)
    return Entry("added", "plant_app.work", schedule, args=(word,), policy=policy)


def words(valkey: ValkeyServer) -> list[str]:
    with valkey.client() as client:
        messages = queued(client)
    return [
        one["headers"]["argsrepr"].strip("[']")
        for one in messages
        if one["headers"]["beatkit-entry"] == "added"
    ]


def test_an_added_entry_is_sent_once_a_slot_from_then_on_and_no_more_when_removed(
    beats: Plant, valkey: ValkeyServer
) -> None:
    desk = schedule(valkey.url())
    assert desk.upsert(often("hi"), reason="a customer", by="ann").added == ("added",)
    began = desk.deeds()[0].at.timestamp() * 1000
    wait_until(lambda: len(sent(valkey).get("added", ())) >= 6, what="its slots")
    found = sent(valkey)
    assert 0 < found["added"][0] - began <= 500  # the first one after it was put, not later
    assert_once_each({"added": found["added"]}, 500)
    assert_once_each({"fast": found["fast"]}, 250)

    assert desk.upsert(often("ho")).changed == ("added",)
    wait_until(lambda: words(valkey)[-3:] == ["ho"] * 3, what="the change")
    assert_once_each({"added": sent(valkey)["added"]}, 500)  # the same schedule goes on

    assert desk.remove("added", by="bob") == ("added",)
    removed = desk.deeds()[0].at.timestamp() * 1000
    before = len(sent(valkey)["fast"])
    wait_until(lambda: len(sent(valkey)["fast"]) >= before + 8, what="the others to go on")
    assert max(sent(valkey)["added"]) <= removed


def test_what_was_added_outlives_every_beat_and_is_owed_while_none_lives(
    beats: Plant, valkey: ValkeyServer
) -> None:
    desk = schedule(valkey.url())
    for member in beats.members:
        member.kill()
    desk.upsert(often("hi", 0.5))
    began = desk.deeds()[0].at.timestamp() * 1000
    time.sleep(2)  # several slots come due
    beats.beat()
    wait_until(lambda: "added" in sent(valkey), what="its slots")
    assert 0 < sent(valkey)["added"][0] - began <= 500


def test_the_code_of_a_later_release_takes_a_name_over_and_says_so(
    beats: Plant, valkey: ValkeyServer
) -> None:
    schedule(valkey.url()).upsert(often("runtime", 0.25))
    wait_until(lambda: "added" in sent(valkey), what="its slots")
    later = beats.beat(LATER="yes")
    wait_until(lambda: later.lines("entry 'added'"), what="the new release")
    for member in beats.members[:2]:
        member.terminate()
    assert [line.partition("] ")[2] for line in later.lines("entry 'added'")] == [
        "beat: entry 'added' is declared in code and was added while running, too: code's is sent."
    ]
    more = len(sent(valkey)["fast"])
    count = len(sent(valkey)["added"])
    wait_until(lambda: len(sent(valkey)["fast"]) >= more + 8, what="the others to go on")
    assert len(sent(valkey)["added"]) == count  # code's is due once a day


def test_beats_give_back_what_a_store_without_persistence_lost(
    tmp_path: Path, new_valkey: Callable[..., ValkeyServer]
) -> None:
    server = new_valkey()
    with plant(tmp_path, APP, BROKER=server.url()) as made:
        beat = made.beat()
        wait_until(lambda: "fast" in sent(server), what="sends")
        schedule(server.url()).upsert(often("hi"))
        wait_until(lambda: "added" in sent(server), what="its slots")
        server.kill()
        server.start()
        wait_until(lambda: beat.lines("it got them back from this beat"), what="the restoration")
        wait_until(lambda: "added" in sent(server), what="its slots again")
        assert schedule(server.url()).with_runtime().runtime.keys() == {"added"}


def test_with_sqlite_beats_of_one_host_see_it_too(tmp_path: Path, valkey: ValkeyServer) -> None:
    store = f"sqlite:///{tmp_path}/beatkit.db"
    with plant(tmp_path, APP, BROKER=valkey.url(), STORE=store) as made:
        for _ in range(2):
            made.beat()
        wait_until(lambda: "fast" in sent(valkey), what="sends")
        desk = schedule(valkey.url())
        desk.app.conf.beatkit_store_url = store
        desk.upsert(often("hi"))
        wait_until(lambda: len(sent(valkey).get("added", ())) >= 3, what="its slots")
        assert_once_each({"added": sent(valkey)["added"]}, 500)
