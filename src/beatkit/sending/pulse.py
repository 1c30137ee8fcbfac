"""The heartbeat of an AMQP connection, and the end of waits that have none.

py-amqp reads only while somebody waits for something, and such a wait (for a declaration,
for a confirm while other frames arrive) has no bound of its own. So a thread:

- reads what the broker sent while nobody else does, and sends heartbeats. A process that is
  stopped stops this thread too, and the broker closes the connection: what the process then
  tries to publish when it goes on fails, after somebody else has published it;
- shuts the socket of an operation that takes too long, which ends its wait with an error.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

EVERY_S = 1.0
"""The thread looks this often: three times a heartbeat."""

LIMIT_S = 5.0
"""No operation takes longer: declarations, and a message with its confirm."""

FRAMES = 100
"""Frames read at one look, at most."""


class Pulse:
    """Keeps one connection alive, and honest, from a thread of its own.

    Args:
        connection: A connected kombu connection over py-amqp.
        lock: Held by whoever uses the connection.
    """

    def __init__(self, connection: Any, lock: threading.Lock) -> None:
        self._connection = connection
        self._lock = lock
        self._stopped = threading.Event()
        self._since: float | None = None
        self._thread = threading.Thread(target=self._run, name="beatkit-pulse", daemon=True)
        self.lost = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, soon. The connection is the caller's again at once."""
        self._stopped.set()

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Bound what is done inside by `LIMIT_S`. The caller holds the lock."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_S):
            since = self._since
            if since is not None and time.monotonic() - since > LIMIT_S:
                self._cut()
            elif self._lock.acquire(blocking=False):
                try:
                    self._beat()
                finally:
                    self._lock.release()

    def _beat(self) -> None:
        if self._stopped.is_set():
            return
        try:
            with contextlib.suppress(TimeoutError, BlockingIOError):
                for _ in range(FRAMES):
                    self._connection.drain_events(timeout=0)
            self._connection.heartbeat_check()
        except Exception:  # noqa: BLE001 - Blocked is a state; the rest is a lost connection
            self.lost = self.lost or not self._is_blocked()

    def _is_blocked(self) -> bool:
        # on_blocked has noted it, and raised to end whatever wait it interrupted
        return bool(self._connection.connected)

    def _cut(self) -> None:
        self.lost = True
        with contextlib.suppress(Exception):
            self._connection.connection.transport.sock.shutdown(socket.SHUT_RDWR)
