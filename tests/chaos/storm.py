"""Random trouble for a plant, and the count of what came of it.

Several beats serve 50 entries of 1 s to 10 s, all of whose slots are to be sent. Meanwhile
beats are killed, stopped and continued, stall inside a send, and the server is killed. At
the end every slot must have arrived exactly once.

Who counts: without kills of the server, a real worker, whose task writes each run into a
file. With them, a consumer of our own that moves messages within the server atomically: a
worker that fetches a message while the server dies may lose it, and that is Celery's loss.
"""

from __future__ import annotations

import json
import random
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.chaos.plant import Arrival, Member, Plant, doubled, plant, wait_until
from tests.servers import ValkeyServer

ENTRIES = {f"entry-{number:02}": 1 + number % 10 for number in range(50)}
"""Seconds of each entry's interval, by name."""

APP = """
import json, os, random, signal, time
from celery import Celery

app = Celery("plant", broker=os.environ["BROKER"])
app.conf.update(
    beat_scheduler="beatkit.beat.scheduler:Scheduler",
    beat_schedule={
        name: {"task": "plant_app.work", "schedule": seconds, "args": [name]}
        for name, seconds in json.loads(os.environ["ENTRIES"]).items()
    },
    beatkit_policies={"*": {"catch_up": "all"}},
    worker_prefetch_multiplier=1,
)


@app.task(bind=True, ignore_result=True)
def work(self, name):
    slot = (self.request.headers or {}).get("beatkit-slot") or self.request.get("beatkit-slot")
    line = json.dumps([name, slot, round(time.time() * 1000)]) + "\\n"
    with open("ledger.jsonl", "a") as ledger:
        ledger.write(line)


stall = float(os.environ.get("STALL", 0))
if stall:
    # Stop dead around the very call that decides: just before it, and just after it.
    from beatkit.store.redis import RedisStore

    claim = RedisStore.claim

    def stalling(self, writer, claims):
        if random.random() < stall:
            os.kill(os.getpid(), signal.SIGSTOP)
        try:
            return claim(self, writer, claims)
        finally:
            if random.random() < stall:
                os.kill(os.getpid(), signal.SIGSTOP)

    RedisStore.claim = stalling
"""


@dataclass(frozen=True)
class Mode:
    """One kind of storm.

    Attributes:
        name: For the table.
        kills_server: The server is killed now and then.
        keeps: It keeps what it acknowledged (append-only file, fsync always).
        stall: Chance that a beat stops dead around a claim.
        beats: How many there are.
    """

    name: str
    kills_server: bool = False
    keeps: bool = True
    stall: float = 0.02
    beats: int = 4


MODES = {
    "beats": Mode("kill, stop and stall beats"),
    "aof": Mode("and kill Redis, which keeps its data", kills_server=True),
    "wipe": Mode("and kill Redis, which loses its data", kills_server=True, keeps=False),
}


@dataclass
class Outcome:
    """What came of a storm; `row` is its line in the table."""

    mode: Mode
    seconds: float
    kills: int = 0
    stops: int = 0
    stalls: int = 0
    server_kills: int = 0
    slots: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    lost: list[tuple[str, int]] = field(default_factory=list)
    doubled: list[tuple[str, int]] = field(default_factory=list)

    def row(self) -> str:
        late = sorted(one.late for one in self.arrivals)
        p50, p99 = statistics.median(late), late[int(len(late) * 0.99)]
        return (
            f"| {self.mode.name} | {self.seconds:.0f} s | {self.kills} | {self.stops} "
            f"| {self.stalls} | {self.server_kills} | {self.slots} | {len(self.arrivals)} "
            f"| {len(self.lost)} | {len(self.doubled)} "
            f"| {p50 * 1000:.0f} ms | {p99:.2f} s | {late[-1]:.2f} s |"
        )


