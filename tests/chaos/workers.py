"""Random trouble for workers, and the count of what their guard let run.

Three workers and two beats serve entries of 1 s under each policy of the guard. Meanwhile
workers are killed whole, or a process of their pool alone, or stopped and continued, and
beats are killed. Messages are acknowledged late, and Redis delivers again what was not
acknowledged within 6 s: so each kill brings copies back. Each run notes its begin and end
with the process that it is in, and the storm notes when which process died.

*Doubled*: a task id begun again although its former run had ended, or its process lived.
*Side by side*: two runs of an entry with "skip" or "buffer_one" at a time.
*Out of turn*: a coalescing run for a slot that a run before it was for already.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

from celery import Celery

from tests.chaos.plant import Member, Plant, plant, wait_until
from tests.servers import ValkeyServer

APP = """
import json, os, random, time
from beatkit import Slot, make_app, periodic
from beatkit.store import redis_runs
from beatkit.worker import alive

redis_runs.LIVE_MS, alive.PERIOD = 6_000, 2.0  # a fifth of what they are, so that much happens

redis = os.environ["BROKER"].startswith("redis")
app = make_app(
    "plant", broker_url=os.environ["BROKER"], beatkit_store_url=os.environ["STORE"],
    broker_transport_options={"visibility_timeout": 6} if redis else {},
    task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1,
    task_default_queue=os.environ["QUEUE"], task_ignore_result=True,
)


def note(what, request, slot):
    row = {
        "what": what, "entry": request.get("beatkit-entry"), "id": request.id,
        "given": slot.to_json()["scheduled_for"], "pid": os.getpid(), "parent": os.getppid(),
        "at": time.time(),
    }
    with open("ledger.jsonl", "a") as ledger:
        ledger.write(json.dumps(row) + "\\n")


@app.task(bind=True)
def work(self, longest, *, slot: Slot | None = None):
    note("begin", self.request, slot)
    time.sleep(random.uniform(0.02, longest))
    note("end", self.request, slot)


ALL = {"catch_up": "all", "coalesce": False}
for number in range(3):
    for name, longest, policy in (
        ("each", 0.3, ALL),
        ("skip", 2, {**ALL, "overlap": "skip"}),
        ("buffer", 2, {**ALL, "overlap": "buffer_one"}),
        ("coalesce", 0.3, {}),
    ):
        periodic(seconds=1, name=f"{name}-{number}", args=[longest], **policy)(work)
