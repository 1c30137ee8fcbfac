"""The runtime-owned entries in Redis or Valkey: one script for each change, one for a read.

Beside the store's other keys:

    runtime             the latest version, and that of the newest forgotten removal
    entries             entry -> version, when, fingerprint, who, definition
    changes    sorted   entries there are, by version
    removals   sorted   entries that were removed, by version
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from beatkit.store.actions import NOTHING, Action, action_to_words
from beatkit.store.owned import REMOVALS, Changes, Effect, Owned, owned_from_row
from beatkit.store.values import Writer

OWNED_SCRIPTS = ("put", "changes")
PUT_AT_ONCE = 1_000
READ_AT_ONCE = 5_000

_KEYS = (
    "runtime", "entries", "changes", "removals", "progress", "reserved", "paused", "actions",
    "identity", "waiting", "sent", "ran",
)  # fmt: skip

Call = Callable[[str, Iterable[str], Sequence[object]], Any]


class RedisOwned:
    """The `OwnedEntries` contract in a Redis or Valkey server.

    Args:
        call: Runs a script by its name, with names of keys and arguments.
        ask: Reads: each command is its name, a key's name and arguments.
    """

    def __init__(self, call: Call, ask: Callable[[Sequence[Sequence[object]]], list[Any]]) -> None:
        self._call = call
        self._ask = ask

    def put(self, entries: Sequence[Owned], action: Action) -> tuple[Effect, ...]:
        """See `OwnedEntries.put`."""
        effects = self._put("put", "", action, entries)
        return tuple(cast(Effect, effect.decode()) for effect in effects)

    def give_back(self, writer: Writer, entries: Sequence[Owned]) -> int:
        """See `OwnedEntries.give_back`."""
        return self._put("give_back", writer.identity, NOTHING, entries).count(b"added")

    def _put(
        self, mode: str, identity: str, action: Action, entries: Sequence[Owned]
    ) -> list[bytes]:
        effects: list[bytes] = []
        # The words of an action end with its scopes, one by one; here they are not looked at.
        said = action_to_words(action)[: -len(action.scopes) or None]
        for start in range(0, len(entries), PUT_AT_ONCE):
            part = entries[start : start + PUT_AT_ONCE]
            words = [word for entry in part for word in _words(entry)]
            head = [mode, REMOVALS, identity, *said, len(part)]
            effects += self._call("put", _KEYS, [*head, *words])
        return effects

    def since(self, version: int) -> Changes:
        """See `OwnedEntries.since`."""
        latest, forgotten, rows = self._changes(version)
        whole = version == 0 or version < forgotten or version > latest
        if whole and version:
            latest, forgotten, rows = self._changes(0)
        found = dict(rows)
        while len(rows) >= READ_AT_ONCE:  # removals are few, and all in the first answer
            after = max(row.version for row in rows.values() if row.text)
            latest, _, rows = self._changes(after)
            found |= rows
        ordered = sorted(found.values(), key=lambda one: one.version)
        return Changes(latest, whole, tuple(one for one in ordered if one.text or not whole))

    def _changes(self, version: int) -> tuple[int, int, dict[str, Owned]]:
        keys = ("runtime", "entries", "changes", "removals")
        latest, forgotten, rows = self._call("changes", keys, [version, READ_AT_ONCE])
        found = (_owned(*row) for row in rows)
        return int(latest), int(forgotten), {one.name: one for one in found}

    def get(self, names: Sequence[str]) -> Mapping[str, Owned]:
        """See `OwnedEntries.get`."""
        rows = self._ask([("HMGET", "entries", *names)])[0] if names else ()
        pairs = zip(names, rows, strict=True)
        return {name: owned_from_row(name, row) for name, row in pairs if row is not None}


def _words(entry: Owned) -> tuple[object, ...]:
    return (entry.name, entry.version, entry.fingerprint or "-", entry.by, entry.text)


def _owned(name: bytes, version: bytes, row: bytes) -> Owned:
    if row:
        return owned_from_row(name.decode(), row)
    return Owned(name.decode(), "", version=int(version))
