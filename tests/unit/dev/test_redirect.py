"""The app is pointed at other servers, whatever it was configured with and however."""

from __future__ import annotations

import pytest
from celery import Celery

from beatkit.dev.options import OptionError
from beatkit.dev.redirect import (
    MEMORY,
    BrokerUnreachable,
    Servers,
    configured_broker,
    given,
    reach,
    redirect,
)

OURS = Servers("redis://ours/0", "redis://ours/1", "ours")


def shop(**settings: object) -> Celery:
    app = Celery("shop", set_as_current=False)
    app.conf.update(settings)
    return app


def test_the_broker_is_replaced_for_reading_and_writing() -> None:
    app = shop(
        broker_url="amqp://prod/",
        broker_read_url="amqp://prod-read/",
        broker_write_url="amqp://prod-write/",
        broker_use_ssl={"ca_certs": "ca.pem"},
        broker_transport="pyamqp",
    )
    redirect(app, OURS)
    for connection in (app.connection_for_read(), app.connection_for_write()):
        assert connection.hostname == "ours"
        assert connection.transport_cls == "redis"
        assert not connection.ssl


def test_the_environment_does_not_win(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKER_URL", "BROKER_READ_URL", "BROKER_WRITE_URL", "RESULT_BACKEND"):
        monkeypatch.setenv(f"CELERY_{name}", "redis://prod/0")
    app = shop()
    redirect(app, OURS)
    assert app.connection_for_write().hostname == "ours"
    assert app.conf.result_backend == OURS.results


class Namespaced:
    CELERY_BROKER_URL = "amqp://prod/"
    CELERY_RESULT_BACKEND = "redis://prod/1"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60}  # noqa: RUF012


def test_settings_with_a_prefix_do_not_win() -> None:
    app = Celery("shop", set_as_current=False)
    app.config_from_object(Namespaced, namespace="CELERY")
    redirect(app, MEMORY)
    assert app.conf.broker_url == "memory://localhost/"
    assert app.conf.result_backend == "cache+memory://"
    assert app.conf.broker_transport_options == {"visibility_timeout": 60, "polling_interval": 0.05}


def test_what_the_app_built_for_its_own_servers_is_forgotten() -> None:
    app = shop(broker_url="redis://prod/0", result_backend="redis://prod/1")
    assert app.backend.as_uri() == "redis://prod/1"
    pool = app.pool
    redirect(app, MEMORY)
    assert app.backend.as_uri() == "memory:///"
    assert app.pool is not pool


def test_an_app_without_results_stays_without() -> None:
    app = shop(broker_url="redis://prod/0")
    redirect(app, OURS)
    assert app.conf.result_backend is None


def test_the_scheduler_keeps_its_progress_with_our_broker() -> None:
    app = shop(beatkit_store_url="redis://prod/3")
    redirect(app, OURS)
    assert app.conf.get("beatkit_store_url") is None


@pytest.mark.parametrize(
    ("url", "results", "store"),
    [
        ("redis://localhost:6380/2", "redis://localhost:6380/2", None),
        ("rediss://localhost", "rediss://localhost", None),
        ("redis+socket:///run/x.sock", "redis+socket:///run/x.sock", None),
        ("amqp://localhost//", "rpc://", "memory://"),
        ("sqs://", "disabled://", "memory://"),
        ("memory://", "cache+memory://", None),
    ],
)
def test_results_and_progress_follow_a_broker_that_was_given(
    url: str, results: str, store: str | None
) -> None:
    servers = given(url)
    assert (servers.results, servers.store) == (results, store)


def test_passwords_are_not_shown() -> None:
    assert given("redis://:secret@localhost:6380/2").words == "redis://:**@localhost:6380/2"
    app = shop(broker_url="amqp://me:secret@prod//")
    assert configured_broker(app) == "amqp://me:**@prod//"


def test_a_broker_that_does_not_answer_is_named(closed_port: int) -> None:
    url = f"redis://:secret@127.0.0.1:{closed_port}/0"
    app = shop()
    redirect(app, given(url))
    with pytest.raises(BrokerUnreachable) as caught:
        reach(app)
    assert str(caught.value) == (
        f"Broker 'redis://:***@127.0.0.1:{closed_port}/0' refuses the connection: "
        "nothing listens there\n"
        "  from --broker\n"
        "  start the server, or correct host and port; "
        "inside a container localhost is the container itself\n"
        "  or leave --broker out to use a private one"
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "",
            "--broker is '', expected the URL of a broker\n"
            "  write redis://HOST:6379/0, or leave --broker out to use a private one",
        ),
        (
            "redis.internal",
            "--broker is 'redis.internal', which has no scheme and would be taken for an AMQP host"
            "\n  write amqp://redis.internal//",
        ),
        (
            "redis://:secret@localhost:port/0",
            "--broker is 'redis://:***@localhost:port/0': the port is no number, expected 1-65535"
            "\n  a password goes before the host, with @ between: redis://:secret@host",
        ),
        (
            "valkey://localhost",
            "--broker is 'valkey://localhost', and no broker is called 'valkey'"
            "\n  write redis:// in its place",
        ),
    ],
)
def test_what_is_no_url_of_a_broker_is_refused(url: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        given(url)
    assert str(caught.value) == message