HEAD = (
    "| storm | lasted | beats killed | stopped | stalled in a send | Redis killed | slots "
    "| arrived | lost | doubled | late p50 | p99 | max |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


class Storm:
    """Makes trouble for a while, and counts."""

    def __init__(
        self, mode: Mode, folder: Path, seconds: float, seed: int, calm: float = 12.0
    ) -> None:
        self._mode = mode
        self._folder = folder
        self._seconds = seconds
        self._calm = calm
        self._random = random.Random(seed)
        self._outcome = Outcome(mode, seconds)
        self._moved: list[Arrival] = []
        self._over = threading.Event()

    def run(self) -> Outcome:
        (self._folder / "server").mkdir()
        server = ValkeyServer(self._folder / "server", keep=self._mode.keeps).start()
        entries = json.dumps(ENTRIES)
        try:
            with plant(self._folder, APP, BROKER=server.url(), ENTRIES=entries) as made:
                self._through(made, server)
        finally:
            server.stop()
        return self._outcome

    def _through(self, made: Plant, server: ValkeyServer) -> None:
        stall = str(self._mode.stall)
        beats = [made.beat(STALL=stall) for _ in range(self._mode.beats)]
        consumer = self._consumer(made, server)
        self._wait_for_arrivals()
        self._rage(made, beats, server)
        for beat in beats:
            beat.signal(signal.SIGCONT)
            beat.kill()
        calm = [made.beat() for _ in range(2)]
        time.sleep(self._calm)
        end = round((time.time() - 1) * 1000)
        with suppress(AssertionError):  # what never comes is counted, and shown
            wait_until(lambda: not self._missing(end))
        time.sleep(1)
        self._over.set()
        if consumer is not None:
            consumer.join()
        for one in calm:
            one.terminate()
        if self._mode.kills_server and self._mode.keeps:
            self._recount(server)
        self._count(end)

    def _consumer(self, made: Plant, server: ValkeyServer) -> threading.Thread | None:
        if not self._mode.kills_server:
            made.celery("worker", "-c", "2", "-l", "WARNING", name="worker")
            return None
        thread = threading.Thread(target=self._consume, args=(server,))
        thread.start()
        return thread

    def _consume(self, server: ValkeyServer) -> None:
        """Move each message within the server, and note when it came."""
        client = server.client()
        while not self._over.is_set():
            try:
                text = client.lmove("celery", "moved", "RIGHT", "LEFT")
            except redis.RedisError:
                time.sleep(0.02)
                continue
            if text is None:
                time.sleep(0.005)
                continue
            headers = json.loads(text)["headers"]
            now = round(time.time() * 1000)
            self._moved.append(Arrival(headers["beatkit-entry"], headers["beatkit-slot"], now))

    def _recount(self, server: ValkeyServer) -> None:
        """Go by what the server moved: the reply to a move may be lost when it is killed."""
        noted = Counter((one.entry, one.slot) for one in self._moved)
        with server.client() as client:
            texts = client.lrange("moved", 0, -1)
        headers = [json.loads(text)["headers"] for text in texts]
        moved = Counter((one["beatkit-entry"], one["beatkit-slot"]) for one in headers)
        for (entry, slot), count in (moved - noted).items():
            self._moved += [Arrival(entry, slot, slot)] * count

    def _wait_for_arrivals(self) -> None:
        deadline = time.monotonic() + 30
        while len(self._arrivals()) < 50 and time.monotonic() < deadline:
            time.sleep(0.1)

    def _rage(self, made: Plant, beats: list[Member], server: ValkeyServer) -> None:
        end = time.monotonic() + self._seconds
        wakes: list[tuple[float, Callable[[], None]]] = []
        while time.monotonic() < end:
            time.sleep(self._random.uniform(0.1, 1.2))
            for at, wake in list(wakes):
                if time.monotonic() >= at:
                    wake()
                    wakes.remove((at, wake))
            self._strike(made, beats, server, wakes)
            self._relieve(beats)

    def _strike(self, made: Plant, beats: list[Member], server: ValkeyServer, wakes: list) -> None:
        chance, victim = self._random.random(), self._random.randrange(len(beats))
        beat = beats[victim]
        if chance < 0.25:
            beat.kill()
            beats[victim] = made.beat(STALL=str(self._mode.stall))
            self._outcome.kills += 1
        elif chance < 0.45:
            beat.signal(signal.SIGSTOP)
            later = time.monotonic() + self._random.uniform(0.5, 7)
            wakes.append((later, lambda: beat.signal(signal.SIGCONT)))
            self._outcome.stops += 1
        elif chance < 0.55 and self._mode.kills_server:
            server.kill()
            time.sleep(self._random.uniform(0.1, 3))
            server.start()
            self._outcome.server_kills += 1

    def _relieve(self, beats: list[Member]) -> None:
        """Continue, after a while, whoever stopped itself inside a send."""
        for beat in beats:
            if beat.is_stopped and self._random.random() < 0.25:
                beat.signal(signal.SIGCONT)
                self._outcome.stalls += 1

    def _arrivals(self) -> list[Arrival]:
        ledger = self._folder / "ledger.jsonl"
        lines = ledger.read_text().splitlines() if ledger.exists() else []
        return [*self._moved, *(Arrival(*json.loads(line)) for line in lines)]

    def _expected(self, end_ms: int) -> set[tuple[str, int]]:
        """The slots from each entry's first arrival on; one, if it never came."""
        first: dict[str, int] = {}
        for one in self._arrivals():
            first[one.entry] = min(first.get(one.entry, one.slot), one.slot)
        return {
            (entry, slot)
            for entry, seconds in ENTRIES.items()
            for slot in range(first.get(entry, end_ms), end_ms + 1, seconds * 1000)
        }

    def _missing(self, end_ms: int) -> set[tuple[str, int]]:
        return self._expected(end_ms) - {(one.entry, one.slot) for one in self._arrivals()}

    def _count(self, end_ms: int) -> None:
        outcome = self._outcome
        outcome.arrivals = self._arrivals()
        outcome.doubled = doubled(outcome.arrivals)
        expected = self._expected(end_ms)
        came = {(one.entry, one.slot) for one in outcome.arrivals}
        outcome.slots = len(expected)
        outcome.lost = sorted(expected - came)
        outcome.arrivals = [one for one in outcome.arrivals if one.slot <= end_ms]
