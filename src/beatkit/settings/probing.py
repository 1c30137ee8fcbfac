"""How one server is looked at: through kombu, or through a backend of Celery's, step by step.

A probe runs in a thread of its own and notes each step it has passed, so that the caller knows
how far it got even when it never ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import uuid4

from beatkit.settings.reach import Stage
from beatkit.settings.urls import members

_LOOK_S = 0.02


@dataclass(slots=True)
class Look:
    """How far a look has got; written by its thread, read by the caller."""

    stage: Stage = "connect"
    server: str = ""
    error: BaseException | None = None


Probe = Callable[[Look], None]


def is_sentinels(given: object) -> bool:
    """Whether a URL lists Sentinels, which are one address: any says where the server is."""
    return isinstance(given, str) and given.startswith("sentinel")


def broker_probe(app: Any, url: str, timeout: float, write: bool) -> Probe:
    """Return what looks at one broker of an app; see `check_broker`. Its client is loaded."""
    with suppress(Exception):  # the look fails with the same, and is there to tell of it
        app.connection_for_write(url).get_transport_cls()

    def probe(look: Look) -> None:
        with app.connection_for_write(url, connect_timeout=timeout) as connection:
            redis = connection.transport.driver_type == "redis"
            if redis:
                connection.transport_options |= _bounds(url, timeout, connection.transport_options)
            elif connection.transport.driver_type == "amqp":
                connection.transport_options["confirm_publish"] = True
            connection.ensure_connection(max_retries=0)
            look.server = _server_of(connection, redis)
            if redis:
                look.stage = "read"
                _count(connection, app.conf.task_default_queue)
            if write:
                look.stage = "write"
                _send_and_take_back(connection, app.conf.task_default_queue, timeout)

    return probe


def _bounds(url: str, timeout: float, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of kombu or of a result backend that bound a Redis client."""
    bounds = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry_on_timeout": False,
    }
    if not is_sentinels(url):
        return bounds
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # Sentinels are asked one after the other, and redis-py asks each several times: one that
    # is away must leave time for the next.
    share = timeout / (len(members(url)) + 1)
    each = {
        "socket_timeout": share,
        "socket_connect_timeout": share,
        "retry": Retry(NoBackoff(), 0),
    }
    return {**bounds, "sentinel_kwargs": {**(options.get("sentinel_kwargs") or {}), **each}}


def _server_of(connection: Any, redis: bool) -> str:
    if redis:
        return _redis_server(connection.default_channel.client)
    told = getattr(connection.connection, "server_properties", None) or {}
    return f"{told.get('product', '')} {told.get('version', '')}".strip()


def _redis_server(client: Any) -> str:
    # A user may be denied INFO and still be able to do all that is needed.
    with suppress(Exception):
        told = client.info("server")
        name = told.get("server_name", "redis")
        return f"{name} {told.get(f'{name}_version') or told['redis_version']}"
    return ""


def _count(connection: Any, queue: str) -> None:
    # With Redis this writes nothing: it counts the messages, in a transaction as a publish
    # does (which no Sentinel knows). `passive=True` would forget the global_keyprefix.
    connection.default_channel.queue_declare(queue=queue)


def _send_and_take_back(connection: Any, start: str, timeout: float) -> None:
    kombu: Any = import_module("kombu")  # its functions are half typed
    name = f"{start}.check.{uuid4().hex}"
    exchange = kombu.Exchange(name, type="direct", durable=False, auto_delete=True)
    queue = kombu.Queue(
        name, exchange, routing_key=name, durable=False, auto_delete=True, exclusive=True
    )(connection.default_channel)
    try:
        queue.declare()
        producer = kombu.Producer(connection.default_channel)
        producer.publish({}, exchange=exchange, routing_key=name, serializer="json")
        _take(queue, timeout)
    finally:
        with suppress(Exception):
            queue.delete()


def _take(queue: Any, timeout: float) -> None:
    for _ in range(max(int(timeout / _LOOK_S), 1)):
        if queue.get(no_ack=True, accept=["json"]) is not None:
            return
        time.sleep(_LOOK_S)
    raise TimeoutError


def backend_probe(app: Any, given: Any, timeout: float, write: bool) -> Probe:
    """Return what looks at an app's result backend; see `check_backend`. Its client is loaded."""
    from celery.app.backends import by_url

    with suppress(Exception):
        by_url(given, app.loader)

    def probe(look: Look) -> None:
        kind, url = by_url(given, app.loader)
        backend = kind(app=app, url=url)
        redis = hasattr(backend, "connparams")
        if redis:
            _hasten(backend, str(given), timeout)
        task_id = f"beatkit-check-{uuid4().hex}"
        backend.get_task_meta(task_id, cache=False)
        look.stage = "read"
        look.server = _redis_server(backend.client) if redis else ""
        if write:
            look.stage = "write"
            _store_and_forget(backend, task_id)
        if redis:
            backend.client.connection_pool.disconnect()

    return probe


def _hasten(backend: Any, url: str, timeout: float) -> None:
    """Give a Redis backend short timeouts, before it connects."""
    options = backend.app.conf.result_backend_transport_options
    bounds = _bounds(url, timeout, options)
    if "sentinel_kwargs" in bounds:
        kwargs = bounds.pop("sentinel_kwargs")
        # It reads the options from where it keeps them, and not from the app once they are there.
        backend.__dict__["_transport_options"] = {**options, "sentinel_kwargs": kwargs}
    if "path" in backend.connparams:  # a unix socket has no time to connect
        del bounds["socket_connect_timeout"]
    backend.connparams |= bounds


def _store_and_forget(backend: Any, task_id: str) -> None:
    try:
        backend.store_result(task_id, None, "SUCCESS")
        backend.get_task_meta(task_id, cache=False)
    finally:
        # Not every backend can; what it stored then goes when it expires.
        with suppress(Exception):
            backend.forget(task_id)
