"""Tables for people: which columns fit the terminal, and how wide each may be.

Our own and not rich's: rich narrows all columns alike, where here some vanish before others
are cut and names are shortened in the middle; and it takes 70 ms to import, twice as long
as most verbs take to answer.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

GAP = 2
"""Blanks between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        title: Its heading; also its key in `Row.cells`.
        key: Where programs find its value in `Row.data`; "" for what is only for the eye.
        least: It may be shortened (with an ellipsis) down to this many cells; 0: never.
        give_way: Columns with a higher number vanish earlier on a narrow terminal; 0: never.
        right: Aligned to the right.
        pinch: Shortened in the middle: names in a project often begin alike.
        wrap: Broken into lines where it is too long; only for the last column.
        spare: Left out where no row says anything in it.
    """

    title: str
    key: str = ""
    least: int = 0
    give_way: int = 0
    right: bool = False
    pinch: bool = False
    wrap: bool = False
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its texts by column title, its values for programs, and how it looks."""

    cells: Mapping[str, str]
    data: Mapping[str, Any] = field(default_factory=dict)
    style: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows, with a title where an answer has several tables."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    title: str = ""
    headings: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, and how it looks.

    Attributes:
        text: Without the line's end.
        style: "", heading, title, quiet, added, warning or error.
        whole: It is never broken: carets below it point into it.
    """

    text: str
    style: str = ""
    whole: bool = False


def drawn(tables: Sequence[Table], width: int) -> Iterator[Line]:
    """Yield the lines of tables, one below the other.

    Args:
        tables: What to show; a table without rows shows its title only.
        width: Cells of a line.
    """
    for number, table in enumerate(tables):
        if number:
            yield Line("")
        if table.title:
            yield from (Line(part, "title") for part in wrapped(table.title, width))
        shown = fit(table, width) if table.rows else []
        if shown and table.headings:
            yield Line(_line({column.title: column.title for column, _ in shown}, shown), "heading")
        for row in table.rows:
            yield from (Line(_line(part, shown), row.style) for part in _parts(row.cells, shown))


def _parts(
    texts: Mapping[str, str], shown: Sequence[tuple[Column, int]]
) -> Iterator[Mapping[str, str]]:
    """Break the last column's text into lines, if it wants that."""
    last, width = shown[-1]
    if not last.wrap:
        yield texts
        return
    first, *others = wrapped(texts[last.title], width) or [""]
    yield {**texts, last.title: first}
    for other in others:
        yield {last.title: other}


def wrapped(text: str, width: int) -> list[str]:
    """Break a text at its blanks; a longer word stays whole, further lines keep the indent."""
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text.strip(),
        max(width, 20),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def fit(table: Table, width: int) -> list[tuple[Column, int]]:
    """Choose the columns that fit, and the width of each.

    Columns give way in the order they allow, those that say nothing first; what is left is
    shortened where it may be. A column that may be neither keeps its width, even if the line
    gets too long.
    """
    natural = {column.title: _natural(column, table) for column in table.columns}
    least = {
        column.title: min(natural[column.title], column.least or natural[column.title])
        for column in table.columns
    }
    shown = [column for column in table.columns if not column.spare or _says(column, table)]
    if _total(shown, natural) > width:
        shown = [column for column in shown if not column.give_way or _says(column, table)]
    while len(shown) > 1 and _total(shown, least) > width:
        first = max(shown, key=lambda column: column.give_way)
        if not first.give_way:
            break
        shown.remove(first)
    return list(zip(shown, _shorten(shown, natural, least, width), strict=True))


def _says(column: Column, table: Table) -> bool:
    return any(row.cells.get(column.title, "") not in ("", "-") for row in table.rows)


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    return sum(map(_cells_of, text)) if not text.isascii() else len(text)


def _cells_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pinched(text: str, width: int) -> str:
    """Shorten a text in its middle to so many cells, the end being worth twice the start."""
    if cells(text) <= width:
        return text
    head = cut(text, max(width // 3, 1) + 1)
    return head + _first(text[::-1], width - cells(head))[::-1]


def cut(text: str, width: int) -> str:
    """Shorten a text to so many cells, with an ellipsis at its end."""
    if cells(text) <= width:
        return text
    return _first(text, width - 1).rstrip() + "…"


def _first(text: str, width: int) -> str:
    """Return as much of the start of a text as fits."""
    used = 0
    for place, char in enumerate(text):
        used += _cells_of(char)
        if used > width:
            return text[:place]
    return text


def _line(texts: Mapping[str, str], shown: Sequence[tuple[Column, int]]) -> str:
    parts = []
    for column, width in shown:
        shorten = pinched if column.pinch else cut
        text = shorten(texts.get(column.title, ""), width)
        blanks = " " * (width - cells(text))
        parts.append(blanks + text if column.right else text + blanks)
    return (" " * GAP).join(parts).rstrip()


def _natural(column: Column, table: Table) -> int:
    texts = [row.cells.get(column.title, "") for row in table.rows]
    return max([cells(column.title) if table.headings else 0, *map(cells, texts)])


def _total(columns: Sequence[Column], widths: Mapping[str, int]) -> int:
    return sum(widths[column.title] for column in columns) + GAP * (len(columns) - 1)


def _shorten(
    shown: Sequence[Column], natural: Mapping[str, int], least: Mapping[str, int], width: int
) -> list[int]:
    """Take from the widest first, so that short columns stay whole."""
    widths = {column.title: natural[column.title] for column in shown}
    excess = _total(shown, widths) - width
    while excess > 0:
        able = [title for title, size in widths.items() if size > least[title]]
        if not able:
            break
        widths[max(able, key=lambda title: widths[title])] -= 1
        excess -= 1
    return list(widths.values())
