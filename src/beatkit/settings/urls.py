"""The grammar of broker and result backend URLs, checked without a packet.

kombu, redis-py and Celery's result backends read the same URL by three different rules,
and mostly say nothing about what they cannot use: a missing scheme is an AMQP host, a `/`
in a password another host, `redis://cache/jobs` database 0 to one and an error to another.
Each check below names what the readers disagree on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal
from urllib.parse import parse_qsl, quote

from beatkit.settings.nearest import words
from beatkit.settings.problems import Flaw, Unfit
from beatkit.settings.redaction import redact

__all__ = [
    "check_broker_url",
    "check_result_url",
    "check_store_url",
    "redact",
    "scheme_of",
    "split",
]

Role = Literal["broker", "result"]

REDIS = frozenset({"redis", "rediss", "sentinel"})
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
    "rabbitmq": "amqp", "rabbit": "amqp", "amqp+ssl": "amqps", "https": "sqs", "http": "sqs",
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
_STORES = frozenset({"redis", "rediss", "sentinel", "valkey", "valkeys", "sqlite", "memory"})
_NO = frozenset({"false", "none", "null", "no", "off", "nil", "0"})
# What kombu.Connection takes; every other query parameter is a TypeError when it connects.
_CONNECTION_PARAMETERS = words(
    "virtual_host connect_timeout heartbeat login_method failover_strategy insist ssl "
    "credential_provider uri_prefix"
)
CERT_WORDS = {"required": True, "optional": True, "none": False}
_HOSTED = REDIS | {"amqp", "amqps", "pyamqp", "librabbitmq"}


@dataclass(frozen=True, slots=True)
class URL:
    """The parts of one URL, as kombu cuts it. `netloc` and `path` are still encoded."""

    scheme: str
    netloc: str
    path: str
    query: dict[str, str]

    @property
    def base(self) -> str:
        """The scheme's first word, in lower case: "redis" of "redis+socket"."""
        return self.scheme.partition("+")[0].lower()

    @property
    def host(self) -> str:
        """Host and port, without user and password."""
        return self.netloc.rpartition("@")[2]


def split(url: str) -> URL:
    """Cut a URL at its first marks; whatever is wrong with it is left for the checks."""
    scheme, _, rest = url.partition("://")
    netloc = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path, _, query = rest[len(netloc) :].partition("?")
    return URL(scheme, netloc, path, dict(parse_qsl(query, keep_blank_values=True)))


def scheme_of(url: object) -> str:
    """Return the first word of the scheme of a URL, or of the first of several; else ''."""
    first = next(iter(members(url)), "")
    return split(first).base if "://" in first else ""


def members(value: object) -> list[str]:
    """Return the URLs of a value: one, several with `;` between, or a list of them."""
    if isinstance(value, str):
        # Only before a scheme or a host: a password may hold a semicolon.
        return [part for part in re.split(r";(?=[\w+.\-]+(?:://|:\d+|$|[;/]))", value) if part]
    if isinstance(value, list | tuple):
        return [member for item in value for member in members(item)]
    return []


def check_broker_url(value: Any) -> Any:
    """Return the URL, trimmed, or the list of URLs.

    Args:
        value: Text with one URL or several (`;` between), or a list of them.

    Raises:
        Unfit: It is malformed or no transport reads it; with the scheme to write instead.
    """
    if isinstance(value, str):
        value = value.strip()
    if not value:
        raise Unfit(_flaw(f"is {value!r}, expected a URL", _HOW_BROKER))
    if not isinstance(value, str | list | tuple) or not all(
        isinstance(each, str) for each in value
    ):
        said = f"is {redact(value)!r}, expected a URL as text, or a list of URLs"
        raise Unfit(Flaw(said, remedy=_HOW_BROKER))
    flaws = _each(value, "broker")
    if flaws:
        raise Unfit(flaws)
    return value if isinstance(value, str) else [url.strip() for url in value]


def check_result_url(value: Any) -> Any:
    """Return the URL, name or class of a result backend, trimmed.

    Raises:
        Unfit: It is malformed or no backend reads it; with the scheme to write instead.
    """
    if value is False:
        return "disabled"
    if not isinstance(value, str):
        if isinstance(value, type):
            return value
        said = f"is {redact(value)!r}, expected a URL or the name of a result backend"
        raise Unfit(Flaw(said, remedy="write it like redis://localhost:6379/1"))
    value = value.strip()
    flaws = _each(value, "result") if "://" in value else list(_backend_name(value))
    if flaws:
        raise Unfit(flaws)
    return value


