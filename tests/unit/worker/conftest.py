"""Apps whose tasks are run by Celery's own tracer, as a worker runs them, over a memory store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from celery.app.trace import build_tracer

from beatkit import Registry, install
from beatkit.store.marks import Ledger, Mark
from beatkit.store.memory import shared
from tests.unit.factory.conftest import _no_app_left

__all__ = ["_no_app_left"]

SLOT = 1_700_000_000_000


class Worker:
    """One app, and a tracer for each of its tasks."""

    def __init__(self) -> None:
        name = f"shop-{uuid4().hex[:8]}"
        self.registry = Registry()
        self.app = Celery(name, broker="memory://", set_as_current=False)
        self.app.conf.task_default_queue = name
        install(self.app, registry=self.registry)
        self.store = shared(f"beatkit:{name}:", 10_000)

    def task(self, **how: Any) -> Any:
        """Declare a task of this app and of no other."""
        return self.app.task(shared=False, **how)

    def start(self) -> None:
        """What a worker does before it runs tasks."""
        self.app.loader.init_worker()

    def run(self, task: str, request: dict[str, Any], *args: Any) -> str:
        """Run a message; return the state that Celery gives it."""
        given = {"id": "id-1", "delivery_info": {}, "args": list(args), "kwargs": {}, **request}
        made = self.app.tasks[task]
        trace = build_tracer(task, made, app=self.app, hostname="host")
        returned = trace(given["id"], list(args), {}, {"hostname": "host", **given})
        return "SUCCESS" if returned.info is None else str(returned.info.state)

    def queued(self) -> list[Any]:
        """Take all messages off the app's queue."""
        taken = []
        with self.app.connection_for_read() as connection:
            queue = connection.SimpleQueue(self.app.conf.task_default_queue)
            while queue.qsize():
                taken.append(queue.get_nowait())
                taken[-1].ack()
        return taken

    def marks(self, entry: str = "hello") -> tuple[Mark, ...]:
        with self.store._tables.transaction() as kept:
            return kept.ledgers.get(entry, Ledger()).marks

    def reasons(self) -> list[tuple[str, int, str]]:
        rows = [one for one in self.store.history().past().events if one.what == "skipped"]
        return [(row.entry, row.slot, row.why) for row in reversed(rows)]


def headers(slot: int = SLOT, *, entry: str = "hello", **policy: Any) -> dict[str, Any]:
    kind = policy.pop("kind", "scheduled")
    return {
        "beatkit-entry": entry,
        "beatkit-slot": slot,
        "beatkit-kind": kind,
        "beatkit-policy": {"coalesce": False, **policy},
        "id": f"id-{slot}",
    }


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.app.close()
