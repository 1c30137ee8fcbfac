"""`schedule list`: every entry, the next first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import click

from beatkit.cli import held
from beatkit.cli.answer import Answer
from beatkit.cli.lately import brief, facts, lately
from beatkit.cli.names import EntryName
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, seeing
from beatkit.cli.when import distance, stamp, until, worded
from beatkit.cli.wording import described, queue_text, schedule_text
from beatkit.destination import Destination
from beatkit.entry import Entry
from beatkit.history import Record

COLUMNS = (
    Column("NEXT", "next", give_way=1),
    Column("IN", "in_s", right=True),
    Column("LAST", "last", give_way=2),
    Column("NAME", "name", least=18, pinch=True),
    Column("SCHEDULE", "schedule", least=12, give_way=3),
    Column("QUEUE", "queue", least=7, give_way=4),
    Column("STATE", "state"),
    Column("OWNER", "owner", spare=True),
)
VERBOSE = tuple(
    replace(column, give_way=1) if column.key == "schedule" else column for column in COLUMNS
)
"""With -v the schedule is what was asked for, and stays on a narrow terminal."""

STYLES = {
    "paused": "warning",
    "no task": "error",
    "no queue": "error",
    "off": "quiet",
    "ended": "quiet",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry as the list shows it."""

    entry: Entry
    next: datetime | None
    destination: Destination
    state: str
    last: Record | None = None


@click.command(
    "list",
    cls=Verb,
    examples=(
        "list",
        "list 'shop.*' --queue reports -v",
        "list --state paused -o plain",
    ),
)
@click.argument("names", nargs=-1, type=EntryName())
@click.option("--queue", help="Only entries whose messages go to this queue.")
@click.option("--tag", help="Only entries with this tag.")
@click.option("--state", type=click.Choice(["on", *STYLES]), help="Only entries in this state.")
@click.option("-v", "--verbose", is_flag=True, help="Say schedules in plain English.")
@seeing
def list_verb(view: View, names: tuple[str, ...], verbose: bool, **wanted: str | None) -> None:
    """Show every entry and when it is next due, the next first.

    NAMES are names or globs such as 'shop.*'; none means all.
    """
    seen = [see(view, entry) for entry in view.schedule.select(names)]
    chosen = [one for one in seen if _matches(one, **wanted)]
    lasts = lately(view, [one.entry.name for one in chosen])
    chosen = [replace(one, last=lasts.get(one.entry.name)) for one in chosen]
    notes = [] if chosen else list(_known(seen, **wanted))
    view.outlet.give(answer(view, sorted(chosen, key=_order), verbose, notes))


def _matches(seen: Seen, queue: str | None, tag: str | None, state: str | None) -> bool:
    return (
        queue in (None, seen.destination.queue)
        and (tag is None or tag in seen.entry.tags)
        and state in (None, seen.state)
    )


def _known(seen: Iterable[Seen], queue: str | None, tag: str | None, **_: object) -> Iterator[str]:
    """Yield which queues or tags there are, where the one asked for is not among them."""
    queues = sorted({one.destination.queue for one in seen})
    tags = sorted({tag for one in seen for tag in one.entry.tags})
    if queue is not None and queue not in queues:
        yield f"no entry goes to the queue {queue!r}; there are: {', '.join(queues) or 'none'}"
    if tag is not None and tag not in tags:
        yield f"no entry has the tag {tag!r}; there are: {', '.join(tags) or 'none'}"


def _order(seen: Seen) -> tuple[bool, float, str]:
    waiting = seen.state not in ("off", "ended") and seen.next is not None
    return not waiting, seen.next.timestamp() if seen.next else 0.0, seen.entry.name


def see(view: View, entry: Entry) -> Seen:
    """Look at one entry."""
    following = view.schedule.following(entry, view.now)
    destination = view.schedule.destination(entry)
    if not entry.enabled:
        state = "off"
    elif entry.task in view.schedule.unknown_tasks:
        state = "no task"
    elif not destination.known:
        state = "no queue"
    elif not following:
        state = "ended"
    else:
        state = "paused" if held.pauses(view, entry) else "on"
    zone = view.zone_of(entry)
    return Seen(entry, following and following.astimezone(zone), destination, state)


def owner(view: View, entry: Entry) -> str:
    """Return who owns an entry: "code" or "runtime"."""
    return "code" if entry.name in view.schedule.code else "runtime"


def answer(view: View, seen: list[Seen], verbose: bool, notes: Iterable[str] = ()) -> Answer:
    """Return the list as an answer."""
    rows = [_row(view, one, verbose) for one in seen]
    return Answer(
        kind="list",
        tables=[Table(VERBOSE if verbose else COLUMNS, rows)],
        notes=[*notes, _closing(view, seen)],
    )


def _row(view: View, seen: Seen, verbose: bool) -> Row:
    entry = seen.entry
    left = None if seen.next is None else until(seen.next, view.now)
    text = described(entry.schedule) if verbose else schedule_text(entry)
    cells = {
        "NEXT": worded(seen.next, view.now),
        "IN": distance(left),
        "LAST": brief(view, seen.last),
        "NAME": entry.name,
        "SCHEDULE": text,
        "QUEUE": queue_text(seen.destination),
        "STATE": held.brief(view, entry, seen.state),
        "OWNER": "runtime" if owner(view, entry) == "runtime" else "-",
    }
    return Row(cells, _data(view, seen, left), STYLES.get(seen.state, ""))


def _data(view: View, seen: Seen, left: timedelta | None) -> dict[str, Any]:
    entry = seen.entry
    return {
        "name": entry.name,
        "task": entry.task,
        **stamp("next", seen.next),
        "in_s": None if left is None else left.total_seconds(),
        **facts(view, seen.last),
        "schedule": schedule_text(entry),
        "description": entry.description,
        "queue": seen.destination.queue,
        "priority": seen.destination.priority,
        "state": seen.state,
        **held.facts(view, entry),
        "owner": owner(view, entry),
        "timezone": str(view.zone_of(entry)),
        "tags": list(entry.tags),
    }


def _closing(view: View, seen: list[Seen]) -> str:
    """The line below the table: how many, and what time it is taken to be."""
    count = f"{len(seen)} {'entry' if len(seen) == 1 else 'entries'}"
    states = [one.state for one in seen if one.state != "on"]
    others = [f"{states.count(state)} {state}" for state in STYLES if state in states]
    present = worded(view.now, view.now)
    unread = " · no store read" if view.unread else ""
    return f"{', '.join([count, *others])} · now {present}{unread}"
