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
from ipaddress import AddressValueError, IPv6Address
from typing import Any
from urllib.parse import parse_qsl

from beatkit.settings.nearest import words
from beatkit.settings.problems import Flaw, Unfit
from beatkit.settings.redaction import redact
from beatkit.settings.schemes import Role, check_backend_name, check_scheme, url_flaw

__all__ = [
    "check_broker_url",
    "check_result_url",
    "check_store_url",
    "redact",
    "scheme_of",
    "split",
]

REDIS = frozenset({"redis", "rediss", "sentinel"})
_STORES = frozenset({"redis", "rediss", "sentinel", "valkey", "valkeys", "sqlite", "memory"})
_UNSET = frozenset({"none", "null", "nil", "undefined", "false", "true"})
_UNFILLED = re.compile(r"\$\{\w+\}|^\$\w+|\{\{.*\}\}|%\(\w+\)s|^<.*>$")
# What kombu.Connection takes; every other query parameter is a TypeError when it connects.
_CONNECTION_PARAMETERS = words(
    "virtual_host connect_timeout heartbeat login_method failover_strategy insist ssl "
    "credential_provider uri_prefix"
)
CERT_WORDS = {"required": True, "optional": True, "none": False}
_HOSTED = REDIS | {"amqp", "amqps", "pyamqp", "librabbitmq", "sqs"}


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
        raise Unfit(url_flaw(f"is {value!r}, expected a URL", _HOW_BROKER))
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
    flaws = _each(value, "result") if "://" in value else list(check_backend_name(value))
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
        parts = split(text.replace("valkey", "redis", 1))
        if parts.base in REDIS and not parts.scheme.endswith("+socket"):
            flaws = [*_authority(text, parts, "result"), *_redis_database(text, parts, "result")]
            if flaws:
                raise Unfit(flaws[:1])
        return text
    said = f"is {redact(value)!r}, expected the URL of a store"
    raise Unfit(url_flaw(said, "write redis://host:6379/0, sqlite:///beatkit.db or memory://"))


_HOW_BROKER = "write it like redis://localhost:6379/0 or amqp://guest:guest@localhost:5672//"
_ENCODE = "write special characters of a password percent-encoded: / is %2F, @ is %40, # is %23"


def _each(value: object, role: Role) -> list[Flaw]:
    # kombu takes any ; for the start of the next server; of the backends only Sentinel does.
    several = role == "broker" or scheme_of(value) == "sentinel"
    urls = [url.strip() for url in (members(value) if several else [str(value)])]
    first = split(urls[0]).scheme if urls and "://" in urls[0] else ""
    flaws = [flaw for url in urls for flaw in list(_one(url, role, first))[:1]]
    return list(dict.fromkeys(flaws))


def _one(url: str, role: Role, first: str) -> Iterator[Flaw]:
    if url[:1] in "'\"" or url[-1:] in "'\"":
        yield url_flaw(f"is {redact(url)!r}, with quotes inside the text", "leave the quotes out")
    if _UNFILLED.search(url):
        said = f"is {redact(url)!r}, with a variable that nothing has filled in"
        yield url_flaw(said, "fill it in before: Celery and beatkit take text as it is")
    if "://" not in url:
        yield _no_scheme(url, first)
        return
    parts = split(url)
    yield from check_scheme(url, parts.scheme, role)
    if parts.base in _HOSTED and not parts.scheme.endswith("+socket"):
        yield from _authority(url, parts, role)
    if parts.base in REDIS:
        yield from _redis_database(url, parts, role)
        yield from _redis_query(url, parts, role)


def _no_scheme(url: str, first: str) -> Flaw:
    slashes = re.match(r"([a-z+]+)(:/|//)(?=[\w.\-]*(?:$|[:/]))", url)
    if url.lower() in _UNSET:
        said = f"is {url!r}, which is how an unset value looks as text"
        return url_flaw(said, _HOW_BROKER)
    if slashes:
        said = f"is {redact(url)!r}, expected :// after the scheme"
        return url_flaw(said, f"write {redact(f'{slashes[1]}://{url[slashes.end() :]}')}")
    said = f"is {redact(url)!r}, which has no scheme and would be taken for an AMQP host"
    return url_flaw(said, f"write {_with_scheme(url, first)}")


