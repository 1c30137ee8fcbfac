"""The schemes of broker and result backend URLs: which exist, and what others mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Literal

from beatkit.settings.problems import Flaw
from beatkit.settings.redaction import redact

Role = Literal["broker", "result"]

_THIRD_PARTY_BACKENDS = frozenset({"django-db", "django-cache"})
_SQL = {
    "postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mariadb",
    "sqlite": "sqlite", "sqlite3": "sqlite", "oracle": "oracle", "mssql": "mssql",
}  # fmt: skip
_SAME = {
    "valkey": "redis", "valkeys": "rediss", "redis+ssl": "rediss", "redis+tls": "rediss",
    "valkey+socket": "redis+socket", "unix": "redis+socket", "redis+unix": "redis+socket",
    "redis-socket": "redis+socket", "redis-sentinel": "sentinel", "redis+sentinel": "sentinel",
}  # fmt: skip
_BROKER_FOR = _SAME | {
    "rabbitmq": "amqp", "rabbit": "amqp", "amqp+ssl": "amqps",
    "mongo": "mongodb", "file": "filesystem", "rpc": "amqp",
} | {sql: f"sqla+{name}" for sql, name in _SQL.items()}  # fmt: skip
_BACKEND_FOR = _SAME | {
    "mongo": "mongodb", "filesystem": "file", "memory": "cache+memory", "gcs": "gs",
    "memcached": "cache+memcached", "memcache": "cache+memcached", "pylibmc": "cache+pylibmc",
    "sqla": "db", "sqlalchemy": "db", "es": "elasticsearch", "dynamo": "dynamodb",
} | {sql: f"db+{name}" for sql, name in _SQL.items()}  # fmt: skip
_GONE_BROKERS = {"django": "redis", "beanstalk": "redis", "couchdb": "redis", "ghettoq": "redis"}
_GONE_BACKENDS = {
    "amqp": "rpc", "amqps": "rpc", "pyamqp": "rpc", "librabbitmq": "rpc",
    "riak": "redis", "tyrant": "redis", "tokyo": "redis",
}  # fmt: skip
# Their first word is a transport's, and yet they mean nothing.
_WRONG_IN_FULL = frozenset(
    {"redis+sentinel", "redis+ssl", "redis+tls", "redis+unix", "amqp+ssl", "db+postgres"}
    | {"sqla+postgres"}
)
_NO = frozenset({"false", "none", "null", "no", "off", "nil", "0"})


def url_flaw(said: str, remedy: str = "", suggestion: str | None = None) -> Flaw:
    """Return the flaw of a URL."""
    return Flaw(said, "url_error", suggestion=suggestion, remedy=remedy)


def check_scheme(url: str, scheme: str, role: Role) -> Iterator[Flaw]:
    """Yield what is wrong with a URL's scheme, with the one to write instead."""
    known = schemes(role)
    # Celery compares a backend's scheme as it is written; kombu does not mind capitals.
    exact = scheme if role == "result" else scheme.lower()
    base = exact.partition("+")[0]
    gone = _gone(role).get(base.lower())
    better = _better(scheme, role)
    noun = "broker" if role == "broker" else "result backend"
    if gone:
        yield _no_longer(url, noun, gone)
    elif better and (base not in known or exact in _WRONG_IN_FULL):
        said = f"is {redact(url)!r}, and no {noun} is called {scheme!r}"
        yield url_flaw(said, f"write {better}:// in its place", better)
    elif base not in known and "." not in base and ":" not in base:
        near = get_close_matches(base.lower(), sorted(known), 1, 0.6)
        said = f"is {redact(url)!r}, and no {noun} is called {scheme!r}"
        hint = f"did you mean {near[0]}://?" if near else f"known are {', '.join(sorted(known))}"
        yield url_flaw(said, hint, near[0] if near else None)


def _better(scheme: str, role: Role) -> str | None:
    """The scheme that a wrong one stands for: postgresql+psycopg is db+postgresql+psycopg."""
    lower = scheme.lower()
    table = _BROKER_FOR if role == "broker" else _BACKEND_FOR
    sql = "sqla" if role == "broker" else "db"
    base, plus, rest = lower.partition("+")
    if lower in table:
        return table[lower]
    if base in ("db", "database", "sqla", "sqlalchemy") and rest:
        dialect, _, driver = rest.partition("+")
        right = "+".join(filter(None, (sql, _SQL.get(dialect, dialect), driver)))
        return right if right != lower else None
    return f"{table[base]}+{rest}" if plus and base in _SQL else table.get(base)


def _gone(role: Role) -> dict[str, str]:
    return _GONE_BROKERS if role == "broker" else _GONE_BACKENDS


def _no_longer(url: str, noun: str, gone: str) -> Flaw:
    said = f"is {redact(url)!r}, a {noun} that Celery no longer has"
    return Flaw(said, "removed", suggestion=gone, remedy=f"write {gone}:// in its place")


def schemes(role: Role) -> frozenset[str]:
    """Return the first words of the schemes that the installed kombu or Celery reads."""
    if role == "broker":
        from kombu.transport import TRANSPORT_ALIASES

        return frozenset(name.lower() for name in TRANSPORT_ALIASES)
    from celery.app.backends import BACKEND_ALIASES

    return frozenset(BACKEND_ALIASES) | _THIRD_PARTY_BACKENDS


def _plugged_in(name: str) -> bool:
    """Whether an installed package offers a result backend of that name."""
    from importlib.metadata import entry_points

    return name in entry_points(group="celery.result_backends").names


def check_backend_name(name: str) -> Iterator[Flaw]:
    """Yield what is wrong with a result backend named without a URL: an alias or a class."""
    known = schemes("result")
    if not name or name in known or _plugged_in(name):
        return
    if name.lower() in _NO:
        said = f"is {name!r}, which Celery takes for a module"
        yield url_flaw(said, "write disabled, or leave the setting out", "disabled")
    elif name in _GONE_BACKENDS:
        yield _no_longer(name, "result backend", _GONE_BACKENDS[name])
    elif re.search(r"[@\s/$]|:\d", name):
        said = f"is {redact(name)!r}, which is neither a URL nor the name of a result backend"
        yield url_flaw(said, "write it like redis://localhost:6379/1")
    elif "." not in name and ":" not in name:
        alike = get_close_matches(name.lower(), sorted(known), 1, 0.6)
        near = _BACKEND_FOR.get(name.lower()) or next(iter(alike), None)
        said = f"is {redact(name)!r}, which is neither a URL nor the name of a result backend"
        hint = f"did you mean {near}?" if near else "write it like redis://localhost:6379/1"
        yield url_flaw(said, hint, near)
