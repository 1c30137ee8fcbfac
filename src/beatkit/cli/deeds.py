"""`schedule history --actions`: who paused, triggered or removed what, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase

from beatkit.cli.answer import Answer
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.view import View
from beatkit.cli.when import stamp, worded
from beatkit.cli.wording import scope_text
from beatkit.record import Deed

COLUMNS = (
    Column("WHEN", "when"),
    Column("DID", "verb"),
    Column("WHAT", "scopes", least=18),
    Column("UNTIL", "until", give_way=1, spare=True),
    Column("BY", "by", least=8),
    Column("REASON", "reason", least=16),
)
KEPT = 1_000


def told(
    view: View, name: str | None, since: datetime | None, until: datetime | None, count: int
) -> Answer:
    """Return what people did, the newest first; with a name or glob, what concerned it."""
    found = [
        one
        for one in view.schedule.deeds(KEPT)
        if (name is None or _concerns(one.scopes, name))
        and (since is None or one.at >= since)
        and (until is None or one.at < until)
    ]
    rows = [_row(view, one) for one in found[:count]]
    notes = (
        []
        if rows
        else ["nobody did anything" if name is None else f"nobody did anything to {name}"]
    )
    return Answer("history", [Table(COLUMNS, rows)], notes=notes)


def _concerns(scopes: Iterable[str], pattern: str) -> bool:
    """Whether an action named an entry, or meant everything."""
    names = [scope.partition(":")[2] for scope in scopes if not scope.startswith("tag:")]
    return "*" in scopes or any(fnmatchcase(one, pattern) or one == pattern for one in names)


def _worded(one: Deed, scope: str) -> str:
    if one.verb in ("skip_next", "forget"):
        return scope.partition(":")[2] or scope
    return scope_text(scope)


def _row(view: View, one: Deed) -> Row:
    at = one.at.astimezone(view.zone)
    until = None if one.until is None else one.until.astimezone(view.zone)
    cells = {
        "WHEN": worded(at.replace(microsecond=0), view.now),
        "DID": one.verb.replace("_", "-"),
        "WHAT": ", ".join(_worded(one, scope) for scope in one.scopes),
        "UNTIL": worded(until and until.replace(microsecond=0), view.now),
        "BY": one.by,
        "REASON": " ".join(one.reason.split()) or "-",
    }
    data = {
        **stamp("when", at),
        "verb": one.verb.replace("_", "-"),
        "scopes": list(one.scopes),
        **stamp("until", until),
        "by": one.by,
        "reason": one.reason or None,
        "task_id": one.task_id or None,
    }
    return Row(cells, data)
