"""Which store an app's beats share, from its settings alone."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery

from beatkit.errors import StoreError
from beatkit.store.choice import Choice, choose, one_place


def app(broker: str, name: str | None = "shop", **settings: Any) -> Celery:
    made = Celery(name, broker=broker, set_as_current=False)
    made.conf.update(settings)
    return made


def test_a_redis_broker_is_the_store() -> None:
    options = {"socket_timeout": 3}
    chosen = choose(app("redis://h:1/2", broker_transport_options=options))
    name = "beatkit:shop:"
    assert chosen == Choice(
        "redis://h:1/2", "broker_url", name, name, True, 10_000, 100, False, options
    )


def test_the_settings_of_the_store_are_taken_along() -> None:
    chosen = choose(app("redis://h/0", beatkit_history=0, beatkit_replica_wait=0))
    assert (chosen.history, chosen.replica_wait) == (0, 0)


def test_a_global_key_prefix_goes_before_the_stores_keys_and_not_into_task_ids() -> None:
    options = {"global_keyprefix": "tenant-7:"}
    chosen = choose(app("redis://h/0", broker_transport_options=options))
    assert (chosen.name, chosen.prefix) == ("beatkit:shop:", "tenant-7:beatkit:shop:")


def test_the_result_backend_is_the_store_where_the_broker_cannot_be() -> None:
    chosen = choose(app("amqp://h//", result_backend="redis://h/1", beatkit_key_prefix="x:"))
    assert (chosen.url, chosen.source) == ("redis://h/1", "result_backend")
    assert (chosen.name, chosen.prefix, chosen.at_broker) == ("x:", "x:", False)


def test_a_store_url_decides_before_all_others() -> None:
    chosen = choose(app("redis://h/0", beatkit_store_url="sqlite:///beatkit.db"))
    assert (chosen.url, chosen.source) == ("sqlite:///beatkit.db", "beatkit_store_url")
    assert not chosen.at_broker


def test_a_broker_in_memory_has_its_store_there() -> None:
    chosen = choose(app("memory://"))
    assert (chosen.url, chosen.at_broker) == ("memory://", False)


@pytest.mark.parametrize(
    "broker, kind",
    [
        ("amqp://user:secret@h//", "amqp://"),
        ("sqs://", "sqs://"),
        ("redis://a/0;redis://b/0", "redis:// (a list of servers)"),
        (["amqp://a//", "amqp://b//"], "amqp:// (a list of servers)"),
    ],
)
def test_any_other_broker_is_refused_with_the_two_choices(broker: Any, kind: str) -> None:
    with pytest.raises(StoreError) as caught:
        choose(app(broker))
    assert str(caught.value) == (
        f"beats have no store: the broker is {kind!r}, expected a Redis or Valkey "
        "server, which can also keep what has been sent\n"
        "  from broker_url, with no beatkit_store_url and no Redis in result_backend\n"
        "  write beatkit_store_url = 'redis://HOST:6379/0', "
        "or 'sqlite:///beatkit.db' where all beats run on one host"
    )


@pytest.mark.parametrize("name", [None, "__main__"])
def test_an_app_without_a_name_must_say_how_its_keys_begin(name: str | None) -> None:
    with pytest.raises(StoreError) as caught:
        choose(app("redis://h/0", name))
    assert str(caught.value) == (
        f"the app's name is {name!r}, expected one that tells its schedule from others in a "
        "shared store\n"
        "  from Celery(...) or make_app(...)\n"
        "  write make_app('shop', ...), or beatkit_key_prefix = 'beatkit:shop:'"
    )
    assert choose(app("redis://h/0", name, beatkit_key_prefix="mine:")).name == "mine:"


@pytest.mark.parametrize(
    "broker, store, same",
    [
        ("redis://h/0", "redis://h:6379", True),
        ("redis://u:p@h/0", "redis://other:pw@h/0", True),
        ("redis://localhost/0", "redis://127.0.0.1:6379/0", True),
        ("redis://h/0", "valkey://h/0", True),
        ("redis+socket:///r.sock?virtual_host=1", "redis+socket:///r.sock?virtual_host=1", True),
        ("sentinel://a:1;sentinel://b:2", "sentinel://b:2;sentinel://a:1", True),
        ("redis://h/0", "redis://h/1", False),
        ("redis://h/0", "redis://h:6380/0", False),
        ("redis://h/0", "redis+socket:///run/r.sock", False),
        ("redis://h/0;redis://h/0", "redis://h/0", False),
        ("amqp://h//", "redis://h/0", False),
        ("redis://h/0", "sqlite:///x.db", False),
    ],
)  # fmt: skip
def test_claims_and_pushes_are_one_step_only_in_one_database(
    broker: str, store: str, same: bool
) -> None:
    assert one_place(broker, store) is same


def test_nothing_of_an_address_is_shown_that_is_secret() -> None:
    chosen = choose(app("redis://user:secret@h/0", broker_use_ssl={"ssl_keyfile": "key"}))
    assert "ssl_keyfile" not in repr(chosen)
