"""Random trouble for a plant, and the count of what came of it.

Several beats serve 50 entries of 1 s to 10 s, all of whose slots are to be sent. Meanwhile
beats are killed, stopped and continued, stall inside a send, and the broker is killed. At
the end every slot must have arrived.
"""

from __future__ import annotations

import json
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.chaos.app import APP, ENTRIES
from tests.chaos.plant import (
    Arrival,
    Member,
    Plant,
    doubled,
    of_several_ids,
    plant,
    wait_until,
)
from tests.chaos.sites import OnRabbit, OnRedis, Site


@dataclass(frozen=True)
class Mode:
    """One kind of storm.

    Attributes:
        name: For the table.
        site: Makes its servers, in a folder.
        kills_broker: The broker is killed now and then.
        stall: Chance that a beat stops dead around a claim.
        beats: How many there are.
    """

    name: str
    site: Callable[[Path], Site]
    kills_broker: bool = False
    stall: float = 0.02
    beats: int = 4


MODES = {
    "beats": Mode("kill, stop and stall beats", OnRedis),
    "aof": Mode("and kill Redis, which keeps its data", partial(OnRedis, is_killed=True), True),
    "wipe": Mode(
        "and kill Redis, which loses its data", partial(OnRedis, is_killed=True, keeps=False), True
    ),
    "sqlite": Mode(
        "kill, stop and stall beats; the store is a SQLite file", partial(OnRedis, file=True)
    ),
    "rabbitmq": Mode("and kill and stop RabbitMQ; the store is Redis", OnRabbit, True),
}


@dataclass
class Outcome:
    """What came of a storm; `row` is its line in the table."""

    mode: Mode
    seconds: float
    kills: int = 0
    stops: int = 0
    stalls: int = 0
    broker_kills: int = 0
    slots: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    lost: list[tuple[str, int]] = field(default_factory=list)
    doubled: list[tuple[str, int]] = field(default_factory=list)
    of_several_ids: list[tuple[str, int]] = field(default_factory=list)

    def row(self) -> str:
        late = sorted(one.late for one in self.arrivals)
        p50, p99 = statistics.median(late), late[int(len(late) * 0.99)]
        return (
            f"| {self.mode.name} | {self.kills} | {self.stops} | {self.stalls} "
            f"| {self.broker_kills} | {self.slots:,} | {len(self.arrivals):,} | {len(self.lost)} "
            f"| {len(self.doubled)} | {len(self.of_several_ids)} "
            f"| {p50:.2f} s | {p99:.2f} s | {late[-1]:.2f} s |"
        )


HEAD = (
    "| storm | beats killed | stopped | stopped in a send | broker killed or stopped | slots "
    "| arrived | lost | doubled | of these with two task ids | late p50 | p99 | max |\n"
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
        self._noted: list[Arrival] = []
        self._over = threading.Event()

    def run(self) -> Outcome:
        site = self._mode.site(self._folder)
        site.start()
        entries = json.dumps(ENTRIES)
        try:
            with plant(self._folder, APP, ENTRIES=entries, **site.environment) as made:
                self._through(made, site)
        finally:
            self._over.set()
            site.stop()
        return self._outcome

    def _through(self, made: Plant, site: Site) -> None:
        stall = str(self._mode.stall)
        beats = [made.beat(STALL=stall) for _ in range(self._mode.beats)]
        consumer = self._consumer(made, site)
        self._wait_for_arrivals()
        self._rage(made, beats, site)
        # The last of those that know how far all is must not die on a server that was wiped
        # just now: what nobody knows, nobody sends.
        calm = [made.beat() for _ in range(2)]
        for one in calm:
            wait_until(lambda one=one: one.lines("is in force"), what="a beat that stays")
        for beat in beats:
            beat.signal(signal.SIGCONT)
            beat.kill()
        time.sleep(self._calm)
        end = round((time.time() - 1) * 1000)
        self._wait_for_the_last(end)
        self._over.set()
        if consumer is not None:
            consumer.join()
        for one in calm:
            one.terminate()
        site.recount(self._noted)
        self._count(end)

    def _consumer(self, made: Plant, site: Site) -> threading.Thread | None:
        if site.has_worker:
            made.celery("worker", "-c", "2", "-l", "WARNING", name="worker")
            return None
        thread = threading.Thread(target=site.consume, args=(self._noted, self._over), daemon=True)
        thread.start()
        return thread

    def _wait_for_arrivals(self) -> None:
        deadline = time.monotonic() + 60
        while len(self._arrivals()) < 50 and time.monotonic() < deadline:
            time.sleep(0.1)

    def _wait_for_the_last(self, end: int) -> None:
        """Wait, not for long, until nothing is missing: the machine may be busy."""
        deadline = time.monotonic() + 60
        while self._missing(end, self._arrivals()) and time.monotonic() < deadline:
            time.sleep(1)

    def _rage(self, made: Plant, beats: list[Member], site: Site) -> None:
        end = time.monotonic() + self._seconds
        wakes: list[tuple[float, Callable[[], None]]] = []
        while time.monotonic() < end:
            time.sleep(self._random.uniform(0.1, 1.2))
            for at, wake in list(wakes):
                if time.monotonic() >= at:
                    wake()
                    wakes.remove((at, wake))
            self._strike(made, beats, site, wakes)
            self._relieve(beats)

    def _strike(self, made: Plant, beats: list[Member], site: Site, wakes: list) -> None:
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
        elif chance < 0.55 and self._mode.kills_broker:
            site.trouble(self._random)
            self._outcome.broker_kills += 1

    def _relieve(self, beats: list[Member]) -> None:
        """Continue, after a while, whoever stopped itself inside a send."""
        for beat in beats:
            if beat.is_stopped and self._random.random() < 0.25:
                beat.signal(signal.SIGCONT)
                self._outcome.stalls += 1

    def _arrivals(self) -> list[Arrival]:
        ledger = self._folder / "ledger.jsonl"
        lines = ledger.read_text().splitlines() if ledger.exists() else []
        return [*self._noted, *(Arrival(*json.loads(line)) for line in lines)]

    def _missing(self, end: int, arrivals: list[Arrival]) -> list[tuple[str, int]]:
        came = {(one.entry, one.slot) for one in arrivals}
        return [(entry, slot) for entry, slot in _expected(came, end) if (entry, slot) not in came]

    def _count(self, end: int) -> None:
        outcome = self._outcome
        arrivals = self._arrivals()
        outcome.slots = len(_expected({(one.entry, one.slot) for one in arrivals}, end))
        outcome.lost = self._missing(end, arrivals)
        outcome.doubled = doubled(arrivals)
        outcome.of_several_ids = of_several_ids(arrivals)
        outcome.arrivals = [one for one in arrivals if one.slot <= end]


def _expected(came: set[tuple[str, int]], end: int) -> list[tuple[str, int]]:
    """Every slot from the first that came of its entry to the end."""
    found = []
    for entry, seconds in ENTRIES.items():
        first = min((slot for name, slot in came if name == entry), default=end)
        found += [(entry, slot) for slot in range(first, end + 1, seconds * 1000)]
    return found
