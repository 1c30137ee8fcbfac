"""Which kind of store does a URL name? Each is loaded only where it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from beatkit.errors import StoreError
from beatkit.store.link import SCHEMES
from beatkit.store.rules import HISTORY

if TYPE_CHECKING:
    from beatkit.store import Store


class ServerOptions(TypedDict, total=False):
    """What only a Redis or Valkey server needs to be told.

    Attributes:
        ssl: As Celery's `broker_use_ssl`.
        options: As Celery's `broker_transport_options`.
        replica_wait: Milliseconds to wait, after each batch of claims, for one replica to
            have it, where the server has any; 0: no wait. 100 by default.
    """

    ssl: Mapping[str, Any] | bool | None
    options: Mapping[str, Any] | None
    replica_wait: int


def open_store(
    url: str,
    *,
    prefix: str,
    timeout: float = 2.0,
    source: str = "beatkit_store_url",
    history: int = HISTORY,
    **server: Unpack[ServerOptions],
) -> Store:
    """Open the store that a URL names. Nothing is sent to it yet.

    Args:
        url: `redis://`, `rediss://`, `redis+socket://`, `sentinel://`, their `valkey`
            spellings; `sqlite:///FILE`, for the processes of one host; or `memory://`, one
            for each prefix of this process.
        prefix: Of all keys, with the colon at its end: one store may hold many schedules.
        timeout: Seconds for connecting and for each reply; nothing waits longer.
        source: The setting that named the URL, for error messages.
        history: How many records of slots not sent are kept; 0: none.
        **server: See `ServerOptions`.

    Raises:
        StoreError: The URL names no kind of store, or cannot be read.
    """
    kind = url.split("://")[0]
    if kind == "memory":
        return _memory(prefix, history)
    if kind == "sqlite":
        return _file(url, prefix, timeout, source, history)
    if kind not in SCHEMES:
        raise StoreError(_UNKNOWN.format(kind + "://", source))
    from beatkit.store.redis import RedisStore

    try:
        return RedisStore(
            url, prefix=prefix, timeout=timeout, source=source, history=history, **server
        )
    except ValueError as error:
        raise StoreError(_UNREADABLE.format(error, source)) from error


def _memory(prefix: str, history: int) -> Store:
    from beatkit.store.memory import shared

    return shared(prefix, history)


def _file(url: str, prefix: str, timeout: float, source: str, history: int) -> Store:
    from beatkit.store.sqlite import sqlite_store

    return sqlite_store(url, prefix=prefix, timeout=timeout, source=source, history=history)


_UNKNOWN = (
    "store is {0!r}, expected redis://, rediss://, redis+socket://, sentinel://, sqlite:/// "
    "or memory://\n"
    "  from {1}\n"
    "  write redis://HOST:6379/0"
)
_UNREADABLE = "store is not readable: {0}\n  from {1}\n  write redis://HOST:6379/0"
