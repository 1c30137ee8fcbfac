"""Redis and Valkey servers in each state: what is said of them as broker and as backend."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from beatkit.settings import Reach, check_backend, check_broker
from tests.integration.settings.conftest import app, text
from tests.servers import ValkeyServer, free_port

NewValkey = Callable[..., ValkeyServer]


def test_a_server_that_works_is_named_and_nothing_stays_on_it(valkey: ValkeyServer) -> None:
    shop = app(valkey.url())
    broker = check_broker(shop, write=True)
    backend = check_backend(shop, write=True)
    assert replace(broker, elapsed=0, server=broker.server.split()[0]) == Reach(
        "broker", valkey.url(), "broker_url", True, "write", 0, broker.server.split()[0]
    )
    assert replace(backend, elapsed=0) == replace(
        broker, elapsed=0, what="result backend", source="result_backend"
    )
    assert broker.server.split()[0] in ("valkey", "redis")
    with valkey.client() as client:
        assert client.keys() == []


def test_the_app_keeps_its_own_options_and_opens_no_connection(
    new_valkey: Callable[..., ValkeyServer],
) -> None:
    valkey = new_valkey()  # of its own: other tests may not have let go of theirs yet
    options = {"socket_timeout": 77}
    shop = app(valkey.url(), broker_transport_options=options)
    check_broker(shop, write=True)
    check_backend(shop, write=True)
    assert shop.conf.broker_transport_options == {"socket_timeout": 77}
    assert shop.connection_for_write().transport_options == {"socket_timeout": 77}
    with valkey.client() as client:
        own = client.client_id()
        assert [one["id"] for one in client.client_list() if int(one["id"]) != own] == []


def test_a_closed_port() -> None:
    port = free_port()
    assert text(check_broker(app(f"redis://127.0.0.1:{port}/0")), port) == (
        "Broker 'redis://127.0.0.1:PLACE/0' refuses the connection: nothing listens there\n"
        "  from broker_url\n"
        "  start the server, or correct host and port; inside a container localhost is the "
        "container itself"
    )


@pytest.mark.parametrize("look", [check_broker, check_backend])
@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_port_that_accepts_and_stays_silent_holds_nobody(
    look: Callable[..., Reach], scheme: str, silent_port: int
) -> None:
    query = "?ssl_cert_reqs=none" if scheme == "rediss" else ""
    reach = look(app(f"{scheme}://127.0.0.1:{silent_port}/0{query}"), timeout=0.5)
    assert (reach.ok, reach.stage) == (False, "connect")
    assert reach.said == "does not answer within 0.5 s"


def test_a_silent_port_in_the_whole_text(silent_port: int) -> None:
    reach = check_broker(app(f"redis://127.0.0.1:{silent_port}/0"), timeout=0.3)
    assert text(reach, silent_port) == (
        "Broker 'redis://127.0.0.1:PLACE/0' does not answer within 0.3 s\n"
        "  from broker_url\n"
        "  check host and port, and firewalls between; a server is silent too when it is "
        "stopped, of another kind, or blocked (RabbitMQ short of memory or disk)"
    )


@pytest.mark.parametrize("look", [check_broker, check_backend])
def test_a_server_with_a_password(look: Callable[..., Reach], new_valkey: NewValkey) -> None:
    port = new_valkey(options="--requirepass s3cret").port
    assert look(app(f"redis://:s3cret@127.0.0.1:{port}/0"), write=True).ok
    none = look(app(f"redis://127.0.0.1:{port}/0"))
    assert (none.said, none.hint) == (
        "wants a password, and was given none",
        "write it into the URL: redis://:PASSWORD@HOST, or redis://USER:PASSWORD@HOST",
    )
    wrong = look(app(f"redis://:n0t-it@127.0.0.1:{port}/0"))
    assert (wrong.url, wrong.said, wrong.hint) == (
        f"redis://:***@127.0.0.1:{port}/0",
        "refuses this user or password",
        "usual reasons: it is another one; special characters are not percent-encoded (@ is %40, "
        "/ is %2F); the colon before a password without a user is missing: redis://:PASSWORD@HOST",
    )
    assert "n0t-it" not in repr(wrong)


def test_a_user_who_may_not_write_is_found_by_writing(users: ValkeyServer) -> None:
    shop = app(f"redis://reader:pw@127.0.0.1:{users.port}/0")
    assert check_broker(shop).ok
    assert text(check_broker(shop, write=True), users.port) == (
        "Broker 'redis://reader:***@127.0.0.1:PLACE/0' refuses the command 'sadd' to this user\n"
        "  from broker_url\n"
        "  give the user the right: ACL SETUSER USER +sadd"
    )
    assert check_backend(shop).ok
    assert text(check_backend(shop, write=True), users.port) == (
        "Result backend 'redis://reader:***@127.0.0.1:PLACE/0' refuses the command 'setex' to "
        "this user\n"
        "  from result_backend\n"
        "  give the user the right: ACL SETUSER USER +setex"
    )


@pytest.mark.parametrize("look", [check_broker, check_backend])
def test_a_user_with_keys_of_one_prefix_needs_that_prefix(
    look: Callable[..., Reach], users: ValkeyServer
) -> None:
    url = f"redis://shop:pw@127.0.0.1:{users.port}/0"
    without = look(app(url))
    assert (without.said, without.hint) == (
        "refuses a key to this user",
        "give the user the right (ACL SETUSER USER ~KEYS &CHANNELS); where it may use some keys "
        "only, write their start as global_keyprefix into the transport options",
    )
    prefix = {"global_keyprefix": "shop:"}
    fitting = app(url, broker_transport_options=prefix, result_backend_transport_options=prefix)
    assert look(fitting, write=True).ok


@pytest.mark.parametrize("look", [check_broker, check_backend])
def test_a_replica_is_found_by_writing(
    look: Callable[..., Reach], valkey: ValkeyServer, new_valkey: NewValkey
) -> None:
    shop = app(new_valkey(options=f"--replicaof 127.0.0.1 {valkey.port}").url())
    deadline = time.monotonic() + 60
    while not (found := look(shop)).ok and time.monotonic() < deadline:
        time.sleep(0.05)  # it copies first
    assert found.ok
    reach = look(shop, write=True)
    assert (reach.stage, reach.said, reach.hint) == (
        "write",
        "is a replica, which takes no writes",
        "write the address of the primary, or sentinel:// to have it found",
    )


@pytest.mark.parametrize("look", [check_broker, check_backend])
def test_a_full_memory_is_found_by_writing(
    look: Callable[..., Reach], new_valkey: NewValkey
) -> None:
    server = new_valkey(options="--maxmemory 1mb --maxmemory-policy noeviction")
    assert look(app(server.url())).ok
    reach = look(app(server.url()), write=True)
    assert (reach.stage, reach.said, reach.hint) == (
        "write",
        "has no memory left for a write",
        "raise its maxmemory or remove data; see INFO memory",
    )


@pytest.mark.parametrize("look", [check_broker, check_backend])
def test_a_database_out_of_range(look: Callable[..., Reach], valkey: ValkeyServer) -> None:
    reach = look(app(valkey.url(99)))
    assert (reach.said, reach.hint) == (
        "has no database of this number",
        "write a lower one; a server has 0 to 15 unless its setting `databases` says otherwise",
    )


def test_a_unix_socket_and_one_that_is_not_there(tmp_path: Path, new_valkey: NewValkey) -> None:
    new_valkey(options=f"--unixsocket {tmp_path}/s")
    there = app(f"redis+socket://{tmp_path}/s?virtual_host=2")
    assert check_broker(there, write=True).ok
    assert check_backend(there, write=True).ok
    missing = check_broker(app(f"redis+socket://{tmp_path}/missing"))
    assert (missing.said, missing.hint) == (
        "cannot be reached: a file is missing",
        "check the path of the socket, or of the certificates in the ssl_ parameters",
    )


def test_of_several_brokers_one_that_answers_is_enough(valkey: ValkeyServer) -> None:
    port = free_port()
    reach = check_broker(app(f"redis://127.0.0.1:{port}/0;{valkey.url()}"), write=True)
    assert (reach.ok, reach.url, reach.hint) == (
        True,
        valkey.url(),
        f"but 'redis://127.0.0.1:{port}/0' refuses the connection: nothing listens there",
    )
