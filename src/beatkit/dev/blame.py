"""Where in the user's code did it go wrong? One sentence instead of a traceback."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beatkit.errors import BeatkitError

_LIBRARIES = (
    sysconfig.get_path("stdlib"),
    sysconfig.get_path("purelib"),
    str(Path(__file__).parents[1]),
)


@contextmanager
def blaming(what_failed: str, error_class: type[BeatkitError]) -> Iterator[None]:
    """Turn what user code raises inside into one error that names the line.

    Errors of beatkit pass unchanged: they name the line already.

    Args:
        what_failed: Begins the message, such as "'shop' cannot be imported".
        error_class: What to raise.
    """
    try:
        yield
    except BeatkitError:
        raise
    except (Exception, SystemExit) as error:
        file, line, code = blamed_line(error)
        raise error_class(
            f"{what_failed}: {_said(error)}"
            f"\n  raised in {shown(file)}, line {line}" + (f": {code}" if code else "") + "\n"
            "  mend it there: the app must be importable before anything can run"
        ) from error


def blamed_line(error: BaseException) -> tuple[str, int, str]:
    """File, line and code of the innermost frame that is the user's own, else of the innermost."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 0, (error.text or "").strip()
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _of_a_library(frame.filename)]
    frame = (own or frames)[-1]
    return frame.filename, frame.lineno or 0, (frame.line or "").strip()


def _of_a_library(file: str) -> bool:
    if "site-packages" in file or file.startswith("<"):  # <frozen importlib._bootstrap>
        return True
    return any(Path(file).resolve().is_relative_to(Path(root).resolve()) for root in _LIBRARIES)


def _said(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it ends the program with SystemExit({error.code!r})"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shown(path: str | Path) -> str:
    """The path as the user would write it: relative where it lies below the current folder."""
    found = Path(path)
    try:
        return str(found.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(found)
