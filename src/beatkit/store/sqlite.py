"""A store in one SQLite file: several processes, all on one host.

Write-ahead log with synchronous FULL: what was answered survives the end of the process and
of the power. Writers take turns; none waits longer than the timeout. The store's time is the
host's.

It refuses a folder it may not write to, and network file systems, where several hosts could
each believe that they hold the lock (https://sqlite.org/wal.html, "all processes using a
database must be on the same host computer").
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from threading import RLock
from typing import Any, Generic, TypeVar

from beatkit.errors import StoreError, StoreUnavailable
from beatkit.store import rules
from beatkit.store.actions import Pause, action_from_json
from beatkit.store.marks import ledger_from_json
from beatkit.store.replies import beat_from_json, beat_to_json
from beatkit.store.tabled import TabledStore, wall_clock
from beatkit.store.values import Missed, Peer, Pending, Progress, Record

K = TypeVar("K")
V = TypeVar("V")

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}
    | {"fuse.sshfs", "fuse.glusterfs"}
)
"""File systems that several hosts may share, as /proc/mounts names them."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    prefix TEXT, kind TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (prefix, kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, prefix TEXT NOT NULL, value TEXT NOT NULL
);
"""


def sqlite_store(
    url: str,
    *,
    prefix: str,
    timeout: float = 2.0,
    source: str = "beatkit_store_url",
    history: int = rules.HISTORY,
    clock: Callable[[], int] = wall_clock,
) -> TabledStore:
    """Open a store in a file, which is made when it is first used.

    Args:
        url: `sqlite:///relative.db` or `sqlite:////absolute.db`.
        prefix: Of the rows: one file may hold many schedules.
        timeout: Seconds to wait for another process's write.
        source: The setting that named the URL, for error messages.
        history: How many records of slots not sent are kept; 0: none.
        clock: The store's time, milliseconds since 1970.

    Raises:
        StoreError: The URL names no file, or one on a network file system.
    """
    path = url.removeprefix("sqlite:///").split("?")[0]
    if path == url or not path or path.startswith(":"):
        raise StoreError(
            f"store is {url!r}, expected the path of a file after sqlite:///\n"
            f"  from {source}\n"
            "  write sqlite:///beatkit.db, or sqlite:////var/lib/shop/beatkit.db"
        )
    file = Path(path).absolute()
    kind = network_file_system(file, _mounts())
    if kind:
        raise StoreError(
            f"store {str(file)!r} is on {kind}, expected a disk of this host: over a network, "
            "two hosts could each believe that they hold the lock\n"
            f"  from {source}\n"
            "  write a path on a local disk, or redis://HOST:6379/0 for beats on several hosts"
        )
    return TabledStore(_File(file, prefix, timeout, source, history), clock=clock)


def network_file_system(file: Path, mounts: str) -> str:
    """Return the kind of network file system that a path is on; "" if it is a local one.

    Args:
        file: An absolute path.
        mounts: The text of /proc/mounts; "" where there is none.
    """
    rows = [row.split() for row in mounts.splitlines()]
    here = {row[1]: row[2] for row in rows if len(row) > 2}
    for folder in (str(parent) for parent in file.parents):
        if folder in here:
            return here[folder] if here[folder] in NETWORK else ""
    return ""


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text("utf-8", "replace")
    except OSError:
        return ""


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


class _Kept:
    def __init__(self, db: sqlite3.Connection, prefix: str, history: int) -> None:
        def rows(kind: str, value: Any, key: Any = _NAME) -> Any:
            return _Rows(db, (prefix, kind), key, value)

        self._db, self._prefix, self._history = db, prefix, history
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
        self.ledgers = rows("marks", (_dump, lambda _, text: ledger_from_json(text)))

    @property
    def identity(self) -> str:
        return str(self._single.get("identity", ""))

    @identity.setter
    def identity(self, value: str) -> None:
        if value != self.identity:
            self._single["identity"] = value

    @property
    def revision(self) -> str:
        return str(self._single.get("revision", ""))

    @revision.setter
    def revision(self, value: str) -> None:
        self._single["revision"] = value

    def record(self, record: Record) -> None:
        sql = "INSERT INTO history (prefix, value) VALUES (?, ?)"
        at = self._db.execute(sql, (self._prefix, _dump(record))).lastrowid
        sql = "DELETE FROM history WHERE prefix = ? AND id <= ?"
        self._db.execute(sql, (self._prefix, (at or 0) - self._history))

    def records(self, limit: int) -> tuple[Record, ...]:
        sql = "SELECT value FROM history WHERE prefix = ? ORDER BY id DESC LIMIT ?"
        rows = (json.loads(row[0]) for row in self._db.execute(sql, (self._prefix, limit)))
        return tuple(Record(at, entry, Missed(*missed), by) for at, entry, missed, by in rows)


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


class _File:
    """One file; opened anew in each process, for SQLite's connections must not be forked."""

    def __init__(self, file: Path, prefix: str, timeout: float, source: str, history: int) -> None:
        self._history = history
        self._file, self._prefix = file, prefix
        self._timeout, self._source = timeout, source
        self._lock, self._pid = RLock(), 0
        self._db: sqlite3.Connection | None = None
        self._inode = 0

    @contextmanager
    def transaction(self) -> Iterator[_Kept]:
        with self._lock, self._errors_named():
            db = self._open()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield _Kept(db, self._prefix, self._history)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        if self._db is not None and self._pid == os.getpid():
            if _inode(self._file) == self._inode:
                return self._db
            self.close()  # the file was deleted, and a beat that starts makes another
        db = sqlite3.connect(
            self._file, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.executescript(_SCHEMA)
        self._db, self._pid, self._inode = db, os.getpid(), _inode(self._file)
        return db

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self.close()
            raise _named(self._file, self._source, error) from error

    def wipe(self) -> None:
        with self.transaction(), self._errors_named():
            for table in ("rows", "history"):
                self._open().execute(f"DELETE FROM {table} WHERE prefix = ?", (self._prefix,))

    def close(self) -> None:
        with self._lock:
            db, self._db = self._db, None
            if db is not None and self._pid == os.getpid():
                db.close()


def _inode(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_ino
    return 0


_PASSING = ("locked", "busy", "disk is full", "disk I/O")


def _named(file: Path, source: str, error: sqlite3.Error) -> StoreError:
    if any(word in str(error) for word in _PASSING):
        return StoreUnavailable(
            f"Store {str(file)!r} is not available: {error}\n  from {source}\n"
            "  nothing is lost: what is owed is sent when it is back"
        )
    return StoreError(
        f"Store {str(file)!r} cannot be used: {error}\n  from {source}\n"
        "  write the path of a file in a folder that beat may write to"
    )
