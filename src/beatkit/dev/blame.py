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
        raise error_class(
            f"{what_failed}: {_said(error)}{_where(error)}"
            "\n  mend it there: the app must be importable before anything can run"
        ) from error


def _where(error: BaseException) -> str:
    """The innermost line that is the user's own; nothing where only libraries were at work."""
    if isinstance(error, SyntaxError) and error.filename:
        file, line, code = error.filename, error.lineno, error.text
    else:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if not of_a_library(frame.filename)]
        if not own:
            return ""
        file, line, code = own[-1].filename, own[-1].lineno, own[-1].line
    return f"\n  raised in {shown(file)}, line {line}: {(code or '').strip()}"


def of_a_library(file: str) -> bool:
    """Whether a module's file is none of the user's own."""
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
