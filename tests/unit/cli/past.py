"""An evening of the shop, as its store remembers it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from beatkit.sending.message import task_id
from beatkit.store import Action, Beat, Claim, Missed, Promotion, Seed, Writer
from beatkit.store.runs import Run
from beatkit.store.sqlite import sqlite_store
from beatkit.store.tabled import TabledStore

NAME = "beatkit:shop:"
NOW = datetime.fromisoformat("2026-10-24T21:59:58+02:00")
BEAT, WORKER, OTHER = "desk-41-9f3c2a", "celery@worker-1", "celery@worker-2"


def at(text: str) -> int:
    """A time of that evening in Berlin, in milliseconds since 1970."""
    moment = datetime.fromisoformat(f"2026-10-24T{text}+02:00")
    return round(moment.timestamp() * 1000)


class Evening:
    """A store whose clock is moved by what happens."""

    def __init__(self, file: Path) -> None:
        self.now = at("20:58:00")
        self.store: TabledStore = sqlite_store(
            f"sqlite:///{file}", prefix=NAME, clock=lambda: self.now
        )
        seen = self._announce()
        self.writer = Writer(BEAT, seen.identity, "r1")
        self.progress: dict[str, int] = {}

    def _announce(self, expires: int = 3_600_000) -> Any:
        beat = Beat(BEAT, "desk", 41, "r1")
        return self.store.announce(beat, expires=expires, promote=Promotion("r1", ""))

    def leave(self, time: str) -> None:
        self.now = at(time)
        self._announce(expires=0)

    def come(self, time: str) -> None:
        self.now = at(time)
        self._announce()

    def send(self, entry: str, slot: str, late: int = 20, **more: Any) -> None:
        if entry not in self.progress:
            self.progress[entry] = at(slot) - 1
            self.store.seed(self.writer, [Seed(entry, "f1", at(slot) - 1)])
        self.now = at(slot) + late
        missed = more.pop("missed", None)
        claim = Claim(entry, self.progress[entry], at(slot), 0, missed=missed, **more)
        if claim.act == "push":
            claim = replace(claim, act="pend")
        self.store.claim(self.writer, [claim])
        pendings = self.store.announce(Beat("", "", 0, ""), expires=0).pendings
        self.store.settle(pendings)
        self.progress[entry] = at(slot)

    def start(self, entry: str, slot: str, late: int, **more: Any) -> Run:
        self.now = at(slot) + late
        made = more.pop("id", task_id(NAME, entry, at(slot)))
        run = Run(entry, at(slot), made, f"{entry} {slot}", more.pop("by", WORKER), **more)
        self.store.runs().start(run)
        return run

    def end(self, run: Run, took: int, state: str = "SUCCESS", ending: str = "finished") -> None:
        self.now += took
        self.store.runs().finish(run, ending, state=state, took=took)

    def trigger(self, entry: str, time: str, id_: str) -> None:
        self.now = at(time)
        self.store.act(Action("trigger", (f"entry:{entry}",), "ann@desk", task_id=id_))


def evening(file: Path) -> None:
    """Write it to a file."""
    it = Evening(file)
    charge, sync, beats = "billing.charge_subscriptions", "stock.sync_warehouse", "heartbeat"
    it.send("legacy-sync", "20:59:00")
    it.send(beats, "21:00:00")
    it.end(it.start(beats, "21:00:00", 55), 4)
    it.send(sync, "21:00:00", 31)
    it.end(it.start(sync, "21:00:00", 1_250), 41_300, "FAILURE")
    it.send(charge, "21:10:00")
    long = it.start(charge, "21:10:00", 300, overlap="skip")
    it.now = at("21:10:50")
    it.store.runs().refresh([long])
    it.send(charge, "21:11:00")
    it.start(charge, "21:11:00", 80, by=OTHER, overlap="skip")
    it.now = at("21:12:30")
    it.end(long, 149_700)
    it.leave("21:15:00")
    it.come("21:40:00")
    over = Missed(at("21:05:00"), at("21:35:00"), 7, "latest")
    it.send(sync, "21:40:00", 900, kind="catch_up", missed=over)
    tried = it.start(sync, "21:40:00", 1_000, kind="catch_up")
    it.end(tried, 500, "RETRY", "handed_on")
    it.end(it.start(sync, "21:40:00", 6_000, kind="catch_up", attempt=1), 2_000)
    it.start(sync, "21:40:00", 9_000, by=OTHER, kind="catch_up", redelivered=True)
    it.trigger("billing.close_day", "21:50:00", "0c8e7f0e-8a0f-4d5c-9a39-3f6f5e0f7a11")
    it.end(
        it.start("billing.close_day", "21:50:00", 70, kind="manual",
                 id="0c8e7f0e-8a0f-4d5c-9a39-3f6f5e0f7a11"),
        93_000,
    )  # fmt: skip
    it.send("ops.backup_database", "21:52:00")
    it.start("ops.backup_database", "21:52:00", 40, by=OTHER)
    it.send(beats, "21:59:45")
    it.start(beats, "21:59:45", 30)
    it.store.close()
