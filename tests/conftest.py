"""Fixtures that every folder of tests shares."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from celery import _state, signals

from beatkit.declare import DEFAULT
from tests.servers import ValkeyServer, local_service

# No test depends on how fast the machine is; hypothesis does, by default.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session")
def _shared_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    server = ValkeyServer(tmp_path_factory.mktemp("valkey")).start()
    yield server
    server.stop()


@pytest.fixture
def valkey(_shared_valkey: ValkeyServer) -> ValkeyServer:
    """A running Valkey server, empty. Do not kill it: use `new_valkey` for that."""
    with _shared_valkey.client() as client:
        client.flushall()
    return _shared_valkey


@pytest.fixture
def new_valkey(tmp_path: Path) -> Iterator[Callable[..., ValkeyServer]]:
    """Start a Valkey server of the test's own, which it may kill, freeze and restart."""
    servers: list[ValkeyServer] = []

    def start(**how: object) -> ValkeyServer:
        folder = tmp_path / f"valkey-{len(servers)}"
        folder.mkdir()
        servers.append(ValkeyServer(folder, **how))  # type: ignore[arg-type]
        return servers[-1].start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def rabbitmq_url() -> str:
    """The machine's RabbitMQ. It is shared: name your queues after the test."""
    local_service(5672, "RabbitMQ")
    return "amqp://guest:guest@127.0.0.1:5672//"


@pytest.fixture(autouse=True)
def _no_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("CELERY_", "BEATKIT_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _celery_as_it_was() -> Iterator[None]:
    """Leave no task, entry or receiver that a test shared with every app to the tests after it."""
    finalizers = set(_state._on_app_finalizers)
    receivers = list(signals.beat_init.receivers)  # importing redbeat adds one
    current, default = _state._tls.current_app, _state.default_app
    declared = dict(DEFAULT.declarations._by_identity)
    yield
    DEFAULT.declarations._by_identity = declared
    signals.beat_init.receivers = receivers
    _state._on_app_finalizers.clear()
    _state._on_app_finalizers.update(finalizers)
    _state._tls.current_app, _state.default_app = current, default
