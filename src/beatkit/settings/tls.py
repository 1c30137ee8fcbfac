"""TLS to brokers and result backends: what each of the two clients wants to be told.

redis-py and py-amqp name the same options differently, and end with a TypeError at the first
connection where they are given the other's. Celery's Redis backend must be told how
certificates are checked; kombu's transport, told nothing in a URL, checks none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from beatkit.settings import urls
from beatkit.settings.nearest import nearest, words
from beatkit.settings.problems import Flaw
from beatkit.settings.values import shown

BROKERS = ("broker_url", "broker_read_url", "broker_write_url")
_SWITCHES = ("broker_use_ssl", "redis_backend_use_ssl")
_REDIS = words(
    "ssl_keyfile ssl_certfile ssl_cert_reqs ssl_ca_certs ssl_ca_data ssl_ca_path ssl_password "
    "ssl_check_hostname ssl_validate_ocsp ssl_validate_ocsp_stapled ssl_ocsp_context "
    "ssl_ocsp_expected_cert ssl_min_version ssl_ciphers ssl_include_verify_flags "
    "ssl_exclude_verify_flags"
)
_AMQP = words(
    "keyfile certfile cert_reqs ca_certs server_hostname ciphers ssl_version server_side context "
    "do_handshake_on_connect suppress_ragged_eofs tls_maximum_version tls_minimum_version"
)
_WRITE = "write {'ssl_cert_reqs': 'required'}"


def shapes(values: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield the values that say too little: True, or a mapping without ssl_cert_reqs."""
    brokers = [name for name in BROKERS if urls.scheme_of(values.get(name)) in urls.REDIS]
    bare = [url for name in brokers for url in urls.members(values[name]) if not _says_how(url)]
    if bare and values.get("broker_use_ssl") is True:
        said = "is True, which the Redis transport ignores: the connection would be plain text"
        yield Flaw(said, name="broker_use_ssl", remedy=f"{_WRITE}, or a rediss:// URL")
    backend = values.get("redis_backend_use_ssl")
    if backend is True:
        said = "is True, expected a mapping of certificate options"
        yield Flaw(said, name="redis_backend_use_ssl", remedy=_WRITE)
    elif backend and "ssl_cert_reqs" not in backend and _needs_to_know(values):
        said = "does not say how certificates are checked, which the Redis result backend must know"
        yield Flaw(said, name="redis_backend_use_ssl", remedy="add 'ssl_cert_reqs': 'required'")


def _says_how(url: str) -> bool:
    """Whether a URL asks for TLS itself, so that broker_use_ssl is of no account."""
    parts = urls.split(url)
    return parts.scheme.lower() == "rediss" and "ssl_cert_reqs" in parts.query


def _needs_to_know(values: Mapping[str, Any]) -> bool:
    backends = urls.members(values.get("result_backend"))
    return urls.scheme_of(backends) in urls.REDIS and not all(map(_says_how, backends))


def misspelt_options(values: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield the near misses of options, among them those of the other client."""
    for name in _SWITCHES:
        options, known = values.get(name), _client(name, values)
        for option in options if isinstance(options, Mapping) and known else ():
            meant = _meant(str(option), known) if option not in known else None
            if meant:
                said = "is no option of TLS here: the first connection would fail"
                yield Flaw(said, "typo", (str(option),), meant, f"did you mean {meant}?", name)


def _client(name: str, values: Mapping[str, Any]) -> frozenset[str]:
    if name == "redis_backend_use_ssl":
        return _REDIS
    scheme = urls.scheme_of(values.get("broker_url"))
    amqp = scheme in ("amqp", "amqps", "pyamqp")
    return _AMQP if amqp else _REDIS if scheme in urls.REDIS else frozenset()


def _meant(option: str, known: frozenset[str]) -> str | None:
    plain = option.removeprefix("ssl_")
    other = next((each for each in (plain, f"ssl_{plain}") if each in known), None)
    return other or nearest(option, known)


def certificates(values: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what certificate options say that nobody reads, or that checks nothing."""
    for name in _SWITCHES:
        options = values.get(name)
        for option in ("ssl_cert_reqs", "cert_reqs"):
            if not isinstance(options, Mapping) or option not in options:
                continue
            if option in _client(name, values):
                yield from _checked(name, option, options[option])


def _checked(name: str, option: str, wanted: Any) -> Iterator[Flaw]:
    word = urls.cert_word(wanted)
    if word is None:
        said = f"is {shown(wanted)}, expected 'required', 'optional' or 'none'"
        yield Flaw(said, name=name, path=(option,), remedy="write 'required'")
    elif word == "none":
        said = f"has {option} none: the server's certificate is not checked"
        yield Flaw(said, "insecure", name=name, remedy="write 'required'")


def certificates_in_urls(values: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield the rediss:// URLs that say nothing, or nothing good, about certificates."""
    for name in (*BROKERS, "result_backend"):
        options = "redis_backend_use_ssl" if name == "result_backend" else "broker_use_ssl"
        for url in urls.members(values.get(name)):
            parts = urls.split(url)
            if "://" in url and parts.scheme.lower() == "rediss":
                flaw = _certificate_of(name, url, parts.query.get("ssl_cert_reqs"),
                                       bool(values.get(options)))  # fmt: skip
                if flaw:
                    yield flaw
                    break


def _certificate_of(name: str, url: str, wanted: str | None, by_options: bool) -> Flaw | None:
    how = "end the URL with ?ssl_cert_reqs=required"
    if wanted is None and by_options:
        return None
    if wanted is None and name == "result_backend":
        said = f"is {urls.redact(url)!r}, which must say how certificates are checked"
        return Flaw(said, "url_error", name=name, remedy=how)
    word = urls.cert_word(wanted or "none")
    if word == "none":
        said = f"is {urls.redact(url)!r}: the server's certificate is not checked"
        return Flaw(said, "insecure", name=name, remedy=how)
    if word != wanted:
        said = f"has ssl_cert_reqs={wanted}, which Celery reads and redis-py refuses"
        return Flaw(said, "warning", name=name, remedy=f"write ssl_cert_reqs={word}")
    return None
