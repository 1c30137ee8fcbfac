"""Read a Markdown page as the steps a reader would take.

A fenced block is a step when its info string says so:

- ```python title="shop.py"``` writes that file (as do toml, yaml, ini and text with a title);
- ```python``` runs in the page's own namespace, one after another;
- ```console``` runs each line after `$ `; the lines below it are what must be printed
  (`...` stands for anything);
- ```console until="hi"``` starts all its commands together, waits until one of them has
  printed that text, and stops them as Ctrl-C would;
- ```console needs="redis-cli"``` is left out, and the page counts as skipped, where that
  program is not installed.

Every other block (sh, json, an output without a command) is for the eye only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(?P<mark>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=mark)\s*$", re.M | re.S)
OPTION = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Step:
    """One fenced block of a page that is carried out."""

    kind: str  # file, python, console or until
    text: str
    line: int
    title: str = ""
    until: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """One line after `$ `, and what it must print (empty: anything)."""

    line: str
    expected: str


def pages() -> list[Path]:
    """The README and every page of the docs, in a stable order."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def steps(page: str) -> list[Step]:
    """Return the steps of a page's text, in order."""
    found = (
        _step(match["info"].strip(), match["text"], page.count("\n", 0, match.start()) + 1)
        for match in FENCE.finditer(page)
    )
    return [step for step in found if step is not None]


def _step(info: str, text: str, line: int) -> Step | None:
    language = info.split(" ", 1)[0]
    options = dict(OPTION.findall(info))
    if "title" in options:
        return Step("file", text, line, title=options["title"])
    if language == "console":
        until = options.get("until", "")
        kind = "until" if until else "console"
        return Step(kind, text, line, until=until, needs=options.get("needs", ""))
    if language == "python":
        return Step("python", text, line)
    return None


def commands(text: str) -> list[Command]:
    """Split a console block into its commands and what each must print."""
    found: list[Command] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], ""))
        elif found:
            found[-1] = Command(found[-1].line, found[-1].expected + line + "\n")
    return found
