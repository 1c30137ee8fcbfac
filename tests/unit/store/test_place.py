"""Which files can be a store, and what is said of those that cannot."""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from beatkit.errors import StoreError
from beatkit.store import open_store, place
from beatkit.store.place import file_of, network_file_system, refuse_unfit
from beatkit.store.sqlite_rows import SCHEMA

MOUNTS = """\
/dev/vda1 / ext4 rw 0 0
fileserver:/export /shared nfs4 rw 0 0
tmpfs /shared/local tmpfs rw 0 0
"""


def said(file: Path) -> str:
    """What refuses the file, and that a store in it is refused in the same words."""
    with pytest.raises(StoreError) as early:
        refuse_unfit(file, "beatkit_store_url")
    store = open_store(f"sqlite:///{file}", prefix="x:")
    with pytest.raises(StoreError) as late:
        store.read()
    assert str(late.value) == str(early.value)
    return str(early.value)


@pytest.mark.parametrize(
    "file, kind",
    [
        ("/var/lib/beatkit.db", ""),
        ("/shared/beatkit.db", "nfs4"),
        ("/shared/deep/er/beatkit.db", "nfs4"),
        ("/shared/local/beatkit.db", ""),
    ],
)
def test_a_network_file_system_is_recognised(file: str, kind: str) -> None:
    assert network_file_system(Path(file), MOUNTS) == kind
    assert network_file_system(Path(file), "") == ""


def test_a_network_file_system_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_mounts", lambda: MOUNTS)
    assert said(Path("/shared/beatkit.db")) == (
        "store '/shared/beatkit.db' is on nfs4, expected a disk of this host: over a network, "
        "two hosts could each believe that they hold the lock\n"
        "  from beatkit_store_url\n"
        "  write a path on a local disk, or redis://HOST:6379/0 for beats on several hosts"
    )


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:x.db"])
def test_a_url_that_names_no_file_is_refused(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        file_of(url, "beatkit_store_url")
    assert str(caught.value) == (
        f"store is {url!r}, expected the path of a file after sqlite:///\n"
        "  from beatkit_store_url\n"
        "  write sqlite:///beatkit.db, or sqlite:////var/lib/shop/beatkit.db"
    )


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert said(tmp_path / "none" / "beatkit.db") == (
        f"store '{tmp_path}/none/beatkit.db' has no folder to be in: '{tmp_path}/none' does not "
        "exist\n"
        "  from beatkit_store_url\n"
        f"  make it first: mkdir -p {tmp_path}/none, or write the path of a file in a folder "
        "that exists"
    )


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert said(tmp_path / "file" / "beatkit.db").startswith(
        f"store '{tmp_path}/file/beatkit.db' has no folder to be in: '{tmp_path}/file' is no "
        "folder\n"
    )


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    assert said(tmp_path) == (
        f"store '{tmp_path}' is a folder, expected a file\n"
        "  from beatkit_store_url\n"
        f"  write sqlite:///{tmp_path}/beatkit.db"
    )


def test_a_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound, tempfile.TemporaryDirectory() as short:
        bound.bind(f"{short}/s")
        assert said(Path(short, "s")) == (
            f"store '{short}/s' is a device or a socket, expected a file\n"
            "  from beatkit_store_url\n"
            "  name a file of its own, such as sqlite:///beatkit.db; the first beat makes it"
        )


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("buy milk\n")
    assert said(file) == (
        f"store '{file}' is a file, but no SQLite database\n"
        "  from beatkit_store_url\n"
        "  name a file of its own, such as sqlite:///beatkit.db; the first beat makes it"
    )
    assert file.read_text() == "buy milk\n"


@pytest.mark.parametrize(
    "tables, shown",
    [
        (["auth_user", "auth_group", "django_session", "rows"], "auth_group, auth_user, "),
        (["rows"], "rows"),
        (["rows", "events"], "events, rows"),
    ],
)
def test_the_database_of_another_program(tmp_path: Path, tables: list[str], shown: str) -> None:
    file = tmp_path / "db.sqlite3"
    with closing(sqlite3.connect(file)) as db:
        for table in tables:
            db.execute(f"CREATE TABLE {table} (id INTEGER)")
        db.commit()
    before = file.read_bytes()
    assert said(file).startswith(
        f"store '{file}' is the database of another program, with the tables {shown}"
    )
    assert said(file).endswith(
        "\n  from beatkit_store_url\n"
        "  name a file of its own, such as sqlite:///beatkit.db; the first beat makes it"
    )
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.fixture
def nobodys() -> Iterator[Path]:
    """A folder that this user, root included, may look into and not write to."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "beatkit.db").touch()
        for each in (path / "beatkit.db", path):
            each.chmod(0o555)
        me = os.geteuid()
        if me == 0:
            os.seteuid(65534)
        try:
            yield path
        finally:
            os.seteuid(me)
            path.chmod(0o755)


@pytest.mark.parametrize("name, shown", [("beatkit.db", "/beatkit.db"), ("new.db", "")])
def test_a_place_that_may_not_be_written(nobodys: Path, name: str, shown: str) -> None:
    assert said(nobodys / name) == (
        f"store '{nobodys}/{name}' cannot be written by user {os.geteuid()}: "
        f"'{nobodys}{shown}' is read-only for it\n"
        "  from beatkit_store_url\n"
        "  let that user write to the file and its folder, or write the path of another file"
    )


def test_a_place_that_may_not_be_looked_at(nobodys: Path) -> None:
    os.seteuid(os.getuid())
    nobodys.chmod(0o000)
    if os.getuid() == 0:
        os.seteuid(65534)
    assert said(nobodys / "beatkit.db") == (
        f"store '{nobodys}/beatkit.db' cannot be looked at by user {os.geteuid()}: "
        "Permission denied\n"
        "  from beatkit_store_url\n"
        "  let that user write to the file and its folder, or write the path of another file"
    )


def test_files_that_can_be_a_store(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with closing(sqlite3.connect(tmp_path / "used.db")) as db:
        db.execute("CREATE TABLE django_session (id INTEGER)")
        db.executescript(SCHEMA)  # whoever shares a file that beats use already may go on
    (tmp_path / "link.db").symlink_to(tmp_path / "made-by-the-first-beat.db")
    for name in ("new.db", "empty.db", "used.db", "link.db"):
        refuse_unfit(tmp_path / name, "beatkit_store_url")


def test_a_store_in_use_is_fit(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/beatkit.db", prefix="x:")
    store.read()
    refuse_unfit(tmp_path / "beatkit.db", "beatkit_store_url")
    store.close()
    refuse_unfit(tmp_path / "beatkit.db", "beatkit_store_url")


def test_a_path_with_signs_of_a_url_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "100% # a b.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE tills (id INTEGER)")
    assert "another program, with the tables tills" in said(file)
