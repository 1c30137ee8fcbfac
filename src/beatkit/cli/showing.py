"""`schedule show`: one entry in full."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import click

from beatkit.cli import held
from beatkit.cli.answer import Answer
from beatkit.cli.clocks import remark
from beatkit.cli.lately import at_length, lately
from beatkit.cli.lately import facts as last_facts
from beatkit.cli.listing import owner, see
from beatkit.cli.names import EntryName
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, seeing
from beatkit.cli.when import aware, distance, millis, stamp, until, worded
from beatkit.cli.wording import described, queue_text, schedule_text
from beatkit.entry import PLAIN, Entry
from beatkit.operate import HORIZON
from beatkit.settings.redaction import redact
from beatkit.simulation import upcoming

PAIRS = (Column("FIELD", "field"), Column("VALUE", "value", least=20, wrap=True))
RUNS = (
    Column("NEXT", "at"),
    Column("IN", "in_s", right=True, give_way=1),
    Column("REMARK", "remark", least=13, spare=True),
)


@click.command(
    "show",
    cls=Verb,
    examples=(
        "show shop.close_day",
        "show shop.close_day -n 3 --tz Asia/Tokyo",
    ),
)
@click.argument("name", type=EntryName())
@click.option("-n", "--count", type=click.IntRange(0), default=10, show_default=True,
              help="How many coming slots.")  # fmt: skip
@seeing
def show_verb(view: View, name: str, count: int) -> None:
    """Show one entry in full: what, when, where to, by which policy, and declared where.

    Secrets in arguments and options are hidden.
    """
    entry = view.schedule.entry(name)
    slots = coming(view, entry, count)
    runs = [run(view, at, held.remark(view, entry, at, first=at is slots[0])) for at in slots]
    last = lately(view, [name]).get(name)
    document = {**facts(view, entry), **last_facts(view, last), "next": [row.data for row in runs]}
    told = [*words(view, entry), ("last run", at_length(view, last))]
    pairs = [_pair(field, value) for field, value in told if value not in ("", None)]
    view.outlet.give(
        Answer(
            kind="show",
            tables=[Table(PAIRS, pairs, headings=False), Table(RUNS, runs)],
            items=[document],
            notes=["no store read: the last run is not known"] if view.unread else [],
        )
    )


def coming(view: View, entry: Entry, count: int) -> list[datetime]:
    """Return an entry's coming slots, in its zone."""
    start = millis(view.now)
    slots = upcoming(entry, start, millis(view.now + HORIZON))
    return [aware(slot, view.zone_of(entry)) for slot in islice(slots, count)]


def run(view: View, at: datetime, withheld: str = "") -> Row:
    """Return one coming slot as a row; `withheld` says why it will not be sent."""
    left = until(at, view.now)
    text = ", ".join(filter(None, (withheld, remark(at))))
    return Row(
        {"NEXT": worded(at, view.now), "IN": distance(left), "REMARK": text},
        {**stamp("at", at), "in_s": left.total_seconds(), "remark": text},
    )


def facts(view: View, entry: Entry) -> dict[str, Any]:
    """Return an entry for programs."""
    seen = see(view, entry)
    policy = entry.policy or PLAIN
    fields = ("catch_up", "coalesce", "deadline", "overlap", "even_when_paused", "jitter")
    return {
        "name": entry.name,
        "task": entry.task,
        "description": entry.description,
        "state": seen.state,
        **held.facts(view, entry),
        "schedule": schedule_text(entry),
        "in_words": described(entry.schedule),
        "timezone": str(view.zone_of(entry)),
        "queue": seen.destination.queue,
        "priority": seen.destination.priority,
        "args": redact(list(entry.args)),
        "kwargs": redact(dict(entry.kwargs)),
        "options": redact(dict(entry.options)),
        "policy": None if entry.policy is None else {one: getattr(policy, one) for one in fields},
        "tags": list(entry.tags),
        "owner": owner(view, entry),
        "file": entry.source and entry.source.file,
        "line": entry.source and entry.source.line,
    }


def words(view: View, entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the same for people: pairs of a word and a text; empty ones say nothing."""
    seen = see(view, entry)
    yield "name", entry.name
    yield "description", entry.description
    yield "task", entry.task
    yield "state", seen.state
    yield from held.told(view, entry)
    yield "schedule", schedule_text(entry)
    yield "in words", described(entry.schedule)
    yield "shown in", str(view.zone_of(entry))
    yield "queue", queue_text(seen.destination)
    yield "args", repr(redact(list(entry.args))) if entry.args else ""
    yield "kwargs", repr(redact(dict(entry.kwargs))) if entry.kwargs else ""
    yield "options", repr(redact(dict(entry.options))) if entry.options else ""
    yield "policy", policy_text(entry)
    yield "tags", ", ".join(entry.tags)
    yield "declared", declared(view, entry)


def declared(view: View, entry: Entry) -> str:
    """Return where an entry comes from."""
    if owner(view, entry) == "code":
        return f"in {entry.source}" if entry.source else "in beat_schedule"
    kept = view.schedule.runtime[entry.name]
    since = worded(kept.since.astimezone(view.zone), view.now)
    return f"while running, by {kept.by}, {since}"


def policy_text(entry: Entry) -> str:
    """Return an entry's policy in words; what is as usual is left out."""
    if entry.policy is None:
        return "Celery's own: the latest missed slot is sent, and nothing guards the run"
    policy = entry.policy
    parts = [f"catch up {policy.catch_up}", "coalesce" if policy.coalesce else "do not coalesce"]
    if policy.deadline is not None:
        parts.append(f"deadline {policy.deadline:g}s")
    if policy.overlap != "allow":
        parts.append(f"overlap {policy.overlap}")
    if policy.jitter:
        parts.append(f"jitter {policy.jitter:g}s")
    if policy.even_when_paused:
        parts.append("even when paused")
    return ", ".join(parts)


def _pair(field: str, value: str) -> Row:
    return Row({"FIELD": field, "VALUE": value}, {"field": field, "value": value})
