"""How to reach a Redis or Valkey server: the spellings of its URL, and what its errors mean.

Loads redis-py only when a connection is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from beatkit.errors import StoreError, StoreUnavailable
from beatkit.store.packing import packer

if TYPE_CHECKING:
    from redis import Redis

SCHEMES = ("redis", "rediss", "redis+socket", "sentinel", "valkey", "valkeys", "valkey+socket")

_AWAY = (
    "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS", "BUSY", "MISCONF", "OOM", "CLUSTERDOWN",
    "TRYAGAIN",
)  # fmt: skip
"""First words of errors that end by themselves or when the server has recovered."""

_CERT_REQS = {"cert_none": "none", "cert_optional": "optional", "cert_required": "required"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where one server is, and who asks.

    Attributes:
        hosts: Host and port; of each Sentinel where there are several.
        path: Of the unix socket, instead of hosts.
        db: The database's number.
        sentinel: The hosts are Sentinels, which know the master.
        query: What the URL says besides, by redis-py's names.
    """

    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    db: int = 0
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    sentinel: bool = False
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """Spell it for people: without user, password and options."""
        if self.path:
            return f"redis+socket://{self.path}?virtual_host={self.db}"
        scheme = "sentinel" if self.sentinel else "rediss" if self.tls else "redis"
        return f"{scheme}://{','.join(f'{host}:{port}' for host, port in self.hosts)}/{self.db}"

    @property
    def place(self) -> tuple[object, ...]:
        """Equal for two addresses of one database of one server, whoever asks."""
        loopback = ("127.0.0.1", "::1")
        hosts = {("localhost" if host in loopback else host, port) for host, port in self.hosts}
        return frozenset(hosts), self.path, self.db, self.sentinel


def parse(url: str) -> Address:
    """Read the URL of a server in any spelling that Celery or beatkit accepts.

    Args:
        url: One of `SCHEMES`; for Sentinel several, joined by ";".

    Raises:
        ValueError: It cannot be read. The message says why, and shows no password.
    """
    first, *others = url.split(";")
    parts = urlsplit(first.strip())
    scheme = parts.scheme.replace("valkey", "redis")
    query = {name.lower(): value for name, value in parse_qsl(parts.query)}
    username = unquote(parts.username or "") or None
    password = unquote(parts.password or "") or None
    if scheme == "redis+socket":
        db = _number(query.pop("virtual_host", ""))
        return Address((), unquote(parts.path), db, username, password, query=query)
    port = 26379 if scheme == "sentinel" else 6379
    hosts = tuple(_host(one, port) for one in (first, *others) if one.strip())
    return Address(
        hosts,
        "",
        _number(query.pop("virtual_host", "") or parts.path.strip("/")),
        username,
        password,
        tls=scheme == "rediss",
        sentinel=scheme == "sentinel",
        query=query,
    )


def _host(url: str, port: int) -> tuple[str, int]:
    parts = urlsplit(url.strip())
    return parts.hostname or "localhost", parts.port or port


def _number(text: str) -> int:
    if text and not text.isdecimal():
        raise ValueError(f"database is {text!r}, expected a number such as 0")
    return int(text or 0)


def connect(
    address: Address,
    *,
    timeout: float,
    ssl: Mapping[str, Any] | bool | None = None,
    options: Mapping[str, Any] | None = None,
) -> Redis:
    """Return a client. Nothing is sent until its first command, and nothing is retried.

    Each command is one write to the socket.

    Args:
        address: Where the server is.
        timeout: Seconds, for connecting and for each reply.
        ssl: Celery's `broker_use_ssl`, for the same server.
        options: Celery's `broker_transport_options`, for the same server: `master_name`,
            `sentinel_kwargs`, `min_other_sentinels`, `credential_provider`, `client_name`
            and the `socket_keepalive` options are respected.
    """
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    options = options or {}
    # A repeated batch is safe, but the beat must know that time has passed: it repeats.
    how: dict[str, Any] = {
        "db": address.db,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        **_credentials(address, options),
        **{name: options[name] for name in _RESPECTED if options.get(name) is not None},
    }
    if address.path:
        client = Redis(unix_socket_path=address.path, **how)
    else:
        how |= _tls(address, ssl)
        host, port = address.hosts[0]
        if address.sentinel:
            client = _sentinel(address, how, options)
        else:
            client = Redis(host=host, port=port, **how)
    client.connection_pool.connection_kwargs["command_packer"] = packer(client)
    return client


_RESPECTED = ("client_name", "socket_keepalive", "socket_keepalive_options")


def _credentials(address: Address, options: Mapping[str, Any]) -> dict[str, Any]:
    provider = address.query.get("credential_provider") or options.get("credential_provider")
    if provider is None:
        return {"username": address.username, "password": address.password}
    if isinstance(provider, str):
        from kombu.utils.imports import symbol_by_name

        provider = symbol_by_name(provider)()  # type: ignore[no-untyped-call]
    return {"credential_provider": provider}


