"""Spellings of a server's address, what its errors mean, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest
from redis import exceptions

from beatkit.errors import StoreError, StoreUnavailable
from beatkit.store import open_store
from beatkit.store.link import Address, connect, errors_named, is_outage, parse


@pytest.mark.parametrize(
    "url, text",
    [
        ("redis://", "redis://localhost:6379/0"),
        ("redis://h", "redis://h:6379/0"),
        ("redis://user:pa%2Fss@h:7/3", "redis://h:7/3"),
        ("redis://h?virtual_host=4", "redis://h:6379/4"),
        ("valkey://h/1", "redis://h:6379/1"),
        ("valkeys://h", "rediss://h:6379/0"),
        ("rediss://h?ssl_cert_reqs=CERT_NONE", "rediss://h:6379/0"),
        ("redis+socket:///run/r.sock?virtual_host=2", "redis+socket:///run/r.sock?virtual_host=2"),
        ("valkey+socket:///run/r.sock", "redis+socket:///run/r.sock?virtual_host=0"),
        ("sentinel://a;sentinel://b:7/1", "sentinel://a:26379,b:7/0"),
    ],
)
def test_every_spelling_of_an_address_is_read(url: str, text: str) -> None:
    assert str(parse(url)) == text


def test_user_and_password_are_decoded_and_never_shown() -> None:
    address = parse("redis://user:pa%2Fss@h:7/3")
    assert (address.username, address.password) == ("user", "pa/ss")
    assert "pa/ss" not in repr(address)


def test_a_client_waits_no_longer_than_it_is_told_and_repeats_nothing() -> None:
    kwargs = connect(parse("redis://u:p@h/3"), timeout=1.5).get_connection_kwargs()
    assert (kwargs["socket_timeout"], kwargs["socket_connect_timeout"]) == (1.5, 1.5)
    assert (kwargs["username"], kwargs["password"], kwargs["db"]) == ("u", "p", 3)
    assert kwargs["retry"]._retries == 0


@pytest.mark.parametrize(
    "url, ssl, requirement",
    [
        ("rediss://h?ssl_cert_reqs=CERT_NONE", None, "none"),
        ("rediss://h?ssl_cert_reqs=required", None, "required"),
        ("redis://h", {"ssl_cert_reqs": "CERT_OPTIONAL"}, "optional"),
    ],
)
def test_tls_is_understood_as_celery_spells_it(url: str, ssl: Any, requirement: str) -> None:
    client = connect(parse(url), timeout=1, ssl=ssl)
    assert client.connection_pool.connection_class.__name__ == "SSLConnection"
    assert client.get_connection_kwargs()["ssl_cert_reqs"] == requirement


def test_sentinels_are_asked_for_the_named_master() -> None:
    options = {"master_name": "mymaster", "min_other_sentinels": 1}
    client = connect(parse("sentinel://:pw@a;sentinel://b:7"), timeout=1, options=options)
    pool: Any = client.connection_pool
    assert pool.service_name == "mymaster"
    where = [s.get_connection_kwargs() for s in pool.sentinel_manager.sentinels]
    assert [(one["host"], one["port"]) for one in where] == [("a", 26379), ("b", 7)]
    assert client.get_connection_kwargs()["password"] == "pw"


@pytest.mark.parametrize("url", ["redis://a", "redis+socket:///a", "sentinel://a?master_name=m"])
def test_a_command_is_one_write_however_long(url: str) -> None:
    pool: Any = connect(parse(url), timeout=1).connection_pool
    words = ("EVALSHA", *(f"{number:06d}" * 200 for number in range(100)))
    (piece,) = pool.make_connection().pack_command(*words)
    sizes = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    assert piece == f"*{len(words)}\r\n{sizes}".encode()


def test_sentinels_share_the_time_and_are_asked_once() -> None:
    options = {"master_name": "mymaster"}
    client = connect(parse("sentinel://a;sentinel://b"), timeout=3, options=options)
    pool: Any = client.connection_pool
    for sentinel in pool.sentinel_manager.sentinels:
        how = sentinel.get_connection_kwargs()
        assert (how["socket_timeout"], how["socket_connect_timeout"]) == (1, 1)
        tries: list[str] = []

        def fail(tries: list[str] = tries) -> None:
            tries.append("once")
            raise exceptions.ConnectionError

        with pytest.raises(exceptions.ConnectionError):
            how["retry"].call_with_retry(fail, lambda _error: None)
        assert tries == ["once"]


def test_what_the_settings_say_of_sentinels_counts() -> None:
    options = {"master_name": "mymaster", "sentinel_kwargs": {"socket_timeout": 7, "password": "x"}}
    client = connect(parse("sentinel://a;sentinel://b"), timeout=3, options=options)
    pool: Any = client.connection_pool
    how = pool.sentinel_manager.sentinels[0].get_connection_kwargs()
    assert (how["socket_timeout"], how["socket_connect_timeout"], how["password"]) == (7, 1, "x")


def test_sentinels_without_a_masters_name_are_refused() -> None:
    with pytest.raises(StoreError) as caught:
        connect(parse("sentinel://:secret@a"), timeout=1)
    assert str(caught.value) == (
        "Store 'sentinel://a:26379/0': master_name is not set, expected the name of the group "
        "that the Sentinels watch\n"
        "  write broker_transport_options = {'master_name': 'mymaster'}, "
        "or sentinel://...?master_name=mymaster"
    )


@pytest.mark.parametrize(
    "error, outage",
    [
        (exceptions.ConnectionError("refused"), True),
        (exceptions.TimeoutError("late"), True),
        (exceptions.BusyLoadingError("LOADING"), True),
        (exceptions.ReadOnlyError("You can't write"), True),
        (exceptions.ResponseError("READONLY You can't write against a read only replica."), True),
        (exceptions.ResponseError("MASTERDOWN Link with MASTER is down"), True),
        (exceptions.ResponseError("MISCONF Redis is configured to save"), True),
        (exceptions.ResponseError("BUSY Redis is busy running a script"), True),
        (exceptions.OutOfMemoryError("command not allowed"), True),
        (ConnectionResetError(), True),
        (exceptions.AuthenticationError("WRONGPASS"), False),
        (exceptions.NoPermissionError("no"), False),
        (exceptions.ResponseError("WRONGTYPE Operation against a key"), False),
        (ValueError("LOADING"), False),
    ],
)
def test_an_outage_ends_by_itself_and_a_refusal_does_not(error: Exception, outage: bool) -> None:
    assert is_outage(error) is outage


def said(error: Exception) -> str:
    with (
        pytest.raises(StoreError) as caught,
        errors_named(Address((("h", 6379),)), 2.0, "broker_url"),
    ):
        raise error
    assert isinstance(caught.value, StoreUnavailable) is is_outage(error)
    return str(caught.value)


def test_what_is_said_of_a_silence() -> None:
    assert said(exceptions.TimeoutError("x")) == (
        "Store 'redis://h:6379/0' did not answer within 2 s\n"
        "  from broker_url\n"
        "  nothing is lost: what is owed is sent when it is back"
    )


def test_what_is_said_of_an_outage() -> None:
    assert said(exceptions.ConnectionError("Connection refused.")) == (
        "Store 'redis://h:6379/0' is not available: Connection refused.\n"
        "  from broker_url\n"
        "  nothing is lost: what is owed is sent when it is back"
    )


def test_what_is_said_where_nothing_listens() -> None:
    error = exceptions.ConnectionError("Error 111 connecting to h:6379. Connection refused.")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert said(error) == (
        "Store 'redis://h:6379/0' is not available: Error 111 connecting to h:6379. "
        "Connection refused.\n"
        "  from broker_url\n"
        "  start it, or correct host and port; nothing is lost: what is owed is sent when it is "
        "back"
    )


def test_what_is_said_of_missing_rights() -> None:
    assert said(exceptions.NoPermissionError("this user has no permissions")) == (
        "Store 'redis://h:6379/0' refused a command: this user has no permissions\n"
        "  from broker_url\n"
        "  let its user run EVAL, EVALSHA, TIME and the hash, string, list and stream commands on "
        "the keys of beatkit_key_prefix, and LPUSH, PEXPIRE and PUBLISH on the broker's"
    )


def test_what_is_said_of_a_wrong_password() -> None:
    assert said(exceptions.AuthenticationError("invalid password")) == (
        "Store 'redis://h:6379/0' refused a command: invalid password\n"
        "  from broker_url\n"
        "  check the user and the password in it"
    )


def test_a_kind_of_store_that_does_not_exist() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("postgres://user:secret@h/db", prefix="x:")
    assert str(caught.value) == (
        "store is 'postgres://', expected redis://, rediss://, redis+socket://, "
        "sentinel://, sqlite:/// or memory://\n"
        "  from beatkit_store_url\n"
        "  write redis://HOST:6379/0"
    )


def test_a_database_that_is_no_number() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("redis://h/jobs", prefix="x:", source="broker_url")
    assert str(caught.value) == (
        "store is not readable: database is 'jobs', expected a number such as 0\n"
        "  from broker_url\n"
        "  write redis://HOST:6379/0"
    )
