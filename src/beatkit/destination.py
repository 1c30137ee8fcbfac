"""Where do an entry's messages go?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from beatkit.entry import Entry

UNROUTABLE = "?"
"""Stands for the queue where a router of the app's own raises."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an entry's messages go.

    Attributes:
        queue: The queue's name, or the exchange's where the message is routed by one.
        priority: None where none is set.
        known: False for a queue that the app's configuration forbids to create, and where
            a router of the app's own raises.
    """

    queue: str
    priority: int | None = None
    known: bool = True


def destination(app: Any, entry: Entry) -> Destination:
    """Return where an entry's messages go; as Celery's router decides it."""
    from celery.exceptions import QueueNotFound

    task = app.tasks.get(entry.task)
    own = {name: getattr(task, name, None) for name in ("queue", "exchange", "routing_key")}
    options = {name: value for name, value in own.items() if value is not None}
    options |= entry.options
    priority = options.get("priority", getattr(task, "priority", None))
    try:
        route = app.amqp.router.route(
            dict(options), entry.task, entry.args, dict(entry.kwargs), task_type=task
        )
    except QueueNotFound:
        return Destination(str(options.get("queue")), priority, known=False)
    except Exception:  # noqa: BLE001  # a router of the user's own may raise anything
        return Destination(UNROUTABLE, priority, known=False)
    queue = route.get("queue") or route.get("exchange") or app.conf.task_default_queue
    priority = route.get("priority") if priority is None else priority
    if priority is None:
        priority = app.conf.task_default_priority
    return Destination(str(getattr(queue, "name", queue)), priority)
