"""Where does `beatkit dev` keep its server's data, and who may use it?

A folder, `.beatkit/` in the current one, of which one command at a time is the owner: it
holds a lock (flock: the system releases it however the owner dies). With `--fresh` the
folder is a temporary one that is removed at the end.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


@contextmanager
def kept(parent: Path) -> Iterator[State]:
    """Own `.beatkit/` in the given folder while the block runs.

    Raises:
        StateError: Another `beatkit dev` owns it, or it cannot be written.
    """
    folder = parent.absolute() / NAME
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / ".gitignore").write_text("*\n")
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StateError(
            f"{str(folder)!r} cannot be written: {error.strerror}"
            "\n  beatkit dev keeps its server's data there"
            "\n  start in a folder of yours, or add --fresh to use a temporary one"
        ) from error
    try:
        _own(lock, folder)
        yield _with_socket_folder(State(folder, kept=True))
    finally:
        os.close(lock)


@contextmanager
def fresh() -> Iterator[State]:
    """Own a new temporary folder while the block runs; remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="beatkit-"))
    try:
        yield _with_socket_folder(State(folder, kept=False))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        raise StateError(
            f"Another beatkit dev runs in this folder (process {owner})"
            f"\n  it owns {folder}"
            "\n  stop it first, or add --fresh to run this one beside it"
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


def _with_socket_folder(state: State) -> State:
    """Make the folder of a socket that lies elsewhere; refuse one that another user made."""
    folder = state.socket.parent
    if folder == state.folder:
        return state
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise StateError(
            f"{str(folder)!r} belongs to somebody else"
            f"\n  it is needed because the path of {state.folder} is too long for a socket"
            "\n  start in a folder with a shorter path"
        )
    return state
