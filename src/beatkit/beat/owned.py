"""Which runtime-owned entries does a beat serve? Kept in step with the store, change by change.

A beat learns with each announcement which version of them is the latest, and reads only what
came after the one it has. Where code declares an entry of the same name, code's counts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from beatkit.beat.rows import Row
from beatkit.entry import Entry
from beatkit.errors import DeclarationError
from beatkit.store import Situation, Writer
from beatkit.store.owned import REMOVALS, Changes, Owned, OwnedEntries

logger = logging.getLogger("beatkit.beat")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a beat has to do about changed entries.

    Attributes:
        rows: To serve from now on, new or in the place of their former selves.
        dropped: Names to serve no longer.
        gone: Those of them that were removed.
    """

    rows: tuple[Row, ...] = ()
    dropped: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


class OwnedRows:
    """The runtime-owned entries of one beat.

    Args:
        entries: The store's.
        read: Makes an entry of what the store keeps; raises DeclarationError where it cannot
            work in this code.
        make_row: Makes the row of an entry and the version of it that was read.
        code: Names of the entries that code declares.
    """

    def __init__(
        self,
        entries: OwnedEntries,
        read: Callable[[Owned], Entry],
        make_row: Callable[[Entry, int], Row],
        code: Collection[str],
    ) -> None:
        self._entries = entries
        self._read = read
        self._make_row = make_row
        self._code = code
        self._known: dict[str, Owned] = {}
        self._removed: dict[str, Owned] = {}  # the newest, for a store that forgets them
        self._served: set[str] = set()
        self._identity = ""
        self._version = 0

    @property
    def unserved(self) -> set[str]:
        """Names of entries that the store keeps and this beat does not serve."""
        return self._known.keys() - self._served

    def refresh(self, writer: Writer, situation: Situation) -> Turn:
        """Take in what changed; nothing is read where nothing did.

        Args:
            writer: This beat, in force.
            situation: What the store answered to its latest announcement.

        Raises:
            StoreError: The store did not answer; call it again.
        """
        lost = bool(self._identity) and (
            situation.identity != self._identity or situation.owned < self._version
        )
        if lost:
            self._give_back(writer)
        elif situation.owned == self._version:
            self._identity = situation.identity
            return Turn()
        changes = self._entries.since(0 if lost else self._version)
        self._identity, self._version = situation.identity, changes.version
        return self._take_in(changes)

    def _give_back(self, writer: Writer) -> None:
        count = self._entries.give_back(writer, [*self._known.values(), *self._removed.values()])
        if count:
            logger.warning(
                "beat: the store lost %d runtime-owned entries; it got them back from this beat.",
                count,
            )

    def _take_in(self, changes: Changes) -> Turn:
        here = {one.name for one in changes.entries if one.text}
        gone = [one.name for one in changes.entries if not one.text]
        if changes.whole:
            gone += [name for name in self._known if name not in here]
        for name in gone:
            self._known.pop(name, None)
        self._remember([one for one in changes.entries if not one.text])
        rows = [row for one in changes.entries if one.text and (row := self._row(one))]
        served = {row.entry.name for row in rows}
        left = self._served - served
        dropped = [name for name in (*gone, *here - served) if name in left]
        self._served = (self._served | served) - set(dropped)
        return Turn(tuple(rows), tuple(dropped), tuple(name for name in gone if name in dropped))

    def _remember(self, removed: list[Owned]) -> None:
        for one in removed:
            self._removed.pop(one.name, None)
            self._removed[one.name] = one
        while len(self._removed) > REMOVALS:
            del self._removed[next(iter(self._removed))]

    def _row(self, one: Owned) -> Row | None:
        self._known[one.name] = one
        self._removed.pop(one.name, None)
        if one.name in self._code:
            logger.warning(_SHADOWED, one.name, one.name)
            return None
        try:
            entry = self._read(one)
        except DeclarationError as error:
            logger.error("beat: a runtime-owned entry is not sent: %s", error)  # noqa: TRY400
            return None
        return self._make_row(entry, one.version) if entry.enabled else None


_SHADOWED = (
    "beat: entry %r is declared in code and was added while running, too: code's is sent.\n"
    "  take one of them away, such as with: celery -A ... schedule remove %s"
)