def _with_scheme(url: str, first: str) -> str:
    alike = {"redis": "redis://localhost:6379/0", "memory": "memory://", "sqs": "sqs://"}
    host = redact(url.rpartition("@")[2].split("/")[0])
    if first:
        return f"{first}://{host}"
    guess = f"redis://{host}/0" if re.search(r":(63(79|80))", url) else f"amqp://{host}//"
    return alike.get(url.lower(), guess)


def _authority(url: str, parts: URL, role: Role) -> Iterator[Flaw]:
    rest = url.partition("://")[2]
    if "@" in rest[len(parts.netloc) :].partition("?credential_provider")[0]:
        yield url_flaw(f"is {redact(url)!r}, with / ? or # inside the password", _ENCODE)
        return
    host, port = _host_and_port(parts.host)
    if re.search(r"[\[\]]", parts.netloc) and not _is_address(host):
        yield url_flaw(f"is {redact(url)!r}, with a [ or ] in the wrong place", _ENCODE)
    elif port and not (port.isdigit() and 0 < int(port) < 65536):
        shown = port if port.isdigit() else "no number"
        said = f"is {redact(url)!r}: the port is {shown}, expected 1-65535"
        yield url_flaw(
            said, "a password goes before the host, with @ between: redis://:secret@host"
        )
    elif re.search(r"\s", host):
        yield url_flaw(f"is {redact(url)!r}, with a blank in the host", "remove the blank")
    elif role == "broker" and ";" in parts.netloc:
        said = f"is {redact(url)!r}, with a ; that kombu takes for the next server's start"
        yield url_flaw(said, "write ; in a password as %3B")


def _is_address(host: str) -> bool:
    """Whether a host is an IPv6 address in brackets, the only place for brackets in a URL."""
    try:
        return (host[:1], host[-1:]) == ("[", "]") and IPv6Address(host[1:-1]).version == 6
    except AddressValueError:
        return False


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
        yield url_flaw(said, "end it with the database's number: redis://host:6379/0")


def _redis_query(url: str, parts: URL, role: Role) -> Iterator[Flaw]:
    tls = [name for name in parts.query if name.startswith("ssl_")]
    if tls and parts.base == "redis":
        said = f"is {redact(url)!r}, with {tls[0]} although redis:// is without TLS"
        yield url_flaw(said, "write rediss:// for TLS, or drop the parameter", "rediss")
    if "ssl_cert_reqs" in tls and cert_word(parts.query["ssl_cert_reqs"]) is None:
        said = f"is {redact(url)!r}: ssl_cert_reqs is {parts.query['ssl_cert_reqs']!r}"
        yield url_flaw(
            f"{said}, expected required, optional or none", "write ssl_cert_reqs=required"
        )
    strange = set(parts.query) - set(tls) - _CONNECTION_PARAMETERS
    if strange and role == "broker" and not parts.scheme.endswith("+socket"):
        name = sorted(strange)[0]
        said = f"is {redact(url)!r}, and a broker URL has no parameter {name!r}"
        where = {"db": "write the database after the slash: redis://host:6379/3"}
        yield url_flaw(said, where.get(name, f"write broker_transport_options = {{{name!r}: ...}}"))


def cert_word(value: object) -> str | None:
    """Return required, optional or none for any accepted form of ssl_cert_reqs."""
    if type(value) is int:  # the numbers behind ssl.CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED
        return {0: "none", 1: "optional", 2: "required"}.get(value)
    text = getattr(value, "name", str(value)).upper()
    word = text.removeprefix("CERT_").lower()
    spelled = isinstance(value, str) and value not in (word, f"CERT_{word.upper()}")
    return word if word in CERT_WORDS and not spelled else None


def at(flaw: Flaw, *path: str) -> Flaw:
    """Return the flaw, found at a path inside the value."""
    return replace(flaw, path=(*path, *flaw.path))
