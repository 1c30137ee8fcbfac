"""Sends an entry's slot as beatkit does and as stock beat does, and reads what arrived."""

from __future__ import annotations

import base64
import json
from typing import Any

from celery import Celery
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import schedule

from beatkit.entry import Entry
from beatkit.sending import Way
from beatkit.store import Answer, Beat, Claim, Promotion, Seed, Store, Writer
from tests.servers import ValkeyServer


class Desk:
    def __init__(self, app: Celery, store: Store, way: Way, server: ValkeyServer) -> None:
        self.app = app
        self.store = store
        self.way = way
        self.server = server
        self.redis: Any = server.client()
        seen = store.announce(Beat("beat-1", "host", 1, "r1"), expires=600_000)
        promote = Promotion("r1", instead_of=seen.revision)
        seen = store.announce(Beat("beat-1", "host", 1, "r1"), expires=600_000, promote=promote)
        self.writer = Writer("beat-1", seen.identity, "r1")

    def close(self) -> None:
        self.way.close()
        self.store.close()
        self.redis.close()

    def claim(self, entry: Entry, late: int = 0, **more: Any) -> Claim:
        """Seed the entry, and claim the slot that is `late` milliseconds ago."""
        slot = self.store.read([]).now - late
        seeds = [Seed(entry.name, "f1", anchor=slot - 1000)]
        after = self.store.seed(self.writer, seeds).progress[entry.name].slot
        slot = max(slot, after + 1)  # two in one millisecond
        return Claim(entry.name, after, slot, not_before=0, **more)

    def send(self, entry: Entry, late: int = 0) -> tuple[Answer, int]:
        """Send one slot; return the answer and the slot."""
        claim = self.claim(entry, late)
        (answer,) = self.way.send(self.writer, [(entry, claim)]).answers
        return answer, claim.slot

    def stock(self, entry: Entry) -> None:
        """Send the entry as `celery.beat.Scheduler` does."""
        scheduler = Scheduler(self.app, lazy=True)
        options = dict(entry.options, headers=dict(entry.options.get("headers") or {}))
        row = ScheduleEntry(
            name=entry.name,
            task=entry.task,
            schedule=schedule(15),
            args=entry.args,
            kwargs=dict(entry.kwargs),
            options=options,
            app=self.app,
        )
        with self.app.connection_for_write() as connection:
            producer = self.app.amqp.Producer(connection, auto_declare=False)
            scheduler.apply_async(row, producer=producer, advance=False)

    def take(self, key: str = "celery") -> list[dict[str, Any]]:
        """Take all messages off a queue, oldest first."""
        found = self.redis.lrange(key, 0, -1)[::-1]
        self.redis.delete(key)
        return [json.loads(one) for one in found]


def body(message: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(message["body"]))


def keys(desk: Desk) -> set[str]:
    """Every key of the server but the store's own."""
    return {key.decode() for key in desk.redis.keys("*") if b"beatkit:" not in key}
