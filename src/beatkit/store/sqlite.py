"""A store in one SQLite file: several processes, all on one host.

Write-ahead log with synchronous FULL: what was answered survives the end of the process and
of the power. Writers take turns; none waits longer than the timeout. The store's time is the
host's.

Which files it refuses is in `place`.
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
from beatkit.store.place import file_of, refuse_unfit
from beatkit.store.sqlite_rows import SCHEMA, SqliteRows
from beatkit.store.tabled import TabledStore, wall_clock


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
        StoreError: The URL names no file. That it names one that can be no store is found
            when it is first used, or before by `beatkit.store.place`.
    """
    file = file_of(url, source)
    return TabledStore(_File(file, prefix, timeout, source, history), clock=clock)


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
        refuse_unfit(self._file, self._source)
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
