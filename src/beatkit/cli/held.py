"""What holds an entry back: the pauses in force for it, and the skip of its next slot."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from beatkit.cli.view import View
from beatkit.cli.when import aware, millis, roughly, stamp, worded
from beatkit.cli.wording import scope_text
from beatkit.entry import Entry
from beatkit.store import Pause, pause_scopes
from beatkit.store.actions import skip_scope


def pauses(view: View, entry: Entry, at: datetime | None = None) -> dict[str, Pause]:
    """Return the pauses that hold an entry at an instant (default: now), by scope."""
    if not view.paused:
        return {}
    moment = millis(at or view.now)
    found = {scope: view.paused[scope] for scope in pause_scopes(entry) if scope in view.paused}
    return {scope: pause for scope, pause in found.items() if pause.holds(moment)}


def skip(view: View, entry: Entry) -> Pause | None:
    """Return the skip of an entry's next slot, if somebody asked for one."""
    return view.paused.get(skip_scope(entry.name))


def brief(view: View, entry: Entry, state: str) -> str:
    """Return a state for people: `paused for 2h` where the pause ends, or `skips next`."""
    if state == "on" and skip(view, entry):
        return "skips next"
    end = _end(view, entry) if state == "paused" else None
    if end is None:
        return state
    return f"paused for {roughly(timedelta(milliseconds=end - millis(view.now)))}"


def facts(view: View, entry: Entry) -> dict[str, Any]:
    """Return it for programs."""
    end = _end(view, entry)
    return {
        "paused": [
            {"scope": scope, "reason": pause.reason, "by": pause.by}
            for scope, pause in pauses(view, entry).items()
        ],
        **stamp("paused_until", None if end is None else aware(end, view.zone)),
        "skips_next": skip(view, entry) is not None,
    }


def told(view: View, entry: Entry) -> list[tuple[str, str]]:
    """Return it in full: pairs of a word and a text."""
    lines = [
        (
            "paused",
            f"{_wider(scope, entry)}by {pause.by}{_since(view, pause)}: {pause.reason}",
        )
        for scope, pause in pauses(view, entry).items()
    ]
    if (skipped := skip(view, entry)) is not None:
        lines.append(("skips next", f"by {skipped.by}: {skipped.reason}"))
    return lines


def remark(view: View, entry: Entry, at: datetime, *, first: bool) -> str:
    """Say of a coming slot that it will not be sent; "" where it will.

    Args:
        view: The circumstances.
        entry: The entry.
        at: The slot.
        first: It is the entry's next one, which a skip is used up by.
    """
    if pauses(view, entry, at):
        return "paused"
    held_now = pauses(view, entry)
    return "skipped" if first and not held_now and skip(view, entry) else ""


def _end(view: View, entry: Entry) -> int | None:
    """Return when the last of an entry's pauses ends; None: one has no end, or there is none."""
    ends = [pause.until for pause in pauses(view, entry).values()]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _wider(scope: str, entry: Entry) -> str:
    return "" if scope == f"entry:{entry.name}" else f"{scope_text(scope)}, "


def _since(view: View, pause: Pause) -> str:
    since = aware(pause.at, view.zone).replace(microsecond=0)
    end = None if pause.until is None else aware(pause.until, view.zone).replace(microsecond=0)
    return f" since {worded(since, view.now)}" + (f" until {worded(end, view.now)}" if end else "")
