"""`schedule lock`, and what `diff --lock` compares: a file that reviewers see change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from beatkit.cli.answer import NO, SCHEMA, USAGE, YES, Answer
from beatkit.cli.files import write
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, acting
from beatkit.entry import Entry
from beatkit.settings.redaction import redact

FILE = Path("schedule.lock.json")
COLUMNS = (
    Column("CHANGE", "change"),
    Column("NAME", "name", least=18, pinch=True),
    Column("FIELD", "field"),
    Column("LOCKED", "locked", least=14),
    Column("NOW", "now", least=14),
)
WRITTEN = (Column("FILE", "file"), Column("ENTRIES", "entries"))
STYLES = {"added": "added", "removed": "error", "changed": "warning"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the file and the code."""

    change: str
    name: str
    field: str = ""
    locked: Any = None
    now: Any = None


@click.command(
    "lock",
    cls=Verb,
    examples=(
        "lock",
        "lock deploy/schedule.lock.json",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=FILE)
@acting
def lock_verb(view: View, file: Path) -> None:
    """Write the schedule to FILE, to be committed: its changes then show in reviews.

    FILE is schedule.lock.json unless named. Secrets are hidden in it. `diff --lock` compares.
    """
    entries = view.schedule.code
    document = {"schema": SCHEMA, "entries": locked(entries)}
    write(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    row = Row({}, {"file": str(file), "entries": len(entries)})
    note = f"wrote {len(entries)} {'entry' if len(entries) == 1 else 'entries'} to {file}"
    view.outlet.give(Answer("lock", [Table(WRITTEN, [row])], lines=(), notes=[note]))


def compare(view: View, file: Path) -> Answer:
    """Compare the code's schedule with a file."""
    changes = list(compared(_read(file), locked(view.schedule.code)))
    counted = "1 difference" if len(changes) == 1 else f"{len(changes)} differences"
    summary = f"{counted} from {file}" if changes else f"the same as {file}"
    return Answer(
        kind="diff",
        about={"lock": str(file)},
        tables=[Table(COLUMNS, [_row(change) for change in changes])],
        notes=[summary],
        code=NO if changes else YES,
    )


def locked(entries: Mapping[str, Entry]) -> dict[str, Any]:
    """Return the entries as the file holds them: by name, plain values, no secrets."""
    return {name: _locked(entry) for name, entry in sorted(entries.items())}


def _locked(entry: Entry) -> dict[str, Any]:
    to_json = getattr(entry.schedule, "to_json", None)
    form = {
        "task": entry.task,
        "schedule": to_json() if to_json else repr(entry.schedule),
        "args": redact(list(entry.args)),
        "kwargs": redact(dict(entry.kwargs)),
        "options": redact(dict(entry.options)),
        "policy": None if entry.policy is None else entry.policy.to_json(),
        "tags": sorted(entry.tags),
        "enabled": entry.enabled,
    }
    plain: dict[str, Any] = json.loads(json.dumps(form, sort_keys=True, default=repr))
    return plain


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what differs, by name."""
    for name in sorted({*before, *after}):
        if name not in after:
            yield Change("removed", name)
        elif name not in before:
            yield Change("added", name)
        else:
            yield from _changed(name, "", before[name], after[name])


def _changed(name: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    """Go down to the innermost field that differs: `schedule.texts`, `options.queue`."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _changed(name, f"{path}.{key}".lstrip("."), old.get(key), new.get(key))
    elif old != new:
        yield Change("changed", name, path, old, new)


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        entries: dict[str, Any] = document["entries"]
        schema = document["schema"]
    except FileNotFoundError:
        raise _unusable(f"there is no file {str(file)!r}", file) from None
    except (ValueError, KeyError, TypeError):
        raise _unusable(f"{str(file)!r} is no file of `schedule lock`", file) from None
    if schema != SCHEMA:
        raise _unusable(f"{str(file)!r} has schema {schema!r}, expected {SCHEMA}", file)
    return entries


class Unusable(click.ClickException):
    """The file cannot be compared with."""

    exit_code = USAGE


def _unusable(what: str, file: Path) -> Unusable:
    return Unusable(f"{what}\n  write it with: celery -A ... schedule lock {file}")


def _row(change: Change) -> Row:
    both = change.change == "changed"
    shown = {
        "locked": json.dumps(change.locked, ensure_ascii=False) if both else "",
        "now": json.dumps(change.now, ensure_ascii=False) if both else "",
    }
    return Row(
        {
            "CHANGE": change.change,
            "NAME": change.name,
            "FIELD": change.field,
            "LOCKED": shown["locked"],
            "NOW": shown["now"],
        },
        {
            "change": change.change,
            "name": change.name,
            "field": change.field or None,
            "locked": change.locked,
            "now": change.now,
        },
        STYLES[change.change],
    )
