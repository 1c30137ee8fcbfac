"""Making entries known to the store before their first claim, and forgetting those gone.

An entry counts from the moment it is first seen, durably, so that a 24 h interval fires on
time although its beats restart every five minutes. A store that lost its data gets back the
highest progress that any beat knows, before any claim.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

from beatkit.beat.rows import Row
from beatkit.store import FORGET_MS, Progress, Seed, Situation, Store, View, Writer

logger = logging.getLogger("beatkit.beat")

CHUNK = 1_000
"""Entries a round trip."""

RESEND_MS = 60_000
"""Slots younger than this are sent again where the store has fallen behind."""


class Seeding:
    """Keeps a beat's rows and the store's progress in step.

    Args:
        rows: The entries that the beat serves, by name.
        store: Where progress is.

    Attributes:
        done: Whether the rows' progress is the store's.
        after_loss: Whether the latest `run` was made because the store had lost its data.
    """

    def __init__(self, rows: Mapping[str, Row], store: Store) -> None:
        self._rows = rows
        self._store = store
        self._identity = ""
        self._tidy_at: float | None = None  # on the steady clock, as is the next
        self._served: float | None = None  # when this beat was last seen in force
        self._aged = False  # what it knows may be of entries forgotten since
        self._owed: dict[str, Row] = {}  # added, changed or unknown while all others are done
        self._gone: set[str] = set()  # and those removed
        self.done = False
        self.after_loss = False

    def void(self) -> None:
        """Note that the rows' progress may be out of date: seed before the next claim."""
        self.done = False

    def wanted(self, situation: Situation, steady: float) -> bool:
        """Whether to `run`: never done, the store lost its data, or to forget what is gone.

        Args:
            situation: What the store answered to a beat in force.
            steady: The host's steady clock, milliseconds.
        """
        if self.done:
            self.after_loss = False
        if self._identity and situation.identity != self._identity:
            logger.error(
                "beat: the store lost its data; it gets back the progress that this beat knows."
            )
            self.done = False
            self.after_loss = True
        self._identity = situation.identity
        if self._served is not None and steady - self._served >= FORGET_MS:
            self._aged, self.done = True, False
        self._served = steady
        return not self.done or (self._tidy_at is not None and steady >= self._tidy_at)

    def owe(self, rows: Iterable[Row], gone: Iterable[str]) -> None:
        """Note rows to seed, and names that were removed, beside all that is done."""
        self._owed |= {row.entry.name: row for row in rows}
        self._gone |= set(gone)

    def pay(self, writer: Writer, now: int) -> list[Row]:
        """Seed the rows that are owed, and no others; return those that are still served."""
        rows = [row for name, row in self._owed.items() if self._rows.get(name) is row]
        seeds = [_seed_of(row, now, is_known=True) for row in rows]
        if not (seeds or self._gone):
            return []
        if not self._seed(writer, seeds, list(self._gone)):
            self.done = False
            return []
        self._owed, self._gone = {}, set()
        return rows

    def run(
        self,
        writer: Writer,
        now: int,
        steady: float,
        hesitates: bool,
        spared: Collection[str] = (),
    ) -> bool:
        """Seed every row and read its progress.

        Args:
            writer: Who writes, in force.
            now: The store's time.
            steady: The host's steady clock, milliseconds.
            hesitates: Others may be about to tell an empty store what they know.
            spared: Names that are not gone, although this beat does not serve them.

        Returns:
            False: call again. The store refused; or it is empty, this beat knows nothing
            and starting all from now would keep beats that know more from saying so.
        """
        known = self._store.read()
        if hesitates and not known.progress and self._knows_nothing:
            return False
        gone = [name for name in known.progress if name not in self._rows and name not in spared]
        if not self._seed(writer, self._seeds(known, now), gone):
            self.done = False
            return False
        self._tidy_at = steady + FORGET_MS if gone else None
        self._aged, self.done = False, True
        self._owed, self._gone = {}, set()
        return True

    def _seeds(self, found: View, now: int) -> list[Seed]:
        """Return what to ask of the store, whose progress was `found`.

        What goes on where it is needs no seed. An entry that others forgot while this beat
        was stopped, or stood by, counts anew; but one that is missing from an older copy of
        the store's data goes on.
        """
        forget = self._aged and not self.after_loss and not self._is_behind(found)
        seeds: list[Seed] = []
        for name, row in self._rows.items():
            at = found.progress.get(name)
            if at is not None and _goes_on(row, at):
                row.progress = at.slot  # as a seed would answer; of 100,000 most do, at a start
            elif at is not None and at.slot < row.progress and not self.after_loss:
                seeds.append(_mending(row, at.slot, now))
            else:
                seeds.append(_seed_of(row, now, is_known=at is not None or not forget))
        return seeds

    def _is_behind(self, found: View) -> bool:
        return any(
            name in self._rows and progress.slot < self._rows[name].progress
            for name, progress in found.progress.items()
        )

    @property
    def _knows_nothing(self) -> bool:
        return all(row.progress < 0 for row in self._rows.values())

    def _seed(self, writer: Writer, seeds: Sequence[Seed], gone: Sequence[str]) -> bool:
        for start in range(0, max(len(seeds), 1), CHUNK):
            view = self._store.seed(writer, seeds[start : start + CHUNK], gone if not start else ())
            if view.refused:
                return False
            self._read(view)
        return True

    def _read(self, view: View) -> None:
        for name, progress in view.progress.items():
            self._rows[name].progress = progress.slot

    def take_in(self, writer: Writer, row: Row, found: int | None, now: int) -> bool:
        """Take in the progress of a row that the store answered.

        Returns:
            False: announce and seed again before the next claim. The store does not know
            the entry, or refused to be mended.
        """
        if found is None and row.owned:
            self.owe([row], ())  # most likely it was removed: then nothing is seeded
            return False
        if found is None:
            self.done = False
            return False
        if found < row.progress:
            return self._raise(writer, row, found, now)
        row.progress = found
        return True

    def _raise(self, writer: Writer, row: Row, found: int, now: int) -> bool:
        """Mend a store that is behind on an entry; False if it refused."""
        view = self._store.seed(writer, [_mending(row, found, now)])
        if view.refused:
            return False
        self._read(view)
        return True


def _mending(row: Row, found: int, now: int) -> Seed:
    """Return what mends a store that is behind what it once acknowledged: a replica took over.

    Slots younger than `RESEND_MS` stay owed and are sent again, with the same id; older ones
    are decided again as they were.
    """
    name, known = row.entry.name, row.progress
    resume = found
    if row.rule is None:
        resume = known
    elif (older := row.rule.previous(now - RESEND_MS + 1)) is not None:
        resume = max(found, min(known, older))
    logger.warning(
        "beat: the store is behind on entry %r, a replica without the latest writes may "
        "have taken over: slots younger than %d s are sent again with the same id.",
        name,
        RESEND_MS // 1000,
    )
    return Seed(name, row.fingerprint, anchor=now, known=resume, owned=row.owned)


def _goes_on(row: Row, at: Progress) -> bool:
    """Whether a seed would change nothing in the store."""
    return at.fingerprint == row.fingerprint and at.absent_since is None and at.slot >= row.progress


def _seed_of(row: Row, now: int, *, is_known: bool) -> Seed:
    known = row.progress if is_known and row.progress >= 0 else None
    return Seed(row.entry.name, row.fingerprint, anchor=now, known=known, owned=row.owned)
