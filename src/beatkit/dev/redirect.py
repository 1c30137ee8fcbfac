"""Point an app at another broker, in this process only.

The app was configured for the broker of its project. `beatkit dev` overrides that on the
app object before anything connects: whatever was written in settings or environment, the
configured broker and result backend are not contacted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from celery import Celery
from kombu.utils.url import maybe_sanitize_url

from beatkit.dev.options import OptionError
from beatkit.errors import BeatkitError
from beatkit.settings import check_broker
from beatkit.settings.problems import Unfit
from beatkit.settings.urls import check_broker_url

# Celery reads these before its settings: they would win over ours.
ENVIRONMENT = (
    "CELERY_BROKER_URL",
    "CELERY_BROKER_READ_URL",
    "CELERY_BROKER_WRITE_URL",
    "CELERY_RESULT_BACKEND",
)

# What belongs to the configured servers and not to ours.
_OF_THE_CONFIGURED_SERVERS: Mapping[str, Any] = {
    "broker_read_url": None,
    "broker_write_url": None,
    "broker_host": None,
    "broker_port": None,
    "broker_user": None,
    "broker_password": None,
    "broker_vhost": None,
    "broker_transport": None,
    "broker_use_ssl": False,
    "broker_login_method": None,
    "redis_backend_use_ssl": None,
}


REACH_SECONDS = 3.0


class BrokerUnreachable(BeatkitError):
    """The broker that was given does not answer."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where messages and results go.

    Attributes:
        broker: The broker's URL.
        results: The result backend's URL, for apps that keep results.
        words: What the broker is, for people.
        store: Where the scheduler keeps its progress; None: with the broker.
        transport_options: Added to the app's own.
    """

    broker: str
    results: str
    words: str
    store: str | None = None
    transport_options: Mapping[str, Any] = field(default_factory=dict)


MEMORY = Servers(
    broker="memory://localhost/",  # without a host kombu warns
    results="cache+memory://",
    words="memory of this process, nothing is kept",
    transport_options={"polling_interval": 0.05},  # Celery's own second would be felt
)


def given(broker: str) -> Servers:
    """Return the servers for a broker of the user's choice.

    Results and the scheduler's progress go to the same server where it can keep them. Else
    progress is in memory: there is one scheduler, and it ends with us.

    Raises:
        OptionError: It is no URL of a broker.
    """
    _check(broker)
    scheme = broker.partition("://")[0].partition("+")[0]
    if scheme == "memory":
        return MEMORY
    words = str(maybe_sanitize_url(broker))
    if scheme in ("redis", "rediss", "sentinel"):
        return Servers(broker, broker, words)
    results = "rpc://" if scheme in ("amqp", "amqps", "pyamqp") else "disabled://"
    return Servers(broker, results, words, store="memory://")


def _check(broker: str) -> None:
    if not broker:
        raise OptionError(
            "--broker is '', expected the URL of a broker"
            "\n  write redis://HOST:6379/0, or leave --broker out to use a private one"
        )
    try:
        check_broker_url(broker)
    except Unfit as unfit:
        flaw = unfit.flaws[0]
        remedy = f"\n  {flaw.remedy}" if flaw.remedy else ""
        raise OptionError(f"--broker {flaw.said}{remedy}") from None


def redirect(app: Celery, servers: Servers) -> None:
    """Make the app use these servers, and forget what it may have built for its own.

    An app without a result backend stays without one, as it will be in production.
    """
    conf = app.conf
    keeps_results = bool(conf.result_backend)
    for name in ENVIRONMENT:
        os.environ.pop(name, None)
    options = dict(conf.broker_transport_options or {}, **servers.transport_options)
    off = {key: value for key, value in _OF_THE_CONFIGURED_SERVERS.items() if conf.get(key)}
    changes = {
        **off,
        "broker_url": servers.broker,
        "result_backend": servers.results if keeps_results else None,
        "beatkit_store_url": servers.store,
        "broker_transport_options": options,
        "broker_connection_retry_on_startup": True,
    }
    for key, value in changes.items():
        # Under a namespace Celery 5.5 looks for the prefixed name everywhere first.
        for name in conf._to_keys(key):
            conf[name] = value
    app._after_fork()  # Celery's own way to drop its pools of connections
    app._backend_cache = None
    app._local.__dict__.pop("backend", None)


def configured_broker(app: Celery) -> str:
    """Return the broker URL that the app was configured with, for people: no password."""
    return str(maybe_sanitize_url(app.conf.broker_url or "amqp://"))


def reach(app: Celery) -> None:
    """Look whether the app's broker, which was given with --broker, can be used.

    Raises:
        BrokerUnreachable: It cannot, or did not answer within 3 seconds.
    """
    found = replace(check_broker(app, REACH_SECONDS), source="--broker")
    if not found.ok:
        raise BrokerUnreachable(f"{found}\n  or leave --broker out to use a private one")
