"""The rows that a beat serves, each in the agenda, in hand, or over."""

from __future__ import annotations

from collections.abc import Iterable

from beatkit.beat import report
from beatkit.beat.agenda import Agenda
from beatkit.beat.rows import Row


class Roster:
    """Knows when each row wants attention, and which of them fail.

    A row that is taken is in hand until it is put back. What is still in hand at the end of
    a pass is put back by `put_back`: whatever happened, none may be forgotten.

    Args:
        rows: The entries to serve.

    Attributes:
        rows: By name.
        failing: Names of those that failed last.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = {row.entry.name: row for row in rows}
        self.failing: set[str] = set()
        self._agenda = Agenda()
        self._in_hand: set[str] = set()

    def first(self) -> int | None:
        """Return the earliest instant at which a row wants attention; None if none does."""
        return self._agenda.first()

    def take(self, until_ms: int, limit: int) -> list[Row]:
        """Take at most so many rows that want attention at or before an instant."""
        names = self._agenda.take(until_ms, limit)
        self._in_hand = set(names)
        return [self.rows[name] for name in names]

    def holds(self, row: Row) -> bool:
        """Whether a row is in hand."""
        return row.entry.name in self._in_hand

    def put(self, row: Row, at: int | None) -> None:
        """Put a row back into the agenda, or add it; None: it is over."""
        self._in_hand.discard(row.entry.name)
        if at is not None:
            self._agenda.put(row.entry.name, at)

    def put_back(self, now: int) -> None:
        """Put back at once what is still in hand."""
        for name in self._in_hand:
            self._agenda.put(name, now)

    def put_by_progress(self, row: Row, now: int, behind: int = 0) -> None:
        """Put a row where its progress says that it wants attention next.

        Args:
            row: The row.
            now: The store's time.
            behind: A row that has had its turn and still owes slots goes behind those that
                were due at this instant.
        """
        at = self._wake(row, now)
        self.put(row, None if at is None else max(at, behind))

    def plan_afresh(self, now: int) -> None:
        """Put all rows where their progress says."""
        self._agenda = Agenda()  # into which a row that fails is put by itself
        wakes = [(self._wake(row, now), row.entry.name) for row in self.rows.values()]
        self._agenda.put_all((at, name) for at, name in wakes if at is not None)

    def add(self, row: Row) -> None:
        """Serve a row, from when it is first put; it may take another's place.

        What was known of its progress stays known, unless its schedule is another now.
        """
        old = self.rows.get(row.entry.name)
        if old is not None and old.fingerprint == row.fingerprint:
            row.progress = old.progress
        self.rows[row.entry.name] = row

    def drop(self, name: str) -> None:
        """Serve a row no longer."""
        del self.rows[name]
        self._agenda.drop(name)
        self.failing.discard(name)

    def fail(self, row: Row, now: int, complaint: str) -> None:
        """Let a row back off, alone; a new complaint is logged."""
        again_at = row.fail(now)
        self.failing.add(row.entry.name)
        self.put(row, again_at)
        if complaint != row.complaint:
            row.complaint = complaint
            report.failing(row.entry, complaint, again_at - now)

    def succeed(self, row: Row) -> None:
        """Note that a row does not fail any more."""
        if row.failures:
            report.mended(row.entry, row.failures)
            row.succeed()
            self.failing.discard(row.entry.name)

    def _wake(self, row: Row, now: int) -> int | None:
        try:
            return row.wake(now)
        except Exception as error:  # noqa: BLE001 - a schedule may be anybody's code
            self.fail(row, now, report.no_plan(row.entry, error))
            return None
