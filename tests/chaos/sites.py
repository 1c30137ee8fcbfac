"""Where a storm takes place: the servers, the trouble they can be in, and who counts.

Where the broker stays alive a real worker counts, whose task writes each run into a file.
Where it is killed, a consumer of our own does: a worker that fetches a message while the
server dies may lose it, and that is Celery's loss.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Protocol

import redis
from kombu import Connection, Queue
from kombu.exceptions import OperationalError

from tests.chaos.plant import Arrival
from tests.rabbit import RabbitNode
from tests.servers import ValkeyServer


class Site(Protocol):
    """The servers of one storm."""

    environment: dict[str, str]
    has_worker: bool

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def trouble(self, dice: random.Random) -> None:
        """Let the broker be away for a while."""

    def consume(self, arrivals: list[Arrival], over: threading.Event) -> None:
        """Take messages off the queue and note when each came, until it is over."""

    def recount(self, arrivals: list[Arrival]) -> None:
        """Add what came although nobody could note it."""


class OnRedis:
    """Broker and store are one Valkey; or, with a file for a store, it is the broker alone."""

    def __init__(
        self, folder: Path, *, keeps: bool = True, is_killed: bool = False, file: bool = False
    ) -> None:
        (folder / "server").mkdir()
        self._server = ValkeyServer(folder / "server", keep=keeps)
        self._is_exact = is_killed and keeps
        self.has_worker = not is_killed
        self.environment = {"BROKER": self._server.url()}
        if file:
            self.environment["STORE"] = f"sqlite:///{folder}/beatkit.db"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def trouble(self, dice: random.Random) -> None:
        """kill -9, and start again."""
        self._server.kill()
        time.sleep(dice.uniform(0.1, 3))
        self._server.start()

    def consume(self, arrivals: list[Arrival], over: threading.Event) -> None:
        """Move each message within the server, in one step, and note when it came."""
        client = self._server.client()
        while not over.is_set():
            try:
                text = client.lmove("celery", "moved", "RIGHT", "LEFT")
            except redis.RedisError:
                time.sleep(0.02)
                continue
            if text is None:
                time.sleep(0.005)
                continue
            arrivals.append(_arrival(json.loads(text)["headers"], round(time.time() * 1000)))

    def recount(self, arrivals: list[Arrival]) -> None:
        """Go by what the server moved: the reply to a move may be lost when it is killed."""
        if not self._is_exact:
            return
        noted = Counter((one.entry, one.slot) for one in arrivals)
        with self._server.client() as client:
            texts = client.lrange("moved", 0, -1)
        for text in texts:
            headers = json.loads(text)["headers"]
            one = _arrival(headers, headers["beatkit-slot"])
            if noted[one.entry, one.slot]:
                noted[one.entry, one.slot] -= 1
            else:
                arrivals.append(one)


class OnRabbit:
    """The broker is a RabbitMQ node that is killed, and stopped; the store is a Valkey."""

    has_worker = False

    def __init__(self, folder: Path) -> None:
        for name in ("server", "rabbit"):
            (folder / name).mkdir()
        self._store = ValkeyServer(folder / "server")
        self._node = RabbitNode(folder / "rabbit")
        self.environment = {"BROKER": self._node.url, "STORE": self._store.url()}

    def start(self) -> None:
        self._store.start()
        self._node.start()

    def stop(self) -> None:
        self._node.kill()
        self._store.stop()

    def trouble(self, dice: random.Random) -> None:
        """kill -9 and start again, or stop it for a while: connections stand, nothing answers."""
        if dice.random() < 0.5:
            self._node.kill()
            self._node.start()
        else:
            self._node.freeze()
            time.sleep(dice.uniform(0.5, 8))
            self._node.thaw()

    def consume(self, arrivals: list[Arrival], over: threading.Event) -> None:
        """Acknowledge each message once it is noted; what comes again for that is no double."""
        losses = (OperationalError, *Connection(self._node.url).recoverable_connection_errors)
        while not over.is_set():
            with contextlib.suppress(*losses):
                self._consume_once(arrivals, over)
            time.sleep(0.05)

    def _consume_once(self, arrivals: list[Arrival], over: threading.Event) -> None:
        def note(message: object) -> None:
            one = _arrival(message.headers, round(time.time() * 1000))  # type: ignore[attr-defined]
            seen = any((one.entry, one.slot) == (old.entry, old.slot) for old in arrivals[-500:])
            if not (message.delivery_info["redelivered"] and seen):  # type: ignore[attr-defined]
                arrivals.append(one)
            message.ack()  # type: ignore[attr-defined]

        with Connection(self._node.url, connect_timeout=2, heartbeat=3) as connection:
            consumer = connection.Consumer(Queue("celery"), on_message=note, prefetch_count=1)
            with consumer:
                while not over.is_set():
                    connection.heartbeat_check()
                    with contextlib.suppress(socket.timeout):
                        connection.drain_events(timeout=1)

    def recount(self, arrivals: list[Arrival]) -> None:
        """Nothing is missing: what was not noted was not acknowledged, and came again."""


def _arrival(headers: dict[str, object], at: int) -> Arrival:
    return Arrival(
        str(headers["beatkit-entry"]), int(str(headers["beatkit-slot"])), at, str(headers["id"])
    )
