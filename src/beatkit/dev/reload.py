"""Start again when the code changes.

The whole command starts anew, in the same process (`exec`): nothing of the old code, its
modules or its threads can be left over, and whoever started it still holds the same process.
Running tasks finish first. The private server is started anew as well; it takes 40 ms, and
what is queued is kept with the state.

Changes are seen by watchfiles, which is told of them by the system. What it watches are
folders and not the modules that are loaded, since a task may import others when it runs,
in a process of the pool.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import Any, NoReturn

from beatkit.dev.blame import of_a_library, shown
from beatkit.dev.options import OptionError

SUFFIXES = (".py", ".toml", ".yaml", ".yml", ".env")
"""Code and settings. No .json: that is what tasks write."""

_STATE = ".beatkit"  # as `beatkit.dev.state` names it, which needs what Windows has not

_UNTIL = "BEATKIT_DEV_UNTIL"

_LOOK_MS = 200


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the command.

    Attributes:
        again: It was started before, and the code has changed.
        at: Epoch seconds, before anything was imported.
        until: When it ends by itself, in seconds of the machine's monotonic clock, which
            goes on from start to start; None: it does not.
        environ: The environment at the start, for the next one: this one changes its own.
    """

    again: bool
    at: float
    until: float | None
    environ: Mapping[str, str] = field(repr=False)

    @classmethod
    def now(cls, seconds: float | None) -> Start:
        """Return this one.

        Args:
            seconds: After so many the first start ends by itself; None: it does not.
        """
        handed = os.environ.pop(_UNTIL, None)
        environ = dict(os.environ)
        if handed is not None:
            return cls(True, time.time(), float(handed) if handed else None, environ)
        return cls(
            False, time.time(), None if seconds is None else time.monotonic() + seconds, environ
        )

    @property
    def left(self) -> float | None:
        """Seconds until it ends by itself; None: it does not."""
        return None if self.until is None else max(self.until - time.monotonic(), 0.0)

    def another(self) -> NoReturn:
        """Become the next start."""
        sys.stdout.flush()
        sys.stderr.flush()
        until = "" if self.until is None else str(self.until)
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, command, {**self.environ, _UNTIL: until})


class Changed(Exception):
    """The code has changed: leave everything in order, then start again."""


def check() -> None:
    """Check that changes can be seen here.

    Raises:
        OptionError: They cannot.
    """
    if sys.platform == "win32":
        raise OptionError(
            "--reload was given, but works on Linux and macOS only"
            "\n  leave it out, and start the command again by hand"
        )
    if find_spec("watchfiles") is None:
        raise OptionError(
            "--reload was given, but watchfiles is not installed, which sees the changes"
            '\n  install it: pip install "beatkit[dev]"'
        )


class Watcher:
    """A thread that reports the first change.

    Args:
        changed: Called with the file, once, in the thread.
        since: Epoch seconds before anything was imported: what has changed since then and
            before `start` counts too.
    """

    def __init__(self, changed: Callable[[str], None], since: float) -> None:
        self._changed = changed
        self._since = since
        self._stop = Event()
        self._thread = Thread(target=self._run, name="reload", daemon=True)

    def start(self) -> None:
        """Watch; a second call does nothing."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()

    def _run(self) -> None:
        looked = False
        for file in _changes(self._stop):
            # Looked for once the watch is set up, or what changes meanwhile would be lost.
            changed = file or ("" if looked else changed_between(self._since, time.time()))
            looked = True
            if changed:
                self._changed(changed)
                return


def wait_for_change(start: Start, error: BaseException, ready: Callable[[], None]) -> bool:
    """Wait for a change of what is broken; return False if the time was over before.

    Args:
        start: This start.
        error: What broke it; its files are looked at as well, as their modules are not loaded.
        ready: Called when any change will be seen.
    """
    waiting = False
    for file in _changes(Event()):
        if file or (not waiting and changed_between(start.at, time.time(), files_of(error))):
            return True
        if not waiting:
            ready()
        waiting = True
        if start.left == 0:
            return False
    return False


def _changes(stop: Event) -> Iterator[str]:
    """Yield each file that changes, and "" every now and then."""
    from watchfiles import watch

    wanted = _wanted()
    # Filtered here: what it filters itself, such as a log that grows, would hold up the "".
    for changes in watch(
        *folders(), watch_filter=None, stop_event=stop, yield_on_timeout=True, rust_timeout=_LOOK_MS
    ):
        files = [path for change, path in changes if wanted(change, path)]
        yield shown(min(files)) if files else ""


def _wanted() -> Callable[[Any, str], bool]:
    """Return the filter: code and settings, but none of libraries, caches and editors."""
    from watchfiles import DefaultFilter

    usual = DefaultFilter(ignore_dirs=(*DefaultFilter.ignore_dirs, "site-packages", _STATE))
    return lambda change, path: path.endswith(SUFFIXES) and usual(change, path)


def folders() -> list[Path]:
    """Return the folders to watch, each with all below it.

    The current one, and those of modules that are the project's but lie elsewhere.
    """
    here = Path.cwd().resolve()
    return [here, *sorted({file.parent for file in _own() if not file.is_relative_to(here)})]


def files_of(error: BaseException) -> list[Path]:
    """Return the project's files that an error came through, or that could not be read."""
    cause = error.__cause__ or error
    frames = traceback.extract_tb(cause.__traceback__)
    files = {frame.filename for frame in frames if not of_a_library(frame.filename)}
    if isinstance(cause, SyntaxError) and cause.filename:
        files.add(cause.filename)
    return sorted(Path(file).resolve() for file in files)


def changed_between(since: float, now: float, more: Iterable[Path] = ()) -> str:
    """Return a file of the project that changed meanwhile, or "".

    Args:
        since: Epoch seconds.
        now: Epoch seconds. What is later was written by another clock, which must not have
            us start again and again.
        more: Files beside those of the modules that are loaded.
    """
    for file in [*_own(), *more]:
        with suppress(OSError):
            if since < file.stat().st_mtime <= now:
                return shown(file)
    return ""


def _own() -> list[Path]:
    """The files of the modules that were imported and are no library's."""
    return [
        Path(file).resolve()
        for module in list(sys.modules.values())
        if (file := getattr(module, "__file__", None)) and not of_a_library(file)
    ]
