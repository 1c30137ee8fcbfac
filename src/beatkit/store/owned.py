"""Which entries were added while running: what operators put, and beats and others read.

**What is authoritative.** One row an entry, with the *version* of the change that made it.
Versions only grow, so whoever has read up to one asks for what came after it; a beat learns
with each announcement which version is the latest.

**What a reader may decide alone**: when to read. What it holds may be a second old: a
removed entry has no progress any more, and one whose schedule was changed has another, with
another fingerprint: a claim by what stood there before is answered "moved", and a seed by an
earlier version changes nothing. So a beat that was stopped in the middle of either is refused.

**What happens in each failure**

- *A reply is lost.* Put the same again: an entry that is there as given is "same".
- *A reader was away for long.* Removals are remembered for the newest `REMOVALS`; who has
  read no further than before those is told to read all.
- *The store lost entries.* A beat knows them: it gives back those that are newer than what
  the store has. So they live as long as the store or any beat does.

**Memory** is bounded by the entries there are, and `REMOVALS`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from beatkit.store.actions import Action
from beatkit.store.values import Writer

REMOVALS = 1_000
"""How many removals are remembered, the newest."""

Effect = Literal["added", "changed", "same", "removed", "absent"]
"""What became of an entry that was put or removed; "absent": there was none to remove."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A runtime-owned entry as the store keeps it.

    Attributes:
        name: Its name.
        text: Its definition as JSON; "" says that it was removed.
        fingerprint: Of its schedule: with another it counts anew, from the change. "" of
            one that is not enabled: it does not count at all.
        by: Who put it; without white space.
        at: When, milliseconds since 1970, UTC; the store fills it in.
        version: Of the change that made it; the store fills it in.
    """

    name: str
    text: str
    fingerprint: str = ""
    by: str = "-"
    at: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed among the entries.

    Attributes:
        version: Of the latest change: ask for what comes after it.
        whole: These are all that there are: what is not among them was removed.
        entries: In the order of their changes; removed ones with an empty text.
    """

    version: int
    whole: bool
    entries: tuple[Owned, ...]


class OwnedEntries(Protocol):
    """The runtime-owned entries of a store.

    All raise `StoreUnavailable` when the store does not answer in time, and `StoreError`
    when it refuses.
    """

    def put(self, entries: Sequence[Owned], action: Action) -> tuple[Effect, ...]:
        """Add entries, change them, or remove those whose text is empty; and record it.

        Each thousand is one atomic step. An entry counts from this moment if it is new or
        its schedule is another: no beat needs to have seen it, and nothing before it is
        sent. A removed one has no progress any more, and no pause of its own.
        """
        ...

    def since(self, version: int) -> Changes:
        """Return what changed after a version; all there is after 0."""
        ...

    def get(self, names: Sequence[str]) -> Mapping[str, Owned]:
        """Return the entries of some names, as far as there are any."""
        ...

    def give_back(self, writer: Writer, entries: Sequence[Owned]) -> int:
        """Restore what a beat knows and the store has lost; return how many entries those were.

        An entry is restored, under a new version, where the store has none of its name or
        one of an older version, be it a removal; and one that was removed is removed again,
        and noted as removed where the store knows nothing of it.
        Nothing happens if the store's identity is not the writer's.
        """
        ...


class KeepsOwnedEntries(Protocol):
    """What every store is besides `Store`."""

    def owned(self) -> OwnedEntries:
        """Return the same store as the keeper of runtime-owned entries."""
        ...


def owned_from_json(text: str) -> Owned:
    """Read an entry from the JSON list of its fields."""
    return Owned(*json.loads(text))


def owned_from_row(name: str, row: bytes) -> Owned:
    """Read an entry as the scripts write it: "version at fingerprint by text"."""
    version, at, fingerprint, by, text = row.decode().split(" ", 4)
    return Owned(name, text, "" if fingerprint == "-" else fingerprint, by, int(at), int(version))
