"""One run of an entry now, by hand: exactly the message that beat would send.

Its id is its own, so no slot is taken for it and it for no slot; progress is not touched,
so the next slot comes as if nothing had been. Its kind is "manual". Pauses do not hold it,
nor does `enabled=False`: whoever triggers means it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from beatkit.entry import Entry
from beatkit.errors import BeatkitError, DeclarationError, StoreUnavailable
from beatkit.registry.unknown import unknown_tasks
from beatkit.schedules.timetable import to_datetime
from beatkit.sending import BrokerUnavailable
from beatkit.sending.build import NotBuilt
from beatkit.sending.message import Outgoing, outgoing, task_id
from beatkit.sending.publish import Publisher
from beatkit.store import Action, Store


@dataclass(frozen=True, slots=True)
class Triggered:
    """A run that was sent by hand.

    Attributes:
        entry: The entry's name.
        task_id: The run's id, by which its result is found.
        scheduled_for: The instant it is for: when it was triggered, by the store's clock.
    """

    entry: str
    task_id: str
    scheduled_for: datetime


class NotTriggered(BeatkitError):
    """An entry could not be triggered: nothing was sent."""


def trigger(app: Any, name: str, entry: Entry, store: Store, *, by: str, reason: str) -> Triggered:
    """Send one run of an entry, and record who did and why.

    The record is written before the message: so nobody who sees an error has to guess
    whether a run without a record is under way.

    Args:
        app: The Celery app.
        name: What sets this schedule apart from others (the key prefix).
        entry: The entry.
        store: Gives the time, and keeps the record.
        by: Who triggers.
        reason: Why; may be empty.

    Raises:
        DeclarationError: No module defines the entry's task; beat would not start with it.
        NotTriggered: Celery, the task or a receiver of a signal raised. Nothing was sent.
        BrokerUnavailable: The broker did not answer; the message says what is known.
        StoreUnavailable: The store did not answer. Nothing was sent.
    """
    unknown = unknown_tasks(app, {entry.name: entry})
    if unknown:
        raise DeclarationError(unknown[0])
    with _store_named(entry):
        now = store.pauses().now
    out = _manual(name, entry, now, app.tasks.get(entry.task))
    run = str(out.options["task_id"])
    publisher = Publisher(app)
    try:
        _make_ready(publisher, entry)
        with _store_named(entry):
            store.act(Action("trigger", (f"entry:{entry.name}",), by, reason, task_id=run))
        _publish(publisher, out)
    finally:
        publisher.close()
    return Triggered(entry.name, run, to_datetime(now))


def _manual(name: str, entry: Entry, now: int, task: Any) -> Outgoing:
    out = outgoing(name, entry, now, "manual", task)
    out.options["task_id"] = task_id(name, entry.name, now, f"manual {uuid4().hex}")
    return out


@contextmanager
def _store_named(entry: Entry) -> Iterator[None]:
    """Say what a store that is away means here: an operator waits, no beat comes again."""
    try:
        yield
    except StoreUnavailable as error:
        raise StoreUnavailable(_NO_STORE.format(entry.name, _first_line(error))) from error


def _make_ready(publisher: Publisher, entry: Entry) -> None:
    try:
        publisher.ready()
    except BrokerUnavailable as error:
        raise BrokerUnavailable(_AWAY.format(entry.name, _first_line(error))) from error


def _publish(publisher: Publisher, out: Outgoing) -> None:
    entry = out.entry
    try:
        publisher.publish(out)
    except BrokerUnavailable as error:
        run = out.options["task_id"]
        raise BrokerUnavailable(_UNSURE.format(entry.name, _first_line(error), run)) from error
    except NotBuilt as error:
        cause = error.__cause__
        if cause is None:  # eager mode: it says all itself
            raise
        where = f"  declared in {entry.source}\n" if entry.source else ""
        kind = type(cause).__name__
        raise NotTriggered(_FAILED.format(entry.name, entry.task, kind, cause, where)) from cause


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


_NO_STORE = (
    "Entry {0!r} was not triggered. {1}\n"
    "  the store gives the time, and keeps the record of who triggered what\n"
    "  nothing was sent: trigger it again when the store is back"
)
_AWAY = (
    "Entry {0!r} was not triggered. {1}\n"
    "  from broker_url\n"
    "  nothing was sent: trigger it again when the broker is back"
)
_UNSURE = (
    "Entry {0!r} may have been triggered or not. {1}\n"
    "  from broker_url\n"
    "  look for a run with the task id {2} before you trigger it again"
)
_FAILED = (
    "Entry {0!r}: task {1!r} could not be sent: {2}: {3}\n"
    "{4}"
    "  nothing was sent: mend it, then trigger it again"
)
