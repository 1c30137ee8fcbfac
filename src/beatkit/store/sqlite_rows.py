"""What a SQLite file keeps, row by row: each kind of rows as a mapping of our values."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import astuple
from typing import Any, Generic, TypeVar

from beatkit.store import rules
from beatkit.store.actions import Pause, action_from_json
from beatkit.store.backfills import backfill_from_json
from beatkit.store.events import EVENTS_A_RUN, Event, from_text, to_text
from beatkit.store.marks import ledger_from_json
from beatkit.store.owned import owned_from_json
from beatkit.store.replies import beat_from_json, beat_to_json
from beatkit.store.values import Peer, Pending, Progress

K = TypeVar("K")
V = TypeVar("V")

SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    prefix TEXT, kind TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (prefix, kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    prefix TEXT, number INTEGER, value TEXT NOT NULL, PRIMARY KEY (prefix, number)
) WITHOUT ROWID;
"""


class _Rows(MutableMapping[K, V], Generic[K, V]):
    """One kind of rows, as a mapping; keys and values as text of our own making."""

    def __init__(
        self,
        cursor: sqlite3.Connection,
        which: tuple[str, str],
        key: tuple[Callable[[K], str], Callable[[str], K]],
        value: tuple[Callable[[V], str], Callable[[K, str], V]],
    ) -> None:
        self._db = cursor
        self._which = which
        self._key, self._unkey = key
        self._value, self._unvalue = value

    def __getitem__(self, key: K) -> V:
        sql = "SELECT value FROM rows WHERE prefix = ? AND kind = ? AND key = ?"
        row = self._db.execute(sql, (*self._which, self._key(key))).fetchone()
        if row is None:
            raise KeyError(key)
        return self._unvalue(key, row[0])

    def __setitem__(self, key: K, value: V) -> None:
        sql = "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)"
        self._db.execute(sql, (*self._which, self._key(key), self._value(value)))

    def __delitem__(self, key: K) -> None:
        sql = "DELETE FROM rows WHERE prefix = ? AND kind = ? AND key = ?"
        if not self._db.execute(sql, (*self._which, self._key(key))).rowcount:
            raise KeyError(key)

    def __iter__(self) -> Iterator[K]:
        sql = "SELECT key FROM rows WHERE prefix = ? AND kind = ?"
        return iter([self._unkey(row[0]) for row in self._db.execute(sql, self._which)])

    def __len__(self) -> int:
        sql = "SELECT count(*) FROM rows WHERE prefix = ? AND kind = ?"
        return int(self._db.execute(sql, self._which).fetchone()[0])


_NAME: tuple[Callable[[str], str], Callable[[str], str]] = (str, str)


class SqliteRows:
    """All rows of one prefix, within one transaction. See `beatkit.store.tables.Kept`."""

    def __init__(self, db: sqlite3.Connection, prefix: str, history: int) -> None:
        def rows(kind: str, value: Any, key: Any = _NAME) -> Any:
            return _Rows(db, (prefix, kind), key, value)

        self._db, self._prefix, self._events = db, prefix, history * EVENTS_A_RUN
        self._single = rows("single", (str, lambda _, text: text))
        self.progress = rows("progress", (_dump, lambda _, text: Progress(*json.loads(text))))
        self.reserved = rows(
            "reserved", (_dump, lambda _, text: rules.Reservation(*json.loads(text)))
        )
        slots = (lambda key: f"{key[1]} {key[0]}", _slot_key)
        self.pendings = rows("pending", (_dump, lambda _, text: Pending(*json.loads(text))), slots)
        self.paused = rows("paused", (_dump, lambda _, text: Pause(*json.loads(text))))
        numbers = (lambda number: f"{number:012}", int)
        self.actions = rows("action", (_dump, lambda _, text: action_from_json(text)), numbers)
        self.claimed = rows("claimed", (str, lambda _, text: int(text)))
        self.peers = rows("beats", (_dump_peer, lambda _, text: _load_peer(text)))
        self.waiting = rows("waiting", (str, lambda _, text: int(text)))
        event = (to_text, lambda _, text: from_text(text))
        self.sent, self.ran = rows("sent", event), rows("ran", event)
        self.silences = rows("silence", (str, lambda _, text: int(text)), (str, int))
        self.ledgers = rows("marks", (_dump, lambda _, text: ledger_from_json(text)))
        self.owned = rows("owned", (_dump, lambda _, text: owned_from_json(text)))
        self.backfills = rows("backfill", (_dump, lambda _, text: backfill_from_json(text)))
        versions = (lambda version: f"{version:016}", int)
        self.changes = rows("change", (str, lambda _, text: text), versions)
        self.removals = rows("removal", (str, lambda _, text: text), versions)

    @property
    def identity(self) -> str:
        """See `Kept.identity`."""
        return str(self._single.get("identity", ""))

    @identity.setter
    def identity(self, value: str) -> None:
        if value != self.identity:
            self._single["identity"] = value

    @property
    def revision(self) -> str:
        """See `Kept.revision`."""
        return str(self._single.get("revision", ""))

    @revision.setter
    def revision(self, value: str) -> None:
        self._single["revision"] = value

    @property
    def heard(self) -> int:
        """See `Kept.heard`."""
        return int(self._single.get("heard", 0))

    @heard.setter
    def heard(self, value: int) -> None:
        self._single["heard"] = str(value)

    @property
    def runtime(self) -> tuple[int, int]:
        """See `Kept.runtime`."""
        version, forgotten = str(self._single.get("runtime", "0 0")).split(" ")
        return int(version), int(forgotten)

    @runtime.setter
    def runtime(self, value: tuple[int, int]) -> None:
        self._single["runtime"] = f"{value[0]} {value[1]}"

    def changed_since(self, version: int) -> list[str]:
        """See `Kept.changed_since`."""
        sql = "SELECT value FROM rows WHERE prefix = ? AND kind = 'change' AND key > ? ORDER BY key"
        found = self._db.execute(sql, (self._prefix, f"{version:016}"))
        return [row[0] for row in found]

    def tell(self, event: Event) -> None:
        """See `Kept.tell`."""
        if not self._events:
            return
        sql = "SELECT max(number) FROM events WHERE prefix = ?"
        number = (self._db.execute(sql, (self._prefix,)).fetchone()[0] or 0) + 1
        row = (self._prefix, number, to_text(event))
        self._db.execute("INSERT INTO events VALUES (?, ?, ?)", row)
        sql = "DELETE FROM events WHERE prefix = ? AND number <= ?"
        self._db.execute(sql, (self._prefix, number - self._events))

    def told(self, newest: int | None) -> tuple[Event, ...]:
        """See `Kept.told`."""
        sql = "SELECT value FROM events WHERE prefix = ? ORDER BY number DESC LIMIT ?"
        rows = self._db.execute(sql, (self._prefix, -1 if newest is None else newest)).fetchall()
        return tuple(from_text(row[0]) for row in reversed(rows))


def _dump(value: Any) -> str:
    return json.dumps(astuple(value))


def _slot_key(text: str) -> tuple[str, int]:
    slot, entry = text.split(" ", 1)
    return entry, int(slot)


def _dump_peer(row: tuple[Peer, int]) -> str:
    return json.dumps([beat_to_json(row[0].beat), row[0].started, row[0].seen, row[1]])


def _load_peer(text: str) -> tuple[Peer, int]:
    beat, started, seen, until = json.loads(text)
    return Peer(beat_from_json(beat), started, seen), until
