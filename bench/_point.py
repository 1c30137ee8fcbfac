"""One measurement of one scheduler, in a process of its own; prints what it found as JSON.

    python -m bench._point SCHEDULER MEASURE COUNT URL FOLDER SECONDS

What a scheduler keeps is filled in by another such process (MEASURE "fill-..."), so that the
memory and the start that are measured are those of a process that begins.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import redis

from bench import fastest
from bench._peers import PEERS, Due, hours_ahead

SPREAD_S = 60.0
"""In the steady state each entry is due once in so many seconds."""


def period_of(measure: str, count: int) -> float:
    """Seconds between two runs of an entry."""
    if measure == "steady":
        return SPREAD_S
    if measure == "burst":
        return 10.0 if count <= 10_000 else 30.0
    return 3600.0


def dues(measure: str, count: int, begin: float) -> Due:
    if measure == "burst":
        return lambda _number: begin - 1
    if measure == "steady":
        return lambda number: begin + SPREAD_S * number / count
    return hours_ahead


def resident() -> int:
    """Bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def start(peer: Any) -> dict[str, float]:
    for module in peer.needs:
        importlib.import_module(module)
    gc.collect()
    before, began = resident(), time.perf_counter()
    peer.open()
    between, opened = time.perf_counter(), resident()
    took = time.perf_counter() - between
    peer.tick()
    took = time.perf_counter() - began - took
    gc.collect()
    found = {"start": took, "memory": max(0, resident() - before), "own": resident() - opened}
    return found | {"idle": fastest(peer.tick, number=20 if peer.count > 1000 else 200)}


def burst(peer: Any, limit: float) -> dict[str, float]:
    """Send all that is due; of beatkit also the third time, when messages are stamped."""
    client = redis.Redis.from_url(peer.url)
    peer.open()
    found = one_burst(peer, client, limit)
    if "beatkit" in type(peer).__name__.lower():
        one_burst(peer, client, limit)
        third = one_burst(peer, client, limit)
        found |= {"stamped": third["sent"], "stamped-cpu": third["cpu"]}
    return found


def one_burst(peer: Any, client: Any, limit: float) -> dict[str, float]:
    """Tick until so many messages are there as entries; rate from the first send on."""
    had = client.llen("celery")
    while True:
        began, cpu = time.perf_counter(), time.process_time()
        wait = peer.tick()
        if client.llen("celery") > had:
            break
        time.sleep(min(max(wait, 0.0), 0.01))
    end = began + limit
    while time.perf_counter() < end and client.llen("celery") < had + peer.count:
        if peer.tick() > 0.005:
            time.sleep(0.001)
    took = time.perf_counter() - began
    sent = min(client.llen("celery") - had, peer.count)
    return {"sent": sent / took, "cpu": (time.process_time() - cpu) / max(sent, 1)}


def steady(peer: Any, begin: float, seconds: float) -> dict[str, float]:
    """Tick as a service does, and say from when on the parent may look at what arrives."""
    peer.open()
    peer.tick()
    begin = max(begin, time.time() + 1)
    print(json.dumps({"from": begin}), flush=True)
    run_until(peer, begin)
    cpu = time.process_time()
    run_until(peer, begin + seconds)
    return {"cpu": (time.process_time() - cpu) / seconds}


def run_until(peer: Any, end: float) -> None:
    while (left := end - time.time()) > 0:
        time.sleep(max(0.0, min(peer.tick(), left)))


def main(words: list[str]) -> None:
    name, measure, count, url, folder, seconds, begin = words
    logging.disable(logging.CRITICAL)
    filling = measure.startswith("fill-")
    measure = measure.removeprefix("fill-")
    peer = PEERS[name](url, Path(folder), int(count), period_of(measure, int(count)))
    due = dues(measure, int(count), float(begin))
    peer.due = due
    if filling:
        peer.fill(due)
        found: dict[str, float] = {}
    else:
        peer.declare()
        if measure == "start":
            found = start(peer)
        elif measure == "burst":
            found = burst(peer, float(seconds))
        else:
            found = steady(peer, float(begin), float(seconds))
    print(json.dumps(found), flush=True)
    os._exit(0)  # no scheduler's own end is measured, and some take long


if __name__ == "__main__":
    main(sys.argv[1:])
