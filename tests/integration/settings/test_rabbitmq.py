"""RabbitMQ as it should be, and with the usual mistakes in its URL."""

from __future__ import annotations

from uuid import UUID

import pytest
from amqp.exceptions import NotFound
from celery import Celery

from beatkit.settings import check_backend, check_broker, probing


def app(url: str, backend: str = "rpc://") -> Celery:
    return Celery("shop", broker=url, backend=backend, set_as_current=False)


def test_a_message_is_sent_and_taken_back_and_nothing_stays(
    rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = UUID("5b1a3f0e6f0c4d5c9a5a0d6f2b7c8e91")
    monkeypatch.setattr(probing, "uuid4", lambda: known)
    reach = check_broker(app(rabbitmq_url), write=True)
    assert (reach.ok, reach.stage, reach.server.split()[0]) == (True, "write", "RabbitMQ")
    name = f"celery.check.{known.hex}"
    with app(rabbitmq_url).connection_for_write() as connection:
        with pytest.raises(NotFound):
            connection.channel().queue_declare(name, passive=True)
        with pytest.raises(NotFound):
            connection.channel().exchange_declare(name, "direct", passive=True)


def test_a_wrong_password(rabbitmq_url: str) -> None:
    url = rabbitmq_url.replace("guest:guest", "guest:n0t-it")
    assert str(check_broker(app(url))) == (
        "Broker 'amqp://guest:***@127.0.0.1:5672//' refuses this user or password\n"
        "  from broker_url\n"
        "  usual reasons: it is another one; special characters are not percent-encoded (@ is "
        "%40, / is %2F); the user guest may log in from the server's own machine only"
    )


def test_results_by_rpc_go_through_the_broker(rabbitmq_url: str) -> None:
    url = rabbitmq_url.removesuffix("//") + "/beatkit-has-no-such-host"
    assert str(check_backend(app(url))) == (
        "Result backend 'amqp://guest:***@127.0.0.1:5672/beatkit-has-no-such-host' has no "
        "virtual host 'beatkit-has-no-such-host'\n"
        "  from broker_url, as 'rpc://' uses it\n"
        "  the path of the URL is the virtual host: // at the end is the one named /, and /shop "
        "the one named shop, to be made by rabbitmqctl add_vhost"
    )


def test_a_tls_url_for_the_plain_port(rabbitmq_url: str) -> None:
    reach = check_broker(app(rabbitmq_url.replace("amqp://", "amqps://")))
    assert (reach.said, reach.hint) == (
        "does not speak TLS on this port",
        "write the scheme without TLS (redis://, amqp://), or the server's TLS port",
    )


def test_a_redis_url_for_the_port_of_rabbitmq(rabbitmq_url: str) -> None:
    assert check_broker(app("redis://127.0.0.1:5672/0")).said == "ends the connection at once"


def test_an_amqp_url_for_a_silent_port_holds_nobody(silent_port: int) -> None:
    reach = check_broker(app(f"amqp://guest:guest@127.0.0.1:{silent_port}//"), timeout=0.5)
    assert (reach.stage, reach.said) == ("connect", "does not answer within 0.5 s")
