"""The server is frozen, becomes a replica, or has one: bounded waits, and nothing lost."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import redis
from celery import Celery

from beatkit.entry import Entry
from beatkit.errors import StoreUnavailable
from beatkit.sending import open_way
from beatkit.store import Beat
from beatkit.store.choice import choose, open_choice
from tests.integration.sending.desk import Desk
from tests.servers import ValkeyServer

NewValkey = Callable[..., ValkeyServer]

HELLO = Entry("hello", "elsewhere.task", schedule=None)


def desk_of(server: ValkeyServer, timeout: float = 1.0) -> Desk:
    app = Celery("shop", broker=server.url(), set_as_current=False)
    choice = choose(app)
    store = open_choice(choice, timeout)
    way = open_way(app, choice, store, now=lambda: store.read([]).now, timeout=timeout)
    return Desk(app, store, way, server)


def test_a_frozen_server_is_an_outage_within_the_timeout(new_valkey: NewValkey) -> None:
    server = new_valkey()
    desk = desk_of(server)
    desk.send(HELLO)
    server.freeze()

    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        desk.store.read()
    assert time.monotonic() - started < 30  # it would hang without a bound; a busy machine is slow
    assert str(caught.value) == (
        f"Store 'redis://127.0.0.1:{server.port}/0' did not answer within 1 s\n"
        "  from broker_url\n"
        "  nothing is lost: what is owed is sent when it is back"
    )

    server.thaw()
    assert desk.send(HELLO)[0].outcome == "sent"


def test_a_batch_that_a_frozen_server_ran_after_all_is_not_sent_twice(
    new_valkey: NewValkey,
) -> None:
    server = new_valkey()
    desk = desk_of(server)
    desk.send(HELLO)
    desk.take()
    claim = desk.claim(HELLO)
    desk.way._effects = lambda: lambda _: ""  # type: ignore[attr-defined]
    desk.way._builder.now = lambda: claim.slot  # type: ignore[attr-defined]

    server.freeze()
    with pytest.raises(StoreUnavailable):
        desk.way.send(desk.writer, [(HELLO, claim)])
    server.thaw()
    (answer,) = desk.way.send(desk.writer, [(HELLO, claim)]).answers

    # Either the first try had reached the server, or the second one did the work.
    assert answer.outcome in ("sent", "decided")
    assert answer.by == "beat-1"
    assert len(desk.take()) == 1


def test_a_server_that_became_a_replica_is_an_outage(new_valkey: NewValkey) -> None:
    server, master = new_valkey(), new_valkey()
    desk = desk_of(server)
    desk.send(HELLO)
    desk.take()
    claim = desk.claim(HELLO)
    desk.redis.replicaof("127.0.0.1", master.port)

    with pytest.raises(StoreUnavailable, match="is not available: READONLY"):
        desk.way.send(desk.writer, [(HELLO, claim)])
    with pytest.raises(StoreUnavailable):
        desk.store.announce(Beat("a", "host", 1, "r1"), expires=1)


def test_a_server_that_demands_replicas_which_are_gone_is_an_outage(new_valkey: NewValkey) -> None:
    desk = desk_of(new_valkey())
    desk.send(HELLO)
    claim = desk.claim(HELLO)
    desk.redis.config_set("min-replicas-to-write", 1)

    with pytest.raises(StoreUnavailable, match="is not available: NOREPLICAS"):
        desk.way.send(desk.writer, [(HELLO, claim)])

    desk.redis.config_set("min-replicas-to-write", 0)
    assert desk.way.send(desk.writer, [(HELLO, claim)]).answers[0].outcome == "sent"


def test_with_a_replica_a_claim_is_there_before_it_is_answered(new_valkey: NewValkey) -> None:
    server, replica = new_valkey(), new_valkey()
    follow(replica, server)
    desk = desk_of(server)

    _, slot = desk.send(HELLO)

    with replica.client() as client:
        row = client.hget("beatkit:shop:progress", "hello")
        assert row is not None
        assert row.split()[0] == str(slot).encode()
        assert client.llen("celery") == 1


def test_a_replica_that_is_frozen_delays_a_batch_by_a_tenth_of_a_second(
    new_valkey: NewValkey,
) -> None:
    server, replica = new_valkey(), new_valkey()
    follow(replica, server)
    desk = desk_of(server)
    desk.send(HELLO)
    replica.freeze()

    started = time.monotonic()
    answer, _ = desk.send(HELLO)

    assert answer.outcome == "sent"
    assert (
        0.09 < time.monotonic() - started < 30
    )  # it would hang without a bound; a busy machine is slow
    replica.thaw()


def follow(replica: ValkeyServer, master: ValkeyServer) -> None:
    seen: object = None
    with replica.client() as client, master.client() as leading:
        leading.config_set("repl-diskless-sync-delay", 0)
        client.replicaof("127.0.0.1", master.port)
        leading.set("ready", 1)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if client.get("ready"):
                    return
            except redis.RedisError as error:
                seen = error
            leading.wait(1, 50)
    raise AssertionError(f"the replica did not catch up: {seen!r}")