def _tls(address: Address, ssl: Mapping[str, Any] | bool | None) -> dict[str, Any]:
    if not (address.tls or ssl):
        return {}
    named = dict(ssl) if isinstance(ssl, Mapping) else {}
    named |= {name: text for name, text in address.query.items() if name.startswith("ssl_")}
    requirement = named.get("ssl_cert_reqs")
    if isinstance(requirement, str):
        named["ssl_cert_reqs"] = _CERT_REQS.get(requirement.lower(), requirement.lower())
    hostname = named.get("ssl_check_hostname")
    if isinstance(hostname, str):
        named["ssl_check_hostname"] = hostname.lower() != "false"
    return {"ssl": True, **named}


def _sentinel(address: Address, how: dict[str, Any], options: Mapping[str, Any]) -> Redis:
    from redis.sentinel import Sentinel

    master = options.get("master_name") or address.query.get("master_name")
    if not master:
        raise StoreError(
            f"Store {str(address)!r}: master_name is not set, expected the name of the group "
            "that the Sentinels watch\n"
            "  write broker_transport_options = {'master_name': 'mymaster'}, "
            "or sentinel://...?master_name=mymaster"
        )
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        address.hosts,
        min_other_sentinels=options.get("min_other_sentinels", 0),
        sentinel_kwargs=_of_each(how, len(address.hosts)) | (options.get("sentinel_kwargs") or {}),
        **how,
    )
    client: Redis = sentinel.master_for(master)  # type: ignore[no-untyped-call]
    return client


def _of_each(how: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Return how each Sentinel is asked: by itself redis-py asks one that is silent ten times.

    They are asked one after the other, and share the time with the server that they name.
    """
    share = how["socket_timeout"] / (count + 1)
    sockets = {name: value for name, value in how.items() if name.startswith("socket_")}
    bounds = {"socket_timeout": share, "socket_connect_timeout": share, "retry": how["retry"]}
    return sockets | bounds


@contextmanager
def errors_named(address: Address, timeout: float, source: str) -> Iterator[None]:
    """Turn redis-py's errors into `StoreUnavailable` or `StoreError`.

    Args:
        address: Of the server, for the message.
        timeout: Seconds that were waited, for the message.
        source: The setting that names the server, for the message.
    """
    from redis import exceptions

    where = f"  from {source}\n"
    try:
        yield
    except exceptions.TimeoutError as error:
        raise StoreUnavailable(
            f"Store {str(address)!r} did not answer within {timeout:g} s\n{where}"
            "  nothing is lost: what is owed is sent when it is back"
        ) from error
    except (exceptions.RedisError, OSError) as error:
        if is_outage(error):
            raise _away(address, where, error) from error
        raise _refused(address, where, error) from error


def is_outage(error: BaseException) -> bool:
    """Say whether an error of redis-py, or of a socket, ends by itself or with an outage.

    Others are refusals: of the user, of one command, of one key.
    """
    from redis import exceptions

    if isinstance(error, exceptions.AuthenticationError):
        return False
    kinds = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.ReadOnlyError)
    more = (exceptions.MasterDownError, exceptions.OutOfMemoryError, OSError)
    if isinstance(error, (*kinds, *more)):
        return True
    # Errors raised inside a script come as plain ResponseErrors with the code in front.
    return isinstance(error, exceptions.RedisError) and str(error).startswith(_AWAY)


def _away(address: Address, where: str, error: Exception) -> StoreUnavailable:
    # To those who look it is a server to start; to a beat an outage, which passes.
    start = "start it, or correct host and port; " if _nobody_listens(error) else ""
    return StoreUnavailable(
        f"Store {str(address)!r} is not available: {_briefly(error)}\n{where}"
        f"  {start}nothing is lost: what is owed is sent when it is back"
    )


def _briefly(error: Exception) -> str:
    """Return what an error says, without the clients that redis-py shows after it."""
    return str(error).split(" : <redis", 1)[0]


def _nobody_listens(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ConnectionRefusedError):
        error = error.__cause__ or error.__context__
    return error is not None


def _refused(address: Address, where: str, error: Exception) -> StoreError:
    from redis.exceptions import AuthenticationError

    login = isinstance(error, AuthenticationError) or str(error).startswith(("NOAUTH", "WRONGPASS"))
    return StoreError(
        f"Store {str(address)!r} refused a command: {error}\n{where}"
        f"  {_LOGIN if login else _RIGHTS}"
    )


_LOGIN = "check the user and the password in it"
_RIGHTS = (
    "let its user run EVAL, EVALSHA, TIME and the hash, string, list and stream commands on the "
    "keys of beatkit_key_prefix, and LPUSH, PEXPIRE and PUBLISH on the broker's"
)
