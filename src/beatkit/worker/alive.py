"""Who says that a run lives? A thread of the process that runs its body, until that ends.

It has to be that process: one beside it would go on saying so after the body's process was
killed. The same thread hands in what could not be said while the store was away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from beatkit.errors import StoreError
from beatkit.store.runs import LIVE_MS, Ending, Run, Runs
from beatkit.worker.outage import Outage

PERIOD = LIVE_MS / 1000 / 3
"""Seconds between two refreshes: two may fail before a mark is void."""

AGAIN = 1.0
"""Seconds between two tries to hand in what is owed."""

MOST_OWED = 10_000
"""Ends of runs remembered while the store is away; beyond it the oldest are given up."""


class Ended(NamedTuple):
    """How a run ended.

    Attributes:
        run: The run.
        ending: What is to become of copies of its message.
        state: What Celery calls its outcome; "" where it was torn out of its process.
        took: Milliseconds since it started.
        at: When it ended, in seconds of a clock that never steps.
    """

    run: Run
    ending: Ending
    state: str
    took: int
    at: float


class Alive:
    """The runs of this process, and the thread that keeps their marks live.

    Args:
        runs: Opens the store, or returns the one that is open.
        outage: Told of what became of each try.
        steady: Seconds of a clock that never steps.
    """

    def __init__(
        self, runs: Callable[[], Runs], outage: Outage, steady: Callable[[], float]
    ) -> None:
        self._runs = runs
        self._outage = outage
        self._steady = steady
        self._lock = threading.Lock()
        self._running: dict[str, Run] = {}
        self._owed: dict[str, Ended] = {}
        self._thread: threading.Thread | None = None
        self._owes = threading.Event()

    def began(self, run: Run) -> None:
        """Keep a run's mark live from now on."""
        with self._lock:
            self._running[run.token] = run
            # After a fork it is there and not alive.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._go_on, name="beatkit-runs", daemon=True
                )
                self._thread.start()

    def ended(self, run: Run) -> None:
        """Keep it no more."""
        with self._lock:
            self._running.pop(run.token, None)

    def owe(self, ended: Ended) -> None:
        """Remember an end that the store could not be told."""
        with self._lock:
            self._owed[ended.run.token] = ended
            if len(self._owed) > MOST_OWED:
                del self._owed[next(iter(self._owed))]
        self._owes.set()

    def settle(self) -> None:
        """Tell the store what is owed to it: one call each, none if nothing is.

        Raises:
            StoreError: It still cannot be told; the rest stays owed.
        """
        while self._owed:
            with self._lock:
                first = next(iter(self._owed.values()), None)
            if first is None:
                return
            self.tell(first)
            with self._lock:
                self._owed.pop(first.run.token, None)

    def tell(self, ended: Ended) -> None:
        """Tell the store of an end, now or as long ago as it was."""
        ago = round((self._steady() - ended.at) * 1000)
        self._runs().finish(ended.run, ended.ending, state=ended.state, took=ended.took, ago=ago)

    def refresh(self) -> None:
        """Settle, and tell the store which runs live; failures go to the outage."""
        with self._lock:
            running = tuple(self._running.values())
        if not running and not self._owed:
            return
        try:
            self.settle()
            if running:
                self._runs().refresh(running)
        except StoreError as error:
            self._outage.begin(error)
        else:
            self._outage.end()

    def _go_on(self) -> None:
        again = threading.Event()
        while True:
            if self._owed:
                again.wait(AGAIN)
            else:
                self._owes.wait(PERIOD)
            self._owes.clear()
            self.refresh()
