"""A server that answers, and refuses: each kind of it is an outage, and loses nothing."""

import time

import pytest
from celery import Celery

from beatkit.beat.scheduler import Scheduler
from tests.chaos.plant import assert_once_each, slots
from tests.servers import free_port


def read_only(client) -> None:
    client.replicaof("127.0.0.1", free_port())


def writable(client) -> None:
    client.replicaof("NO", "ONE")


def full(client) -> None:
    client.config_set("maxmemory", 1)


def roomy(client) -> None:
    client.config_set("maxmemory", 0)


def locked(client) -> None:
    client.config_set("requirepass", "other")
    client.client_kill_filter(_type="normal", skipme=True)


def unlocked(client) -> None:
    client.config_set("requirepass", "")


def forgetful(client) -> None:
    client.script_flush()


def disconnecting(client) -> None:
    client.client_kill_filter(_type="normal", skipme=True)


def nothing(client) -> None:
    """It ends by itself."""


TROUBLES = {
    "a replica that takes no writes": (read_only, writable, True),
    "memory that is full": (full, roomy, True),
    "a password that was changed": (locked, unlocked, True),
    "scripts that were flushed": (forgetful, nothing, False),
    "connections that were cut": (disconnecting, nothing, None),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_slot_is_sent_once_all_the_same(trouble, new_valkey, caplog):
    caplog.set_level("INFO", logger="beatkit.beat")
    begin, end, is_outage = TROUBLES[trouble]
    server = new_valkey()
    scheduler = Scheduler(an_app(server.url()))
    with server.client() as client:
        tick_for(scheduler, 0.6)
        begin(client)
        tick_for(scheduler, 0.6)
        end(client)
        behind(scheduler, client)  # how soon is held on the virtual clock, in tests/simulation
        tick_for(scheduler, 0.3)
        found = slots(client)
    scheduler.close()
    assert_once_each(found, 100)
    assert len(found["often"]) >= 12
    levels = [row.levelname for row in caplog.records if "in force" not in row.getMessage()]
    if is_outage is not None:
        assert levels == (["ERROR", "INFO"] if is_outage else [])


def an_app(url: str) -> Celery:
    app = Celery("plant", broker=url, set_as_current=False)
    app.conf.update(
        beat_schedule={"often": {"task": "work", "schedule": 0.1}},
        beatkit_policies={"*": {"catch_up": "all"}},
        beatkit_remote_tasks=["work"],
    )
    return app


def tick_for(scheduler: Scheduler, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        started = time.monotonic()
        wait = scheduler.tick()
        assert time.monotonic() - started < 30, "a pass is bounded"
        time.sleep(min(wait, max(0.0, deadline - time.monotonic())))


def behind(scheduler: Scheduler, client) -> None:
    """Tick until what is owed was sent."""
    wanted = client.llen("celery") + 6
    deadline = time.monotonic() + 60
    while client.llen("celery") < wanted and time.monotonic() < deadline:
        time.sleep(min(scheduler.tick(), 0.05))
