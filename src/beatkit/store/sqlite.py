"""A store in one SQLite file: several processes, all on one host.

Write-ahead log with synchronous FULL: what was answered survives the end of the process and
of the power. Writers take turns; none waits longer than the timeout. The store's time is the
host's.

It refuses a folder it may not write to, and network file systems, where several hosts could
each believe that they hold the lock (https://sqlite.org/wal.html, "all processes using a
database must be on the same host computer").
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

from beatkit.errors import StoreError, StoreUnavailable
from beatkit.store import rules
from beatkit.store.sqlite_rows import SCHEMA, SqliteRows
from beatkit.store.tabled import TabledStore, wall_clock

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}
    | {"fuse.sshfs", "fuse.glusterfs"}
)
"""File systems that several hosts may share, as /proc/mounts names them."""


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
        history: How many runs are kept; 0: none.
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
    def transaction(self) -> Iterator[SqliteRows]:
        with self._lock, self._errors_named():
            db = self._open()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteRows(db, self._prefix, self._history)
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
        db.executescript(SCHEMA)
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
            for table in ("rows", "events"):
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
