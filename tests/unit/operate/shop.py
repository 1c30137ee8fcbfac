"""A schedule to operate on: its broker and its store are in this process's memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from celery import Celery

from beatkit import Registry, make_app
from beatkit.operate import Schedule


def shop(folder: Path | None = None) -> tuple[Schedule, Celery]:
    """Make a shop of its own: three entries, two queues, a tag, one that pauses spare.

    With a folder its store is a file there, which other processes could reach too.
    """
    registry = Registry()
    store = None if folder is None else f"sqlite:///{folder}/beatkit.db"
    app = make_app(
        f"shop{uuid4().hex}", registry=registry, broker_url="memory://", beatkit_store_url=store
    )

    def declare(name: str, **how: Any) -> None:
        def run(*args: Any, **kwargs: Any) -> None:
            pass

        run.__name__ = run.__qualname__ = name.replace(".", "_")
        registry.periodic(**how)(app.task(run, name=name, shared=False))

    declare("shop.hello", seconds=15, args=["hi"], deadline=30)
    declare("shop.mail", hours=1, queue="mail", tags=["outgoing"])
    declare("shop.watchdog", minutes=1, queue="mail", even_when_paused=True, tags=["outgoing"])
    declare("stock.sync", minutes=5, enabled=False)
    schedule = Schedule(app)
    schedule.pauses()  # makes the file
    return schedule, app
