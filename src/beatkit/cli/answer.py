"""How a verb answers: data on stdout in one of four formats, notes on stderr.

- table: for people, fitted to the terminal.
- plain: one row a line, tab-separated, with a header unless `celery --quiet`.
- json: one document with a schema number; times by RFC 3339 and as epoch seconds.
- jsonl: one object a line, each with the schema number, for what has many rows.

Exit codes: 0 yes, or done; 1 the answer is no; 2 wrong usage, or the app cannot be used;
69 a server cannot be reached.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from beatkit.cli.table import Column, Line, Row, Table, drawn, wrapped

SCHEMA = 1
"""Raised when a key of the JSON forms changes its meaning or vanishes; new keys may come."""

FORMATS = ("table", "plain", "json", "jsonl")

YES, NO, USAGE, UNREACHABLE = 0, 1, 2, 69


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb has found.

    Attributes:
        kind: The verb.
        tables: What people see, and what plain prints.
        about: Keys of the JSON document beside the rows, such as counts.
        items: The rows for programs; None: the data of the first table's rows.
        lines: What people see in place of the tables, where a table does not suit.
        notes: Lines for stderr, after the data.
        code: The exit code.
    """

    kind: str
    tables: Sequence[Table]
    about: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[Mapping[str, Any]] | None = None
    lines: Sequence[Line] | None = None
    notes: Sequence[str] = ()
    code: int = YES

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """Return the rows for programs."""
        if self.items is not None:
            return self.items
        return [row.data for row in self.tables[0].rows] if self.tables else []


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where and how answers are written.

    Attributes:
        form: One of `FORMATS`.
        colour: False where NO_COLOR or `celery --no-color` asks for none.
        quiet: `celery --quiet`: no header in plain, no notes.
        about: Keys of every JSON document: the present, and the zone.
        width: Cells of a line of the table.
    """

    form: str = "table"
    colour: bool = True
    quiet: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)
    width: int = field(default_factory=lambda: shutil.get_terminal_size((100, 24)).columns)

    def give(self, answer: Answer) -> None:
        """Print an answer, and leave with its exit code if that is not 0."""
        PRINTERS[self.form](answer, self)
        for note in answer.notes:
            self.note(note)
        if answer.code:
            raise click.exceptions.Exit(answer.code)

    def note(self, text: str) -> None:
        """Print a line for people, on stderr."""
        if not self.quiet:
            click.echo(text, err=True)


def _print_json(answer: Answer, outlet: Outlet) -> None:
    head = {"schema": SCHEMA, "kind": answer.kind, **outlet.about, **answer.about}
    document = {**head, "items": answer.rows()}
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def _print_jsonl(answer: Answer, outlet: Outlet) -> None:
    for row in answer.rows():
        line = {"schema": SCHEMA, "kind": answer.kind, **row}
        click.echo(json.dumps(line, ensure_ascii=False, default=str))


def _print_plain(answer: Answer, outlet: Outlet) -> None:
    for number, table in enumerate(answer.tables):
        if number:
            click.echo()
        columns = [column for column in table.columns if column.key]
        if table.headings and not outlet.quiet:
            click.echo("\t".join(column.key.upper() for column in columns))
        for row in table.rows:
            click.echo("\t".join(_field(row, column) for column in columns))


def _field(row: Row, column: Column) -> str:
    value = row.data.get(column.key)
    if value is None or value in ("", [], ()):
        return "-"
    if isinstance(value, list | tuple):
        text = ",".join(map(str, value))
    else:
        text = json.dumps(value) if isinstance(value, bool | dict) else str(value)
    return " ".join(text.split())


def _print_table(answer: Answer, outlet: Outlet) -> None:
    coloured = outlet.colour and sys.stdout.isatty()
    for line in _lines(answer, outlet.width):
        click.echo(line.text if not coloured else click.style(line.text, **STYLES[line.style]))


def _lines(answer: Answer, width: int) -> Iterator[Line]:
    if answer.lines is None:
        yield from drawn(answer.tables, width)
        return
    for line in answer.lines:
        parts = [line.text] if line.whole else wrapped(line.text, width) or [""]
        yield from (Line(part, line.style) for part in parts)


STYLES: dict[str, dict[str, Any]] = {
    "": {},
    "heading": {"dim": True},
    "title": {"bold": True},
    "quiet": {"dim": True},
    "added": {"fg": "green"},
    "warning": {"fg": "yellow"},
    "error": {"fg": "red"},
}

PRINTERS: dict[str, Callable[[Answer, Outlet], None]] = {
    "table": _print_table,
    "plain": _print_plain,
    "json": _print_json,
    "jsonl": _print_jsonl,
}
