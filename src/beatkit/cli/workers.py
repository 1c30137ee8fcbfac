"""Does a worker read each queue that the schedule sends to?

What no worker reads piles up without an error: all else may be well, and nothing runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from beatkit.destination import destination

if TYPE_CHECKING:
    from beatkit.entry import Entry

ANSWER_S = 1.0
"""How long answers are collected: nobody knows how many workers there are."""


def queues_read(app: Any, timeout: float = ANSWER_S) -> dict[str, set[str]] | None:
    """Ask all workers, and return the queues that each reads, by its name.

    Args:
        app: A Celery app whose broker answers.
        timeout: Seconds, all of which it takes.

    Returns:
        None where workers cannot be asked: the settings or the broker keep them from it.
    """
    if not (app.conf.worker_enable_remote_control and _can_be_asked(app)):
        return None
    try:
        told = app.control.inspect(timeout=timeout).active_queues() or {}
    except Exception:  # noqa: BLE001 - a user without the right to ask is no news of workers
        return None
    return {worker: {queue["name"] for queue in queues} for worker, queues in told.items()}


def _can_be_asked(app: Any) -> bool:
    with app.connection_for_write() as connection:
        transport = connection.transport
        # One in memory has its worker in its own process.
        elsewhere = transport.driver_type != "memory"
        return elsewhere and "fanout" in transport.implements.exchange_type


def queues_wanted(app: Any, entries: Iterable[Entry]) -> list[str]:
    """Return the queues that the entries which send anything go to, sorted."""
    return sorted({destination(app, entry).queue for entry in entries if entry.enabled})


def verdict(wanted: Collection[str], read: dict[str, set[str]], default: str) -> tuple[str, str]:
    """Return what is to be said of the workers, and what to do; "" for nothing.

    Args:
        wanted: Queues that the schedule sends to.
        read: Queues that each worker reads.
        default: The queue that a worker without -Q reads, as far as settings say.
    """
    unread = [queue for queue in wanted if not any(queue in queues for queues in read.values())]
    start = "celery -A APP worker"
    if set(unread) - {default}:
        start += f" -Q {','.join(unread)}"
    if unread and not read:
        return "Workers: none answers, so nothing runs", f"start one: {start}"
    if unread:
        names = ", ".join(map(repr, unread))
        return f"Workers: none reads {names}", f"start one that does: {start}"
    some = f"{len(read)} answer" if len(read) != 1 else "1 answers"
    return f"Workers: {some}, and every queue of the schedule is read", ""
