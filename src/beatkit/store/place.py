"""Can this file be a store? What can be seen of it without opening it for writing.

A file that does not exist yet is fit where it could be made. Network file systems are not,
where several hosts could each believe that they hold the lock
(https://sqlite.org/wal.html, "all processes using a database must be on the same host
computer"), nor is the database of another program, which is not ours to write to.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from beatkit.errors import StoreError

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}
    | {"fuse.sshfs", "fuse.glusterfs"}
)
"""File systems that several hosts may share, as /proc/mounts names them."""

COLUMNS = {"rows": ["prefix", "kind", "key", "value"], "events": ["prefix", "number", "value"]}
"""Our tables."""

_HEADER = b"SQLite format 3\0"
_ANOTHER = "name a file of its own, such as sqlite:///beatkit.db; the first beat makes it"
_RIGHTS = "let that user write to the file and its folder, or write the path of another file"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a file can be no store.

    Attributes:
        what: Goes on after its path.
        remedy: What to write, or to do.
        of_this_host: Another host may have the folder, or may be allowed to write to it.
    """

    what: str
    remedy: str
    of_this_host: bool = False

    def error(self, file: Path, source: str) -> StoreError:
        """Return it as the error of three lines.

        Args:
            file: The store's.
            source: The setting that named it.
        """
        return StoreError(f"store {str(file)!r} {self.what}\n  from {source}\n  {self.remedy}")


def file_of(url: str, source: str) -> Path:
    """Return the absolute path that a URL names.

    Args:
        url: `sqlite:///relative.db` or `sqlite:////absolute.db`.
        source: The setting that named it, for the message.

    Raises:
        StoreError: It names no file.
    """
    path = url.removeprefix("sqlite:///").split("?")[0]
    if path == url or not path or path.startswith(":"):
        raise StoreError(
            f"store is {url!r}, expected the path of a file after sqlite:///\n"
            f"  from {source}\n"
            "  write sqlite:///beatkit.db, or sqlite:////var/lib/shop/beatkit.db"
        )
    return Path(path).absolute()


def refuse_unfit(file: Path, source: str) -> None:
    """Refuse a file that can be no store. Nothing is written, and nothing is locked.

    Raises:
        StoreError: It cannot; the message says why, from where, and what to write instead.
    """
    found = flaw(file)
    if found is not None:
        raise found.error(file, source)


def flaw(file: Path) -> Flaw | None:
    """Return why a file can be no store; None if it can, as far as can be seen.

    Args:
        file: Absolute.
    """
    try:
        return _of_its_folder(file) or _of_its_kind(file) or _of_its_content(file)
    except OSError as error:
        return Flaw(
            f"cannot be looked at by user {_user()}: {error.strerror}", _RIGHTS, of_this_host=True
        )


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


def _of_its_folder(file: Path) -> Flaw | None:
    folder = file.parent
    kind = network_file_system(file, _mounts())
    if kind:
        return Flaw(
            f"is on {kind}, expected a disk of this host: over a network, "
            "two hosts could each believe that they hold the lock",
            "write a path on a local disk, or redis://HOST:6379/0 for beats on several hosts",
        )
    if not folder.is_dir():
        kind = "is no folder" if folder.exists() else "does not exist"
        return Flaw(
            f"has no folder to be in: {str(folder)!r} {kind}",
            f"make it first: mkdir -p {folder}, or write the path of a file in a folder that "
            "exists",
            of_this_host=True,
        )
    return None


def _of_its_kind(file: Path) -> Flaw | None:
    if file.is_dir():
        return Flaw("is a folder, expected a file", f"write sqlite:///{file}/beatkit.db")
    if file.exists() and not file.is_file():
        return Flaw("is a device or a socket, expected a file", _ANOTHER)
    # SQLite makes two more files beside it, so its folder must be writable too.
    locked = [each for each in (file, file.parent) if each.exists() and not _writable(each)]
    if locked:
        return Flaw(
            f"cannot be written by user {_user()}: {str(locked[0])!r} is read-only for it",
            _RIGHTS,
            of_this_host=True,
        )
    return None


def _of_its_content(file: Path) -> Flaw | None:
    if not file.exists() or not file.stat().st_size:
        return None
    with file.open("rb") as opened:
        if opened.read(len(_HEADER)) != _HEADER:
            return Flaw("is a file, but no SQLite database", _ANOTHER)
    tables = _tables(file)
    if tables and any(tables.get(name) != columns for name, columns in COLUMNS.items()):
        some = ", ".join(sorted(tables)[:3])
        return Flaw(f"is the database of another program, with the tables {some}", _ANOTHER)
    return None


def _tables(file: Path) -> dict[str, list[str]]:
    """Return columns by table; none where they cannot be read now.

    Immutable: it reads the file alone, so what another process is writing beside it is not
    seen, and a half of it may be.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?immutable=1", uri=True)) as db:
            rows = db.execute(
                "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
                " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY c.cid"
            ).fetchall()
    except sqlite3.Error:
        return {}
    tables: dict[str, list[str]] = {}
    for table, column in rows:
        tables.setdefault(table, []).append(column)
    return tables


def _writable(path: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(path, os.W_OK, effective_ids=effective)


def _user() -> str:
    return str(os.geteuid()) if hasattr(os, "geteuid") else repr(os.environ.get("USERNAME", "?"))


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text("utf-8", "replace")
    except OSError:
        return ""
