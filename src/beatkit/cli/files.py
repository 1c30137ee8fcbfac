"""Files that a verb writes."""

from __future__ import annotations

from pathlib import Path

import click

from beatkit.cli.answer import USAGE


class NotWritten(click.ClickException):
    """A file could not be written."""

    exit_code = USAGE


def write(file: Path, text: str) -> None:
    """Write a file.

    Raises:
        NotWritten: There is no such folder, or no right, or no room.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotWritten(_NOT_WRITTEN.format(str(file), error.strerror)) from None


_NOT_WRITTEN = (
    "the file {0!r} cannot be written: {1}\n"
    "  write a path in a folder that is there and that you may write to"
)
