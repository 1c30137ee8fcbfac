"""What a store made of tables keeps, and how its transactions begin and end."""

from __future__ import annotations

from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Protocol

from beatkit.store import rules
from beatkit.store.actions import Action, Pause
from beatkit.store.backfills import Backfill
from beatkit.store.events import Event
from beatkit.store.marks import Ledger
from beatkit.store.owned import Owned
from beatkit.store.values import Peer, Pending, Progress


class Kept(Protocol):
    """All that a store keeps for one schedule."""

    identity: str
    revision: str
    heard: int
    """When a beat was heard last; 0: never."""
    runtime: tuple[int, int]
    """Version of the latest change among the runtime-owned entries, and of the newest removal
    that is no longer remembered."""

    @property
    def progress(self) -> MutableMapping[str, Progress]:
        """Return progress by entry."""
        ...

    @property
    def reserved(self) -> MutableMapping[str, rules.Reservation]:
        """Return reservations by entry."""
        ...

    @property
    def pendings(self) -> MutableMapping[tuple[str, int], Pending]:
        """Return pendings by entry and slot."""
        ...

    @property
    def paused(self) -> MutableMapping[str, Pause]:
        """Return pauses by their scope."""
        ...

    @property
    def actions(self) -> MutableMapping[int, Action]:
        """Return what people did, numbered in order."""
        ...

    @property
    def claimed(self) -> MutableMapping[str, int]:
        """Return when each beat last decided a slot."""
        ...

    @property
    def peers(self) -> MutableMapping[str, tuple[Peer, int]]:
        """Return beats by id, with when their announcement expires."""
        ...

    @property
    def ledgers(self) -> MutableMapping[str, Ledger]:
        """Return the runs by entry."""
        ...

    @property
    def waiting(self) -> MutableMapping[str, int]:
        """Return until when a run is believed to live, by entry that keeps another."""
        ...

    @property
    def sent(self) -> MutableMapping[str, Event]:
        """Return the event of the message that was sent last, by entry."""
        ...

    @property
    def ran(self) -> MutableMapping[str, Event]:
        """Return the event of the run that started last, by entry."""
        ...

    @property
    def silences(self) -> MutableMapping[int, int]:
        """Return spans without a beat, by their ends: since when."""
        ...

    @property
    def owned(self) -> MutableMapping[str, Owned]:
        """Return the runtime-owned entries by name, those that were removed too."""
        ...

    @property
    def changes(self) -> MutableMapping[int, str]:
        """Return the names of those, by version."""
        ...

    @property
    def removals(self) -> MutableMapping[int, str]:
        """Return the names of those that were removed, by version."""
        ...

    @property
    def backfills(self) -> MutableMapping[str, Backfill]:
        """Return how far each backfill is, by the key of its range."""
        ...

    def changed_since(self, version: int) -> list[str]:
        """Return the names of `changes` after a version, in order; quick where there are few."""
        ...

    def tell(self, event: Event) -> None:
        """Add to the history, and drop what is beyond its length."""
        ...

    def told(self, newest: int | None) -> tuple[Event, ...]:
        """Return the history, the oldest first: so many of the newest, or all."""
        ...


class Tables(Protocol):
    """Keeps the rows. A transaction is all or nothing, and one at a time."""

    def transaction(self) -> AbstractContextManager[Kept]:
        """Begin; commit at the end of the block, undo everything if it raises."""
        ...

    def wipe(self) -> None:
        """Lose everything."""
        ...

    def close(self) -> None:
        """Let go of whatever is open."""
        ...
