"""One bench a kind of store: the store, its clock to move, its broker to look at and to break."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import redis

from beatkit.store import HISTORY, Command, Store
from beatkit.store.events import EVENTS_A_RUN
from beatkit.store.memory import memory_store
from beatkit.store.redis import RedisStore
from beatkit.store.sqlite import sqlite_store
from beatkit.store.tabled import TabledStore


class Bench(Protocol):
    store: Store

    def advance(self, ms: int) -> None: ...

    def queue(self, name: str) -> list[bytes]:
        """What was pushed to a queue, oldest first."""

    def spoil(self, queue: str) -> str:
        """Make the broker refuse pushes to a queue; returns the start of its error."""

    def wipe(self) -> None: ...

    def limit_history(self, runs: int) -> None:
        """Open the store anew, with a history of so many runs."""


class MemoryBench:
    def __init__(self) -> None:
        self.now = 1_800_000_000_000
        self.queues: dict[str, list[bytes]] = {}
        self.spoilt: set[str] = set()
        self.kept = self.open()
        self.store: Store = self.kept

    def open(self, history: int = HISTORY) -> TabledStore:
        return memory_store(clock=lambda: self.now, run=self.run, history=history)

    def limit_history(self, runs: int) -> None:
        self.store.close()
        self.store = self.kept = self.open(runs)

    def run(self, command: Command) -> None:
        verb, key, *rest = command
        if key in self.spoilt:
            raise RuntimeError("WRONGTYPE it is spoilt")
        if verb == "LPUSH":
            self.queues.setdefault(str(key), []).append(_bytes(rest[0]))

    def advance(self, ms: int) -> None:
        self.now += ms

    def queue(self, name: str) -> list[bytes]:
        return self.queues.get(name, [])

    def spoil(self, queue: str) -> str:
        self.spoilt.add(queue)
        return "WRONGTYPE"

    def wipe(self) -> None:
        self.kept.wipe()


class SqliteBench(MemoryBench):
    """The file is real; the broker is the same list of lists."""

    def __init__(self, file: Path) -> None:
        self._file = file
        super().__init__()

    def open(self, history: int = HISTORY) -> TabledStore:
        url = f"sqlite:///{self._file}"
        made = sqlite_store(url, prefix="beatkit:shop:", clock=lambda: self.now, history=history)
        made._run = self.run
        return made


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


class RedisBench:
    """Any server that speaks Redis; its clock is moved by the store's own offset."""

    def __init__(self, url: str, client: Any = None) -> None:
        self.redis: Any = client or redis.Redis.from_url(url)
        self.redis.flushall()
        self.kept = RedisStore(url, prefix="beatkit:shop:", timeout=5)
        if client is not None:
            self.kept._client = client
        self.store: Store = self.kept

    def advance(self, ms: int) -> None:
        self.kept.offset += ms

    def limit_history(self, runs: int) -> None:
        self.kept._events = runs * EVENTS_A_RUN

    def queue(self, name: str) -> list[bytes]:
        found: list[bytes] = self.redis.lrange(name, 0, -1)
        return found[::-1]

    def spoil(self, queue: str) -> str:
        self.redis.set(queue, "not a list")
        return "WRONGTYPE"

    def wipe(self) -> None:
        self.redis.flushall()
