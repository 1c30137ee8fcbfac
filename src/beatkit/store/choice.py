"""Which store a Celery app's beats share, read from its settings. Nothing is opened here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from beatkit.errors import StoreError
from beatkit.store import HISTORY, Store, link, open_store, place
from beatkit.store.runs import KeepsRuns, Runs


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the store is, and how it is reached.

    Attributes:
        url: As `open_store` takes it.
        source: The setting that decided: beatkit_store_url, broker_url or result_backend.
        name: What sets this schedule apart from others, "beatkit:shop:"; part of each task id.
        prefix: Of its keys: the name, after the broker's `global_keyprefix` where it is the
            broker, since that may be all its user is allowed to touch.
        at_broker: It is the broker's very server and database, so that claiming a slot and
            pushing its message can be one step.
        history: How many records of slots not sent are kept (`beatkit_history`).
        replica_wait: Milliseconds to wait for a replica (`beatkit_replica_wait`).
        ssl: As `broker_use_ssl`.
        options: As `broker_transport_options`.
    """

    url: str
    source: str
    name: str
    prefix: str
    at_broker: bool
    history: int = HISTORY
    replica_wait: int = 100
    ssl: Mapping[str, Any] | bool | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


def choose(app: Any) -> Choice:
    """Choose the store of a Celery app.

    `beatkit_store_url` if it is set; else the broker if that is Redis or Valkey, or in
    memory; else the result backend if that is Redis or Valkey.

    Args:
        app: A Celery app. Only its name and settings are read.

    Raises:
        StoreError: None of them can be a store, or the app has no name to keep its keys by.
    """
    conf = app.conf
    name = conf.get("beatkit_key_prefix") or _name(app.main)
    broker = _joined(conf.broker_write_url or conf.broker_url or "amqp://")
    url, source = _decide(conf.get("beatkit_store_url"), broker, conf.result_backend)
    at_broker = one_place(broker, url)
    options = dict(conf.get("broker_transport_options") or {})
    prefix, ssl = name, None
    if at_broker:
        prefix = str(options.get("global_keyprefix") or "") + name
        ssl = conf.get("broker_use_ssl")
    elif source == "result_backend":
        ssl = conf.get("redis_backend_use_ssl")
        options = dict(conf.get("result_backend_transport_options") or {})
    else:
        options = {}
    history = _or(conf.get("beatkit_history"), HISTORY)
    wait = _or(conf.get("beatkit_replica_wait"), 100)
    return Choice(url, source, name, prefix, at_broker, history, wait, ssl, options)


def _or(given: int | None, default: int) -> int:
    return default if given is None else int(given)


def open_choice(choice: Choice, timeout: float = 2.0) -> Store:
    """Open the store that was chosen. Nothing is sent to it yet.

    Args:
        choice: See `choose`.
        timeout: Seconds for connecting and for each reply; nothing waits longer.

    Raises:
        StoreError: The URL names no kind of store, or cannot be read.
    """
    return open_store(
        choice.url,
        prefix=choice.prefix,
        timeout=timeout,
        ssl=choice.ssl,
        options=choice.options,
        source=choice.source,
        history=choice.history,
        replica_wait=choice.replica_wait,
    )


def refuse_unfit(choice: Choice) -> None:
    """Refuse a file that can be no store. Nothing is made, and nothing is written.

    Raises:
        StoreError: The choice is such a file.
    """
    if choice.url.startswith("sqlite:"):
        place.refuse_unfit(place.file_of(choice.url, choice.source), choice.source)


def open_runs(choice: Choice) -> Runs:
    """Open the store that was chosen, for a worker. As `open_choice`."""
    return cast(KeepsRuns, open_choice(choice)).runs()


def one_place(broker: str, store: str) -> bool:
    """Say whether a broker and a store are one database of one Redis or Valkey server.

    A list of brokers (fail-over) never is: messages may go to another than the claims.
    """
    if not (_is_redis(broker) and _is_redis(store)):
        return False
    if ";" in broker and not broker.startswith("sentinel"):
        return False
    return link.parse(broker).place == link.parse(store).place


def _decide(store: str | None, broker: str, backend: str | None) -> tuple[str, str]:
    if store:
        return store, "beatkit_store_url"
    if broker.startswith("memory://"):
        return "memory://", "broker_url"
    if _is_redis(broker) and (";" not in broker or broker.startswith("sentinel")):
        return broker, "broker_url"
    if backend and _is_redis(backend):
        return backend, "result_backend"
    raise StoreError(
        f"beats have no store: the broker is {_kind(broker)!r}, expected a Redis or Valkey "
        "server, which can also keep what has been sent\n"
        "  from broker_url, with no beatkit_store_url and no Redis in result_backend\n"
        "  write beatkit_store_url = 'redis://HOST:6379/0', "
        "or 'sqlite:///beatkit.db' where all beats run on one host"
    )


def _kind(broker: str) -> str:
    if ";" in broker:
        return f"{broker.split('://')[0]}:// (a list of servers)"
    return f"{broker.split('://')[0]}://"


def _name(main: str | None) -> str:
    if main and main != "__main__":
        return f"beatkit:{main}:"
    raise StoreError(
        f"the app's name is {main!r}, expected one that tells its schedule from others in a "
        "shared store\n"
        "  from Celery(...) or make_app(...)\n"
        "  write make_app('shop', ...), or beatkit_key_prefix = 'beatkit:shop:'"
    )


def _joined(urls: str | Sequence[str]) -> str:
    return urls if isinstance(urls, str) else ";".join(urls)


def _is_redis(url: str) -> bool:
    return url.split("://")[0] in link.SCHEMES
