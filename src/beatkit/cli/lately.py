"""When did each entry last run, and how did that end?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from beatkit.cli.view import READ_S, View
from beatkit.cli.when import distance, roughly, stamp, until, worded
from beatkit.errors import StoreError
from beatkit.history import BAD, Record

NEVER = "-"

READING = timedelta(minutes=1)
"""What ran since this command began is shown; what is later than an `--at` in the past is not."""


def lately(view: View, names: Iterable[str]) -> Mapping[str, Record]:
    """Return the last runs of entries; none, and a note, where the store does not answer."""
    chosen = list(names)
    if view.unread or not chosen:
        return {}
    try:
        return view.schedule.last_runs(chosen, timeout=READ_S)
    except StoreError as error:
        view.outlet.note(f"last runs are not shown: {str(error).splitlines()[0]}")
        return {}


def brief(view: View, last: Record | None) -> str:
    """Return `✓ 3min ago`, `✗ 3min ago`, `running 20s`, `sent 3min ago`; `-` for none."""
    if last is None or last.when > view.now + READING:
        return NEVER
    span = max(-until(last.when, view.now), timedelta())
    if last.outcome == "running":
        return f"running {roughly(span)}"
    marks = {"SUCCESS": "✓", **dict.fromkeys(BAD, "✗")}
    return f"{marks.get(last.outcome, last.outcome)} {roughly(span)} ago"


def at_length(view: View, last: Record | None) -> str:
    """Return the same in full; "" for none."""
    if last is None:
        return ""
    when = worded(last.when.astimezone(view.zone).replace(microsecond=0), view.now)
    began = "started" if last.started else "sent"
    parts = [f"{began} {when}" if last.outcome == began else f"{last.outcome}, {began} {when}"]
    if last.scheduled_for.replace(microsecond=0) != last.when.replace(microsecond=0):
        slot = last.scheduled_for.astimezone(view.zone).replace(microsecond=0)
        parts.append(f"for {worded(slot, view.now)}")
    if last.took is not None:
        parts.append(f"took {distance(timedelta(seconds=last.took))}")
    if last.worker:
        parts.append(f"on {last.worker}")
    return ", ".join(parts)


def facts(view: View, last: Record | None) -> dict[str, Any]:
    """Return it for programs."""
    at = None if last is None else last.when.astimezone(view.zone)
    return {
        **stamp("last", at),
        "last_outcome": last and last.outcome,
        "last_took_s": last and last.took,
        "last_task_id": last and (last.task_id or None),
    }
