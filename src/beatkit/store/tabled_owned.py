"""The runtime-owned entries in tables; `lua/put.lua` says the same in the language of Redis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from beatkit.store import steps
from beatkit.store.actions import Action
from beatkit.store.owned import REMOVALS, Changes, Effect, Owned
from beatkit.store.tables import Kept, Tables
from beatkit.store.values import Progress, Writer


class TabledOwned:
    """The `OwnedEntries` contract over tables. Safe to share between threads.

    Args:
        tables: Where rows are kept, progress among them.
        clock: The store's time, milliseconds since 1970.
    """

    def __init__(self, tables: Tables, clock: Callable[[], int]) -> None:
        self._tables = tables
        self._clock = clock

    def put(self, entries: Sequence[Owned], action: Action) -> tuple[Effect, ...]:
        """See `OwnedEntries.put`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            steps.record_action(kept, replace(action, at=now))
            return tuple(_put(kept, replace(entry, at=now), now) for entry in entries)

    def since(self, version: int) -> Changes:
        """See `OwnedEntries.since`."""
        with self._tables.transaction() as kept:
            latest, forgotten = kept.runtime
            whole = version == 0 or version < forgotten or version > latest
            names = kept.changed_since(0 if whole else version)
            found = (kept.owned[name] for name in names)
            return Changes(latest, whole, tuple(one for one in found if one.text or not whole))

    def get(self, names: Sequence[str]) -> Mapping[str, Owned]:
        """See `OwnedEntries.get`."""
        with self._tables.transaction() as kept:
            found = ((name, kept.owned.get(name)) for name in names)
            return {name: one for name, one in found if one is not None and one.text}

    def give_back(self, writer: Writer, entries: Sequence[Owned]) -> int:
        """See `OwnedEntries.give_back`."""
        with self._tables.transaction() as kept:
            if kept.identity != writer.identity:
                return 0
            now = self._clock()
            return sum(_give_back(kept, replace(entry, at=now), now) for entry in entries)


def _put(kept: Kept, entry: Owned, now: int) -> Effect:
    old = kept.owned.get(entry.name)
    is_there = old is not None and bool(old.text)
    if not entry.text:
        if not is_there:
            return "absent"
        _remove(kept, entry, now)
        return "removed"
    if old is not None and old.text == entry.text:
        return "same"
    _write(kept, entry, now)
    _count(kept, entry, now)
    return "changed" if is_there else "added"


def _write(kept: Kept, entry: Owned, now: int) -> None:
    latest, forgotten = kept.runtime
    version = max(latest + 1, now)
    old = kept.owned.get(entry.name)
    if old is not None:
        del kept.changes[old.version]
        if not old.text:
            del kept.removals[old.version]
    kept.owned[entry.name] = replace(entry, version=version)
    kept.changes[version] = entry.name
    kept.runtime = version, forgotten


def _count(kept: Kept, entry: Owned, now: int) -> None:
    """Let the entry count from now on if it is new or its schedule is another."""
    old = kept.progress.get(entry.name)
    if not entry.fingerprint:
        kept.progress.pop(entry.name, None)
    elif old is None or (old.fingerprint != entry.fingerprint and old.slot < now):
        kept.progress[entry.name] = Progress(now, entry.fingerprint)
    else:
        kept.progress[entry.name] = replace(old, fingerprint=entry.fingerprint, absent_since=None)


def _remove(kept: Kept, entry: Owned, now: int) -> None:
    name = entry.name
    for rows in (kept.progress, kept.reserved, kept.waiting, kept.sent, kept.ran):
        rows.pop(name, None)
    for scope in (f"entry:{name}", f"skip:{name}"):
        kept.paused.pop(scope, None)
    _note_removal(kept, entry, now)


def _note_removal(kept: Kept, entry: Owned, now: int) -> None:
    _write(kept, entry, now)
    kept.removals[kept.runtime[0]] = entry.name
    while len(kept.removals) > REMOVALS:
        oldest = min(kept.removals)
        name = kept.removals.pop(oldest)
        del kept.owned[name], kept.changes[oldest]
        if name not in kept.progress:
            kept.ledgers.pop(name, None)
        kept.runtime = kept.runtime[0], oldest


def _give_back(kept: Kept, entry: Owned, now: int) -> bool:
    old = kept.owned.get(entry.name)
    if old is not None and old.version >= entry.version:
        return False
    if entry.text:
        _write(kept, entry, now)
    elif old is not None and old.text:
        _remove(kept, entry, now)
    else:  # for a beat that did not hear of it, and would give the entry back
        _note_removal(kept, entry, now)
    return bool(entry.text)
