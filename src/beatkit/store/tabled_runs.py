"""The runs in tables: the rules in `beatkit.store.marks`, each question one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from beatkit.store import steps
from beatkit.store.events import Event, What
from beatkit.store.marks import (
    KeptRun,
    Ledger,
    finished,
    is_kept,
    judge,
    keeping,
    refreshed,
    started,
)
from beatkit.store.runs import Ending, Run, Verdict
from beatkit.store.tables import Kept, Tables
from beatkit.store.values import Command, Pending

AGAIN_MS = 1_000
"""A kept run that the broker refused is tried again after this."""


class TabledRuns:
    """The `Runs` contract over tables. Safe to share between threads.

    Args:
        tables: Where rows are kept, progress among them.
        clock: The store's time, milliseconds since 1970.
        refused: Runs a command of the broker; returns its error, "" if it took it.
    """

    def __init__(
        self, tables: Tables, clock: Callable[[], int], refused: Callable[[Command], str]
    ) -> None:
        self._tables = tables
        self._clock = clock
        self._refused = refused

    def start(self, run: Run) -> Verdict:
        """See `Runs.start`."""
        with self._tables.transaction() as rows:
            now = self._clock()
            ledger = rows.ledgers.get(run.entry, Ledger())
            verdict = judge(run, ledger, now)
            if verdict.outcome == "kept":
                _keep(rows, run, ledger, now)
                rows.tell(_event("kept", run, now))
            elif verdict.outcome not in ("start", "held"):
                rows.tell(_event("skipped", run, now, why=verdict.outcome))
            if verdict.outcome != "start":
                return verdict
            decided = rows.progress.get(run.entry)
            ledger = rows.ledgers[run.entry] = started(run, ledger, decided, now)
            given = _given(ledger, run)
            steps.tell_run(rows, _event("started", run, now, given=given))
            return replace(verdict, slot=given)

    def refresh(self, runs: Sequence[Run]) -> None:
        """See `Runs.refresh`."""
        with self._tables.transaction() as rows:
            now = self._clock()
            for run in runs:
                ledger = rows.ledgers.get(run.entry, Ledger())
                rows.ledgers[run.entry] = refreshed(run, ledger, now)

    def finish(
        self, run: Run, ending: Ending, *, state: str = "", took: int = 0, ago: int = 0
    ) -> None:
        """See `Runs.finish`."""
        with self._tables.transaction() as rows:
            now = self._clock()
            ledger = rows.ledgers.get(run.entry, Ledger())
            rows.ledgers[run.entry] = finished(run, ending, ledger, now)
            if not _is_told(ledger, run):
                more = {"given": _given(ledger, run), "took": took, "why": state}
                steps.tell_run(rows, _event("ended", run, now - ago, **more))
            self._let_go(rows, run.entry, now)

    def release(self, entries: Sequence[str]) -> tuple[str, ...]:
        """See `Store.release`."""
        with self._tables.transaction() as rows:
            now = self._clock()
            return tuple(entry for entry in entries if self._let_go(rows, entry, now))

    def _let_go(self, rows: Kept, entry: str, now: int) -> bool:
        """Send what an entry keeps, if no run of it lives; True if that was done."""
        ledger = rows.ledgers.get(entry, Ledger())
        lives = ledger.lives_until(now)
        if ledger.kept is None:
            rows.waiting.pop(entry, None)
            return False
        if lives or not self._sent(rows, entry, ledger.kept, now):
            rows.waiting[entry] = lives or now + AGAIN_MS
            return False
        rows.waiting.pop(entry, None)
        rows.ledgers[entry] = replace(ledger, kept=None)
        return True

    def _sent(self, rows: Kept, entry: str, kept: KeptRun, now: int) -> bool:
        if not kept.commands:
            pending = Pending(entry, kept.slot, kept.kind, "", 1, now, kept.previous, kept.id)
            rows.pendings[entry, kept.slot] = pending
            return True
        message, *others = kept.commands
        if self._refused(message):
            return False
        for other in others:
            self._refused(other)
        return True


def _keep(rows: Kept, run: Run, ledger: Ledger, now: int) -> None:
    if ledger.kept is not None and not is_kept(run, ledger):
        left = replace(run, slot=ledger.kept.slot, kind=ledger.kept.kind, id=ledger.kept.id)
        rows.tell(_event("skipped", left, now, why="overlap"))
    rows.ledgers[run.entry] = keeping(run, ledger)
    rows.waiting[run.entry] = ledger.lives_until(now, run.key) or now


def _is_told(ledger: Ledger, run: Run) -> bool:
    """Whether this very attempt's end is known: the reply to the same call was lost."""
    mark = ledger.mark(run.key)
    return mark is not None and mark.token == run.token and mark.state != "running"


def _given(ledger: Ledger, run: Run) -> int:
    mark = ledger.mark(run.key)
    return run.slot if mark is None else mark.given


def _event(what: What, run: Run, at: int, **more: Any) -> Event:
    return Event(what, at, run.entry, run.slot, run.kind, run.by, run.id, **more)
