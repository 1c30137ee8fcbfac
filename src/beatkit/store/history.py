"""What has happened: what a store gives whoever asks about the past. Reading only.

**What is authoritative.** Nothing here decides anything. The events were written by the steps
that made them true; see `beatkit.store.events`.

**Bounds.** The newest events, `EVENTS_A_RUN` for each run that the history is to keep; the
last message and the last run of each entry, apart from those, until the entry is forgotten;
the newest `SILENCES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from beatkit.store.events import Event
from beatkit.store.values import Pending

SILENCES = 1_000
"""How many spans without a beat are kept, the newest."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A span in which no beat announced itself: none lived, or none could reach the store.

    Attributes:
        since: When a beat was heard last before it; 0: none ever was, as far as the store
            knows.
        until: When one was heard again; None: none has been.
    """

    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Past:
    """What the store remembers.

    Attributes:
        now: The store's time.
        events: The oldest first.
        live: The starts among them (entry, slot, task id) whose runs still go on, as far as
            their workers have said.
        pendings: Slots that are decided and whose message is not reported as published.
        silences: The oldest first; the last one may go on.
    """

    now: int
    events: tuple[Event, ...]
    live: Set[tuple[str, int, str]]
    pendings: tuple[Pending, ...]
    silences: tuple[Silence, ...]


@dataclass(frozen=True, slots=True)
class Lasts:
    """The last of each entry. What never happened is left out.

    Attributes:
        now: The store's time.
        sent: The event of the message that was sent last, by entry.
        ran: The event of the run that started last: its end, or its start if it goes on.
        live: The starts among them whose runs still go on; as in `Past`.
    """

    now: int
    sent: Mapping[str, Event]
    ran: Mapping[str, Event]
    live: Set[tuple[str, int, str]]


class History(Protocol):
    """The past of a store. Each method is at most two round trips.

    All raise `StoreUnavailable` when the store does not answer in time, and `StoreError`
    when it refuses.
    """

    def past(self, newest: int | None = None) -> Past:
        """Return what happened.

        Args:
            newest: Only so many events, the newest; None: all that are kept.
        """
        ...

    def lasts(self, entries: Sequence[str]) -> Lasts:
        """Return the last message and the last run of some entries."""
        ...


class KeepsHistory(Protocol):
    """What every store is besides `Store`, which is all that a beat needs to know of it."""

    def history(self) -> History:
        """Return the same store as whoever looks back asks it."""
        ...


def unended(events: Iterable[Event]) -> list[Event]:
    """Return those of some events that are starts of runs whose end is not among them."""
    open_: dict[tuple[str, int, str], Event] = {}
    for event in events:
        if event.what == "started":
            open_[event.entry, event.slot, event.id] = event
        elif event.what == "ended":
            open_.pop((event.entry, event.slot, event.id), None)
    return list(open_.values())