"""


@dataclass
class Run:
    """One run as the ledger has it; times in seconds."""

    entry: str
    id: str
    given: int
    process: tuple[int, int]
    begin: float
    end: float | None = None
    death: float | None = None

    @property
    def until(self) -> float:
        """When it was over, or its process died."""
        known = [time for time in (self.end, self.death) if time is not None]
        return min(known, default=float("inf"))

    @property
    def was_cut_off(self) -> bool:
        """Whether its process died before the store can have known of its end."""
        return self.death is not None and (self.end is None or self.death < self.end + 1)


@dataclass
class Outcome:
    """What came of a storm; `row` is its line in the table."""

    broker: str
    seconds: float
    kills: int = 0
    child_kills: int = 0
    stops: int = 0
    beat_kills: int = 0
    runs: list[Run] = field(default_factory=list)
    again: int = 0
    doubled: list[str] = field(default_factory=list)
    side_by_side: list[str] = field(default_factory=list)
    out_of_turn: list[str] = field(default_factory=list)

    def row(self) -> str:
        return (
            f"| {self.broker} | {self.seconds:.0f} s | {self.kills} | {self.child_kills} "
            f"| {self.stops} | {self.beat_kills} | {len(self.runs)} | {self.again} "
            f"| {len(self.doubled)} | {len(self.side_by_side)} | {len(self.out_of_turn)} |"
        )


HEAD = (
    "| broker | lasted | workers killed | processes of a pool killed | stopped | beats killed "
    "| runs | run again after a kill | doubled | side by side | out of turn |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


class Storm:
    """Makes trouble for workers for a while, and counts.

    Args:
        broker: The broker's URL; "" where it is the store's server.
        folder: For the app, the ledger and the logs.
        seconds: How long the trouble lasts.
        seed: Of the trouble.
    """

    def __init__(self, broker: str, folder: Path, seconds: float, seed: int) -> None:
        self._broker = broker
        self._folder = folder
        self._random = random.Random(seed)
        self._queue = f"storm-{uuid4().hex[:8]}"
        self._outcome = Outcome("RabbitMQ" if broker else "Valkey", seconds)
        self._deaths: dict[int, float] = {}
        self._wakes: list[tuple[float, Member]] = []

    def run(self) -> Outcome:
        (self._folder / "server").mkdir()
        server = ValkeyServer(self._folder / "server").start()
        broker = self._broker or server.url()
        where = {"BROKER": broker, "STORE": server.url(), "QUEUE": self._queue}
        try:
            with plant(self._folder, APP, **where) as made:
                self._through(made)
        finally:
            server.stop()
            if self._broker:
                _delete(self._broker, self._queue)
        count(self._outcome, self._ledger(), self._deaths)
        return self._outcome

    def _through(self, made: Plant) -> None:
        beats = [made.beat() for _ in range(2)]
        workers = [self._worker(made) for _ in range(3)]
        wait_until(lambda: len(self._ledger()) > 50, what="first runs")
        end = time.monotonic() + self._outcome.seconds
        while time.monotonic() < end:
            time.sleep(self._random.uniform(0.2, 1.5))
            self._strike(made, beats, workers)
            self._wake(time.monotonic())
        self._wake(float("inf"))
        after = len(self._ledger())
        wait_until(lambda: len(self._ledger()) > after + 100, what="runs after the storm")
        for one in (*beats, *workers):
            one.terminate()

    def _worker(self, made: Plant) -> Member:
        return made.celery("worker", "-c", "2", "-l", "INFO", name="worker")

    def _strike(self, made: Plant, beats: list[Member], workers: list[Member]) -> None:
        chance, victim = self._random.random(), self._random.randrange(len(workers))
        worker = workers[victim]
        if chance < 0.2:
            with suppress(ProcessLookupError):
                os.killpg(worker.process.pid, signal.SIGKILL)
            worker.process.wait()
            self._deaths[worker.process.pid] = time.time()
            workers[victim] = self._worker(made)
            self._outcome.kills += 1
        elif chance < 0.4:
            self._kill_a_child(worker)
        elif chance < 0.6:
            worker.signal(signal.SIGSTOP)
            for child in _children(worker.process.pid):
                os.kill(child, signal.SIGSTOP)
            self._wakes.append((time.monotonic() + self._random.uniform(0.2, 2), worker))
            self._outcome.stops += 1
        elif chance < 0.7:
            beats[0].kill()
            beats[0] = made.beat()
            beats.reverse()
            self._outcome.beat_kills += 1

    def _kill_a_child(self, worker: Member) -> None:
        children = _children(worker.process.pid)
        if children and not worker.is_stopped:
            child = self._random.choice(children)
            os.kill(child, signal.SIGKILL)
            self._deaths[child] = time.time()
            self._outcome.child_kills += 1

    def _wake(self, now: float) -> None:
        for at, worker in list(self._wakes):
            if at <= now:
                self._wakes.remove((at, worker))
                with suppress(ProcessLookupError):
                    os.killpg(worker.process.pid, signal.SIGCONT)

    def _ledger(self) -> list[dict[str, object]]:
        ledger = self._folder / "ledger.jsonl"
        lines = ledger.read_text().splitlines() if ledger.exists() else []
        return [json.loads(line) for line in lines]


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _delete(broker: str, queue: str) -> None:
    with Celery(broker=broker).connection_for_write() as connection:
        connection.default_channel.queue_delete(queue)


def count(outcome: Outcome, ledger: list[dict[str, object]], deaths: dict[int, float]) -> None:
    """Fill in what a ledger says."""
    outcome.runs = list(_runs(ledger, deaths))
    by_entry: dict[str, list[Run]] = defaultdict(list)
    for run in outcome.runs:
        by_entry[run.entry].append(run)
    for entry, runs in by_entry.items():
        _count_again(outcome, runs)
        if entry.startswith(("skip", "buffer")):
            outcome.side_by_side += _pairs(runs, lambda one, then: one.until > then.begin)
        if entry.startswith("coalesce"):
            outcome.out_of_turn += _pairs(
                runs, lambda one, then: one.id != then.id and one.given >= then.given
            )


def _runs(ledger: list[dict[str, object]], deaths: dict[int, float]) -> Iterator[Run]:
    going: dict[tuple[int, str], Run] = {}
    for row in ledger:
        pid, parent, at = row["pid"], row["parent"], row["at"]
        if row["what"] == "end":
            going.pop((pid, row["id"])).end = at
            continue
        run = Run(row["entry"], row["id"], row["given"], (pid, parent), at)
        died = [deaths[one] for one in run.process if one in deaths]
        run.death = min(died, default=None)
        going[pid, run.id] = run
        yield run


def _count_again(outcome: Outcome, runs: list[Run]) -> None:
    by_id: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_id[run.id].append(run)
    for same in by_id.values():
        for one, then in pairwise(same):
            if one.was_cut_off and one.death <= then.begin:
                outcome.again += 1
            else:
                outcome.doubled.append(f"{one}\n  {then}")


def _pairs(runs: list[Run], wrong: Callable[[Run, Run], bool]) -> list[str]:
    return [f"{one}\n  {then}" for one, then in pairwise(runs) if wrong(one, then)]
