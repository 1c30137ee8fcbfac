"""The runs in tables: the rules in `beatkit.store.marks`, each question one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from beatkit.store.marks import Ledger, finished, judge, refreshed, started
from beatkit.store.runs import Ending, Run, Verdict
from beatkit.store.tables import Kept, Tables
from beatkit.store.values import Missed, Record


class TabledRuns:
    """The `Runs` contract over tables. Safe to share between threads.

    Args:
        tables: Where rows are kept, progress among them.
        clock: The store's time, milliseconds since 1970.
    """

    def __init__(self, tables: Tables, clock: Callable[[], int]) -> None:
        self._tables = tables
        self._clock = clock

    def start(self, run: Run) -> Verdict:
        """See `Runs.start`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            ledger = kept.ledgers.get(run.entry, Ledger())
            verdict = judge(run, ledger, now)
            if verdict.outcome != "start":
                _record(kept, run, verdict, now)
                return verdict
            progress = kept.progress.get(run.entry)
            decided = run.slot if progress is None else progress.slot
            ledger = kept.ledgers[run.entry] = started(run, ledger, decided, now)
            mark = ledger.mark(run.key)
            return verdict if mark is None else replace(verdict, slot=mark.given)

    def refresh(self, runs: Sequence[Run]) -> None:
        """See `Runs.refresh`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            for run in runs:
                ledger = kept.ledgers.get(run.entry, Ledger())
                kept.ledgers[run.entry] = refreshed(run, ledger, now)

    def finish(self, run: Run, ending: Ending) -> None:
        """See `Runs.finish`."""
        with self._tables.transaction() as kept:
            ledger = kept.ledgers.get(run.entry, Ledger())
            kept.ledgers[run.entry] = finished(run, ending, ledger, self._clock())


def _record(kept: Kept, run: Run, verdict: Verdict, now: int) -> None:
    if verdict.outcome != "held":
        missed = Missed(run.slot, run.slot, 1, verdict.outcome)
        kept.record(Record(now, run.entry, missed, run.by))
