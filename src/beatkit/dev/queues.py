"""Which queues must a single worker read, so that everything that is sent also runs?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import Celery


def queues_of(app: Celery) -> list[str]:
    """Return the queues that the app declares, routes its tasks to, or schedules for.

    In production each queue may have workers of its own; here one worker reads them all.
    """
    names = set(app.amqp.queues)
    for task in app.tasks:
        if not task.startswith("celery."):
            names |= _routed(app, task, {})
    for entry in (app.conf.beat_schedule or {}).values():
        names |= _routed(app, entry["task"], entry)
    return sorted(names)


def _routed(app: Celery, name: str, entry: Mapping[str, Any]) -> set[str]:
    task = app.tasks.get(name)
    options = {"queue": getattr(task, "queue", None), **(entry.get("options") or {})}
    wanted = {key: value for key, value in options.items() if value is not None}
    args, kwargs = entry.get("args") or (), entry.get("kwargs") or {}
    try:
        queue = app.amqp.router.route(wanted, name, args, kwargs, task)["queue"]
    except Exception:  # noqa: BLE001 - a router of the user's; it will complain when it is used
        return set()
    return {str(getattr(queue, "name", queue))}
