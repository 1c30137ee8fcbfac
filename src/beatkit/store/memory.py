"""A store in this process's memory: for one process, for tests, and for simulations.

It keeps the whole contract of `Store`, and passes the same tests as the others. What it
cannot have is a second process: every beat and worker must be a thread of this one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, takewhile
from threading import Lock, RLock

from beatkit.store import rules
from beatkit.store.actions import Action, Pause
from beatkit.store.backfills import Backfill
from beatkit.store.events import EVENTS_A_RUN, Event
from beatkit.store.marks import Ledger
from beatkit.store.owned import Owned
from beatkit.store.tabled import TabledStore, no_broker, wall_clock
from beatkit.store.values import Command, Peer, Pending, Progress


def memory_store(
    *,
    clock: Callable[[], int] = wall_clock,
    run: Callable[[Command], object] = no_broker,
    history: int = rules.HISTORY,
) -> TabledStore:
    """Make an empty store in memory, shared by whoever is given it.

    Args:
        clock: The store's time, milliseconds since 1970.
        run: The broker: runs one command, raises if it refuses it.
        history: How many runs are kept; 0: none.
    """
    return TabledStore(_Dictionaries(history), clock=clock, run=run)


@dataclass(slots=True)
class _Kept:
    history: deque[Event]
    identity: str = ""
    revision: str = ""
    heard: int = 0
    progress: dict[str, Progress] = field(default_factory=dict)
    reserved: dict[str, rules.Reservation] = field(default_factory=dict)
    pendings: dict[tuple[str, int], Pending] = field(default_factory=dict)
    paused: dict[str, Pause] = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    claimed: dict[str, int] = field(default_factory=dict)
    peers: dict[str, tuple[Peer, int]] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    sent: dict[str, Event] = field(default_factory=dict)
    ran: dict[str, Event] = field(default_factory=dict)
    silences: dict[int, int] = field(default_factory=dict)
    runtime: tuple[int, int] = (0, 0)
    owned: dict[str, Owned] = field(default_factory=dict)
    changes: dict[int, str] = field(default_factory=dict)
    removals: dict[int, str] = field(default_factory=dict)
    backfills: dict[str, Backfill] = field(default_factory=dict)

    def changed_since(self, version: int) -> list[str]:
        # Versions only grow, so a dictionary holds them in order.
        later = takewhile(lambda one: one > version, reversed(self.changes))
        return [self.changes[one] for one in later][::-1]

    def tell(self, event: Event) -> None:
        self.history.append(event)

    def told(self, newest: int | None) -> tuple[Event, ...]:
        first = 0 if newest is None else max(0, len(self.history) - newest)
        return tuple(islice(self.history, first, None))


class _Dictionaries:
    def __init__(self, history: int) -> None:
        self._lock = RLock()
        self._kept = _Kept(deque(maxlen=history * EVENTS_A_RUN))

    @contextmanager
    def transaction(self) -> Iterator[_Kept]:
        # The rules raise nothing half way, so there is nothing to undo.
        with self._lock:
            yield self._kept

    def wipe(self) -> None:
        with self._lock:
            self._kept = _Kept(deque(maxlen=self._kept.history.maxlen))

    def close(self) -> None:
        """Nothing is open; the store lives as long as its process."""


_SHARED: dict[str, TabledStore] = {}
_SHARING = Lock()


def shared(prefix: str, history: int) -> TabledStore:
    """Return this process's one store for a prefix, as all its threads share it."""
    with _SHARING:
        return _SHARED.setdefault(prefix, memory_store(history=history))
