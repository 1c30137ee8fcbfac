"""TLS with a certificate of one's own, and Sentinels: right, mistaken and away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from beatkit.settings import Reach, check_backend, check_broker
from tests.integration.settings.conftest import app
from tests.servers import ValkeyServer, free_port

Look = Callable[..., Reach]
BOTH = pytest.mark.parametrize("look", [check_broker, check_backend])


@BOTH
def test_a_certificate_of_ones_own_is_trusted_when_it_is_named(
    look: Look, tls_port: int, certificate: Path
) -> None:
    url = f"rediss://127.0.0.1:{tls_port}/0?ssl_cert_reqs=required"
    assert look(app(f"{url}&ssl_ca_certs={certificate}"), write=True).ok
    untrusted = look(app(url))
    assert (untrusted.said.replace("self-signed", "self signed"), untrusted.hint) == (
        "shows a certificate that is not trusted: self signed certificate",
        "name the authority that signed it: ssl_ca_certs=/path/ca.pem in the URL or in "
        "broker_use_ssl (redis_backend_use_ssl for results)",
    )
    missing = look(app(f"{url}&ssl_ca_certs=/nowhere/ca.pem"))
    assert missing.said == "cannot be reached: a file is missing"


@BOTH
def test_a_plain_url_for_a_tls_port(look: Look, tls_port: int) -> None:
    reach = look(app(f"redis://127.0.0.1:{tls_port}/0"))
    assert (reach.said, reach.hint) == (
        "ends the connection at once",
        "if the port wants TLS, write rediss:// or amqps://; else it is no port of such a server",
    )


@BOTH
def test_a_tls_url_for_a_plain_port(look: Look, valkey: ValkeyServer) -> None:
    reach = look(app(f"rediss://127.0.0.1:{valkey.port}/0?ssl_cert_reqs=none"), timeout=0.5)
    assert (reach.said, reach.hint) == (
        "does not answer within 0.5 s",
        "check host and port, and firewalls between; a port without TLS is silent too when "
        "spoken to with it: then write redis:// or amqp://",
    )


@BOTH
def test_a_sentinel_addressed_as_redis(look: Look, sentinel: int) -> None:
    reach = look(app(f"redis://127.0.0.1:{sentinel}/0"))
    command = "EXEC" if look is check_broker else "GET"
    assert (reach.said, reach.hint) == (
        f"does not know the command {command}, so it is no Redis: probably a Sentinel",
        "for a Sentinel write sentinel://HOST:26379 and the transport option master_name; else "
        "the port of the Redis server itself, mostly 6379",
    )


def through(urls: str, master: str | None) -> object:
    options = {} if master is None else {"master_name": master}
    return app(urls, broker_transport_options=options, result_backend_transport_options=options)


@BOTH
def test_a_sentinel_leads_to_the_server_though_another_is_away(look: Look, sentinel: int) -> None:
    url = f"sentinel://127.0.0.1:{sentinel}/0"
    assert look(through(url, "shop"), write=True).ok
    away = f"sentinel://127.0.0.1:{free_port()}/0"
    assert look(through(f"{away};{url}", "shop"), write=True).ok


@BOTH
def test_a_silent_sentinel_leaves_time_for_the_next(
    look: Look, sentinel: int, silent_port: int
) -> None:
    urls = f"sentinel://127.0.0.1:{silent_port}/0;sentinel://127.0.0.1:{sentinel}/0"
    assert look(through(urls, "shop"), timeout=1.5, write=True).ok


@BOTH
def test_a_sentinel_asked_for_a_name_it_does_not_know(look: Look, sentinel: int) -> None:
    reach = look(through(f"sentinel://127.0.0.1:{sentinel}/0", "sop"))
    assert (reach.said, reach.hint) == (
        "knows no primary of the name it is asked for",
        "check master_name in broker_transport_options (result_backend_transport_options for "
        "results); SENTINEL MASTERS lists the names that a Sentinel knows",
    )


def test_a_sentinel_that_nobody_told_what_to_ask_for(sentinel: int) -> None:
    reach = check_broker(through(f"sentinel://127.0.0.1:{sentinel}/0", None))
    assert (reach.said, reach.hint) == (
        "is a Sentinel, and nothing says which group to ask it for",
        "write broker_transport_options = {'master_name': 'mymaster'}",
    )


@BOTH
def test_sentinels_that_are_all_away(look: Look) -> None:
    reach = look(through(f"sentinel://127.0.0.1:{free_port()}/0", "shop"))
    assert (reach.said, reach.hint) == (
        "leads to no primary, and there are Sentinels that do not answer",
        "check the hosts and ports of the Sentinels, mostly 26379, and that they run",
    )