def check_store_url(value: Any) -> str:
    """Return the URL of beatkit's store, trimmed.

    Raises:
        Unfit: No store reads it.
    """
    text = value.strip() if isinstance(value, str) else ""
    if scheme_of(text) in _STORES:
        return text
    said = f"is {redact(value)!r}, expected the URL of a store"
    raise Unfit(_flaw(said, "write redis://host:6379/0, sqlite:///beatkit.db or memory://"))


_HOW_BROKER = "write it like redis://localhost:6379/0 or amqp://guest:guest@localhost:5672//"
_ENCODE = "write special characters of a password percent-encoded: / is %2F, @ is %40, # is %23"


def _flaw(said: str, remedy: str = "", suggestion: str | None = None) -> Flaw:
    return Flaw(said, "url_error", suggestion=suggestion, remedy=remedy)


def _each(value: object, role: Role) -> list[Flaw]:
    flaws = [flaw for url in members(value) for flaw in list(_one(url.strip(), role))[:1]]
    return list(dict.fromkeys(flaws))


def _one(url: str, role: Role) -> Iterator[Flaw]:
    if url[:1] in "'\"" or url[-1:] in "'\"":
        yield _flaw(f"is {redact(url)!r}, with quotes inside the text", "leave the quotes out")
    if "://" not in url:
        yield _no_scheme(url)
        return
    parts = split(url)
    yield from _scheme(url, parts, role)
    if parts.base in _HOSTED and not parts.scheme.endswith("+socket"):
        yield from _authority(url, parts)
    if parts.base in REDIS:
        yield from _redis_database(url, parts, role)
        yield from _redis_query(url, parts, role)


def _no_scheme(url: str) -> Flaw:
    word, colon, rest = url.partition(":")
    if colon and rest.startswith("/") and "@" not in word:
        return _flaw(
            f"is {redact(url)!r}, with one slash after the scheme, expected two",
            f"write {redact(f'{word}://{rest[1:]}')}",
        )
    said = f"is {redact(url)!r}, which has no scheme and would be taken for an AMQP host"
    alike = {"redis": "redis://localhost:6379/0", "memory": "memory://", "sqs": "sqs://"}
    port = re.search(r":(\d+)", url)
    host = url.rpartition("@")[2].split("/")[0]
    guess = f"redis://{host}/0" if port and port[1] in ("6379", "6380") else f"amqp://{host}//"
    return _flaw(said, f"write {alike.get(url.lower(), guess)}")


def _scheme(url: str, parts: URL, role: Role) -> Iterator[Flaw]:
    exact = parts.scheme if role == "result" else parts.scheme.lower()
    base = exact.partition("+")[0]
    known = schemes(role)
    better = (_BROKER_FOR if role == "broker" else _BACKEND_FOR).get(parts.scheme.lower())
    better = better or (_BROKER_FOR if role == "broker" else _BACKEND_FOR).get(parts.base)
    gone = (_GONE_BROKERS if role == "broker" else _GONE_BACKENDS).get(parts.base)
    what = "a broker" if role == "broker" else "a result backend"
    if gone:
        yield Flaw(
            f"is {redact(url)!r}, {what} that Celery no longer has",
            "removed", suggestion=gone, remedy=f"write {gone}:// in its place",
        )  # fmt: skip
    elif exact in ("redis+sentinel", "redis-sentinel") or (better and base not in known):
        said = f"is {redact(url)!r}, and no {what[2:]} is called {parts.scheme!r}"
        yield _flaw(said, f"write {better}:// in its place", better)
    elif exact == "db+postgres":
        said = f"is {redact(url)!r}, and SQLAlchemy no longer knows 'postgres'"
        yield _flaw(said, "write db+postgresql:// in its place", "db+postgresql")
    elif base not in known and "." not in base and ":" not in base:
        near = get_close_matches(parts.base, sorted(known), 1, 0.6)
        said = f"is {redact(url)!r}, and no {what[2:]} is called {parts.scheme!r}"
        hint = f"did you mean {near[0]}://?" if near else f"known are {', '.join(sorted(known))}"
        yield _flaw(said, hint, near[0] if near else None)


@cache
def schemes(role: Role) -> frozenset[str]:
    """Return the first words of the schemes that the installed kombu or Celery reads."""
    if role == "broker":
        from kombu.transport import TRANSPORT_ALIASES

        return frozenset(name.lower() for name in TRANSPORT_ALIASES)
    from celery.app.backends import BACKEND_ALIASES

    found = _entry_points("celery.result_backends")
    return frozenset(BACKEND_ALIASES) | _THIRD_PARTY_BACKENDS | found


def _entry_points(group: str) -> frozenset[str]:
    from importlib.metadata import entry_points

    return frozenset(entry_points(group=group).names)


