"""A server that refuses one slot's message loses neither that slot nor its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from celery import Celery

from beatkit.entry import Entry
from beatkit.errors import StoreError, StoreUnavailable
from beatkit.sending import open_way
from beatkit.store import Answer, open_store
from beatkit.store.choice import choose
from tests.integration.sending.desk import Desk
from tests.servers import ValkeyServer

NewValkey = Callable[..., ValkeyServer]


def entries(*queues: str, filling: str = "") -> list[Entry]:
    return [
        Entry(queue, "elsewhere.task", schedule=None, args=(filling,), options={"queue": queue})
        for queue in queues
    ]


def send(desk: Desk, batch: Sequence[Entry]) -> list[Answer]:
    claims = [(entry, desk.claim(entry)) for entry in batch]
    return list(desk.way.send(desk.writer, claims).answers)


def desk_of(server: ValkeyServer, url: str = "") -> Desk:
    app = Celery("shop", broker=url or server.url(), set_as_current=False)
    choice = choose(app)
    store = open_store(choice.url, prefix=choice.prefix)
    way = open_way(app, choice, store, now=lambda: store.read([]).now)
    return Desk(app, store, way, server)


def test_a_key_of_the_wrong_type(valkey: ValkeyServer) -> None:
    desk = desk_of(valkey)
    batch = entries("one", "two", "three")
    send(desk, batch)  # declares the queues
    desk.redis.delete("one", "two", "three")
    desk.redis.set("two", "a string")

    answers = send(desk, batch)

    assert [answer.outcome for answer in answers] == ["sent", "failed", "sent"]
    assert answers[1].detail.startswith("WRONGTYPE Operation against a key")
    assert [len(desk.take(queue)) for queue in ("one", "three")] == [1, 1]

    desk.redis.delete("two")
    assert [answer.outcome for answer in send(desk, entries("two"))] == ["sent"]
    assert len(desk.take("two")) == 1


def test_a_key_of_the_wrong_type_already_when_the_queue_is_declared(valkey: ValkeyServer) -> None:
    desk = desk_of(valkey)
    desk.redis.set("two", "a string")

    answers = send(desk, entries("one", "two", "three"))

    assert [answer.outcome for answer in answers] == ["sent", "failed", "sent"]
    assert "WRONGTYPE Operation against a key" in answers[1].detail


def limited(server: ValkeyServer, keys: str) -> Desk:
    """A desk whose user may use these keys only."""
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "beat", *f"on >pw +@all &* {keys}".split())
    return desk_of(server, f"redis://beat:pw@127.0.0.1:{server.port}/0")


def test_a_user_who_may_not_push_to_one_queue(new_valkey: NewValkey) -> None:
    server = new_valkey()
    desk = limited(server, "~beatkit:* ~one* ~two* ~three* ~_kombu*")
    batch = entries("one", "two", "three")
    send(desk, batch)
    desk.redis.delete("one", "two", "three")
    with server.client() as admin:
        rules = ["resetkeys", "~beatkit:*", "~one*", "~three*", "~_kombu*"]
        admin.execute_command("ACL", "SETUSER", "beat", *rules)

    answers = send(desk, batch)

    assert [answer.outcome for answer in answers] == ["sent", "failed", "sent"]
    assert "ermission" in answers[1].detail
    assert [len(desk.take(queue)) for queue in ("one", "two", "three")] == [1, 0, 1]


@pytest.mark.parametrize("withdrawn", ["-hset", "-@write +lpush", "resetkeys %R~beatkit:* ~one*"])
def test_a_user_who_may_push_but_not_write_our_progress_pushes_nothing(
    new_valkey: NewValkey, withdrawn: str
) -> None:
    server = new_valkey()
    desk = limited(server, "~*")
    (entry,) = entries("one")
    desk.send(entry)
    desk.take("one")
    claim = desk.claim(entry)
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "beat", *withdrawn.split())

    try:
        (answer,) = desk.way.send(desk.writer, [(entry, claim)]).answers
        assert (answer.outcome, answer.progress) == ("failed", claim.after)
    except StoreError as error:
        assert "ermission" in str(error)
    assert desk.take("one") == []


def test_a_password_that_was_withdrawn_is_the_stores_refusal(new_valkey: NewValkey) -> None:
    server = new_valkey()
    desk = limited(server, "~*")
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "beat", "resetpass")
        admin.execute_command("CLIENT", "KILL", "USER", "beat")

    with pytest.raises(StoreError) as caught:
        send_until_back(desk, entries("one"))

    first, *rest = str(caught.value).splitlines()
    assert first.startswith(f"Store 'redis://127.0.0.1:{server.port}/0' refused a command: ")
    assert "pw" not in str(caught.value)
    assert rest == ["  from beatkit_store_url", "  check the user and the password in it"]


def test_a_server_whose_memory_is_full(new_valkey: NewValkey) -> None:
    desk = desk_of(new_valkey())
    batch = entries("one", "two")
    send(desk, batch)
    desk.redis.delete("one", "two")
    claims = [(entry, desk.claim(entry)) for entry in batch]

    desk.redis.config_set("maxmemory", 1)
    full = desk.way.send(desk.writer, claims)
    assert [answer.outcome for answer in full.answers] == ["failed", "failed"]
    assert full.answers[0].detail.startswith("OOM")

    desk.redis.config_set("maxmemory", 0)
    free = desk.way.send(desk.writer, claims)
    assert [answer.outcome for answer in free.answers] == ["sent", "sent"]
    assert [len(desk.take(queue)) for queue in ("one", "two")] == [1, 1]


def test_a_server_restarted_without_its_scripts_and_connections(
    new_valkey: NewValkey, tmp_path: Path
) -> None:
    server = new_valkey(keep=True)
    desk = desk_of(server)
    assert send(desk, entries("one"))[0].outcome == "sent"

    server.kill()
    server.start()

    answers = send_until_back(desk, entries("two"))
    assert [answer.outcome for answer in answers] == ["sent"]
    assert (len(desk.take("one")), len(desk.take("two"))) == (1, 1)


def send_until_back(desk: Desk, batch: Sequence[Entry]) -> list[Answer]:
    # The first call may find a connection that died with the server.
    for _ in range(3):
        try:
            return send(desk, batch)
        except StoreUnavailable:
            continue
    raise AssertionError("the store did not come back")
