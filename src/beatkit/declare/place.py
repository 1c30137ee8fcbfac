"""Where does a declaration stand, for Python and for people?"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def absolute(file: str) -> str:
    """Return one path for a file, however it was named when it was executed."""
    return str(Path(file).resolve())


@cache
def known_as(file: str) -> str:
    """Return a file's path as people know it: from the current directory, if it is below."""
    path, here = Path.cwd() / file, Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
