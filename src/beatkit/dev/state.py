"""Where does `beatkit dev` keep its server's data, and who may use it?

In `.beatkit/` of the current folder there is a folder for each app, so that no app finds
the messages of another in its queue. One command at a time is the owner: it holds a lock
(flock: the system releases it however the owner dies). With `--fresh` the folder is a
temporary one that is removed at the end.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from beatkit.dev.blame import shown
from beatkit.errors import BeatkitError

NAME = ".beatkit"

LONGEST_SOCKET = 100
"""Bytes of a socket's path: sun_path is 104 on macOS and 108 on Linux, with its final zero."""


class StateError(BeatkitError):
    """The folder cannot be used; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """A folder that this process owns.

    Attributes:
        folder: Absolute path of the folder, readable by its owner only.
        kept: Whether the folder outlives the command.
    """

    folder: Path
    kept: bool

    @property
    def words(self) -> str:
        """What becomes of the data, for people."""
        return f"state kept in {shown(self.folder)}" if self.kept else "nothing is kept"

    @property
    def log(self) -> Path:
        """What the server says of itself."""
        return self.folder / "valkey.log"

    @property
    def socket(self) -> Path:
        """Where the server listens: in the folder, or nearby where its path is too long."""
        path = self.folder / "valkey.sock"
        if len(os.fsencode(path)) <= LONGEST_SOCKET:
            return path
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path("/tmp", f"beatkit-{os.getuid()}-{digest}", "valkey.sock")


def folder_name(file: str | None, name: str) -> str:
    """Return the name of an app's folder: 'examples.hello.app' for `app` in examples/hello.py.

    By file and not by module: examples/hello.py and other/hello.py are two modules `hello`.

    Args:
        file: The file of the module that holds the app, if it has one.
        name: The app as `celery -A` takes it: "hello:app".
    """
    module, _, variable = name.partition(":")
    if file:
        path = Path(file)
        path = path.parent if path.stem == "__init__" else path.with_suffix("")
        below = path.is_relative_to(Path.cwd())
        module = ".".join((path.relative_to(Path.cwd()) if below else path).parts)
    return re.sub(r"[^\w.-]+", "-", f"{module}.{variable}").strip(".-")


@contextmanager
def kept(folder: Path) -> Iterator[State]:
    """Own the folder, which is made if need be, while the block runs.

    Its parent is made to ignore itself in git: it is no part of the project.

    Raises:
        StateError: Another `beatkit dev` owns it, or it cannot be written.
    """
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder.parent / ".gitignore").write_text("*\n")
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StateError(
            f"{str(folder)!r} cannot be written: {error.strerror}"
            "\n  beatkit dev keeps its server's data there"
            "\n  start in a folder of yours, or add --fresh to use a temporary one"
        ) from error
    try:
        _own(lock, folder)
        with _with_socket_folder(State(folder, kept=True)) as state:
            yield state
    finally:
        os.close(lock)


@contextmanager
def fresh() -> Iterator[State]:
    """Own a new temporary folder while the block runs; remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="beatkit-"))
    try:
        with _with_socket_folder(State(folder, kept=False)) as state:
            yield state
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        raise StateError(
            f"Another beatkit dev runs this app here (process {owner})"
            f"\n  it owns {folder}"
            "\n  stop it first, or add --fresh to run this one beside it"
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


@contextmanager
def _with_socket_folder(state: State) -> Iterator[State]:
    """Make the folder of a socket that lies elsewhere; refuse one that another user made."""
    folder = state.socket.parent
    if folder == state.folder:
        yield state
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StateError(
            f"{str(folder)!r} is not a private folder of yours"
            f"\n  it would hold the socket, as the path of {state.folder} is too long for one"
            "\n  remove it, or start in a folder with a shorter path"
        )
    try:
        yield state
    finally:
        folder.rmdir()