def _backend_name(name: str) -> Iterator[Flaw]:
    """A name without a scheme: an alias, a class path, or a mistake."""
    known = schemes("result")
    if not name or name in known:
        return
    if name.lower() in _NO:
        said = f"is {name!r}, which Celery takes for a module"
        yield _flaw(said, "write disabled, or leave the setting out", "disabled")
    elif name in _GONE_BACKENDS:
        gone = _GONE_BACKENDS[name]
        said = f"is {name!r}, a result backend that Celery no longer has"
        yield Flaw(said, "removed", suggestion=gone, remedy=f"write {gone}:// in its place")
    elif re.search(r"[@\s/]|:\d", name) or ("." not in name and ":" not in name):
        near = _BACKEND_FOR.get(name.lower()) or next(
            iter(get_close_matches(name.lower(), sorted(known), 1, 0.6)), None
        )
        said = f"is {redact(name)!r}, which is neither a URL nor the name of a result backend"
        hint = f"did you mean {near}?" if near else "write it like redis://localhost:6379/1"
        yield _flaw(said, hint, near)


def _authority(url: str, parts: URL) -> Iterator[Flaw]:
    rest = url.partition("://")[2]
    if "@" in rest[len(parts.netloc) :].partition("?credential_provider")[0]:
        yield _flaw(f"is {redact(url)!r}, with / ? or # inside the password", _ENCODE)
        return
    host, port = _host_and_port(parts.host)
    if "[" in parts.netloc.rpartition("@")[0] or (host.startswith("[") != host.endswith("]")):
        yield _flaw(f"is {redact(url)!r}, with a [ or ] in the wrong place", _ENCODE)
    elif port and not (port.isdigit() and 0 < int(port) < 65536):
        said = f"is {redact(url)!r}: the port is {redact(port)!r}, expected 1-65535"
        yield _flaw(said, "a password goes before the host, with @ between: redis://:secret@host")
    elif re.search(r"\s", host):
        yield _flaw(f"is {redact(url)!r}, with a blank in the host", "remove the blank")


def _host_and_port(place: str) -> tuple[str, str]:
    if place.startswith("["):
        host, _, port = place.partition("]")
        return f"{host}]" if "]" in place else host, port.removeprefix(":")
    host, _, port = place.partition(":")
    return host, port


def _redis_database(url: str, parts: URL, role: Role) -> Iterator[Flaw]:
    if parts.scheme.lower().endswith("+socket"):
        database = parts.query.get("virtual_host", "0")
    else:
        database = parts.path.removeprefix("/")
        database = database.removeprefix("/") if role == "broker" else database.strip("/")
    if database and not re.fullmatch(r"\d+", database):
        said = f"is {redact(url)!r}: the database is {redact(database)!r}, expected a number"
        yield _flaw(said, "end it with the database's number: redis://host:6379/0")


def _redis_query(url: str, parts: URL, role: Role) -> Iterator[Flaw]:
    tls = [name for name in parts.query if name.startswith("ssl_")]
    if tls and parts.base == "redis":
        said = f"is {redact(url)!r}, with {tls[0]} although redis:// is without TLS"
        yield _flaw(said, "write rediss:// for TLS, or drop the parameter", "rediss")
    if "ssl_cert_reqs" in tls and cert_word(parts.query["ssl_cert_reqs"]) is None:
        said = f"is {redact(url)!r}: ssl_cert_reqs is {parts.query['ssl_cert_reqs']!r}"
        yield _flaw(f"{said}, expected required, optional or none", "write ssl_cert_reqs=required")
    strange = set(parts.query) - set(tls) - _CONNECTION_PARAMETERS
    if strange and role == "broker" and not parts.scheme.endswith("+socket"):
        name = sorted(strange)[0]
        said = f"is {redact(url)!r}, and a broker URL has no parameter {name!r}"
        where = {"db": "write the database after the slash: redis://host:6379/3"}
        yield _flaw(said, where.get(name, f"write broker_transport_options = {{{name!r}: ...}}"))


def cert_word(value: object) -> str | None:
    """Return required, optional or none for any accepted form of ssl_cert_reqs."""
    text = getattr(value, "name", str(value)).upper()
    word = text.removeprefix("CERT_").lower()
    spelled = isinstance(value, str) and value not in (word, f"CERT_{word.upper()}")
    return word if word in CERT_WORDS and not spelled else None


def encoded(secret: str) -> str:
    """Percent-encode a password for a URL."""
    return quote(secret, safe="")


def at(flaw: Flaw, *path: str) -> Flaw:
    """Return the flaw, found at a path inside the value."""
    return replace(flaw, path=(*path, *flaw.path))
