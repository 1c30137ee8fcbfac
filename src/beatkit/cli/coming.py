"""`schedule next`: the coming slots of all entries, merged."""

from __future__ import annotations

from datetime import datetime

import click

from beatkit.cli import held
from beatkit.cli.answer import Answer
from beatkit.cli.clocks import remark
from beatkit.cli.listing import owner
from beatkit.cli.names import EntryName
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, seeing
from beatkit.cli.when import Instant, distance, instant, stamp, worded
from beatkit.cli.when import until as from_now
from beatkit.cli.wording import queue_text
from beatkit.entry import Slot

COLUMNS = (
    Column("AT", "at", give_way=1),
    Column("IN", "in_s", right=True),
    Column("NAME", "name", least=18, pinch=True),
    Column("QUEUE", "queue", least=7, give_way=3),
    Column("REMARK", "remark", least=13, give_way=2, spare=True),
    Column("OWNER", "owner", spare=True),
)


@click.command(
    "next",
    cls=Verb,
    examples=(
        "next -n 5",
        "next 'shop.*' --until +2h -o jsonl",
    ),
)
@click.argument("names", nargs=-1, type=EntryName())
@click.option("-n", "--count", type=click.IntRange(1), default=20, show_default=True,
              help="How many.")  # fmt: skip
@click.option("--until", type=Instant(), help="Only slots before this time, such as +2h or 18:00.")
@seeing
def next_verb(view: View, names: tuple[str, ...], count: int, until: str | None) -> None:
    """Show the coming slots of all entries, merged, the earliest first.

    NAMES are names or globs such as 'shop.*'; none means all. Entries that are off are left
    out. A remark says where the clocks change, and what a pause holds back.
    """
    if len(names) == 1 and names[0].isdecimal() and names[0] not in view.schedule.entries:
        raise click.UsageError(f"to see {names[0]} slots, write -n {names[0]}")
    stop = None if until is None else instant(until, view.now)
    slots = view.schedule.next(count, patterns=names, after=view.now, until=stop)
    view.outlet.give(answer(view, slots))


def answer(view: View, slots: list[Slot]) -> Answer:
    """Return the slots as an answer."""
    seen: set[str] = set()
    rows = [_row(view, slot, seen) for slot in slots]
    return Answer(
        kind="next",
        tables=[Table(COLUMNS, rows)],
        notes=[] if slots else ["nothing is due in this time"],
    )


def _row(view: View, slot: Slot, seen: set[str]) -> Row:
    """Return a slot as a row; `seen` are the entries of those before it."""
    entry = view.schedule.entry(slot.entry)
    at: datetime = slot.scheduled_for.astimezone(view.zone_of(entry))
    left = from_now(slot.scheduled_for, view.now)
    destination = view.schedule.destination(entry)
    withheld = held.remark(view, entry, slot.scheduled_for, first=entry.name not in seen)
    seen.add(entry.name)
    text = ", ".join(filter(None, (withheld, remark(at))))
    cells = {
        "AT": worded(at, view.now),
        "IN": distance(left),
        "NAME": entry.name,
        "QUEUE": queue_text(destination),
        "REMARK": text,
        "OWNER": "runtime" if owner(view, entry) == "runtime" else "-",
    }
    data = {
        **stamp("at", at),
        "in_s": left.total_seconds(),
        "name": entry.name,
        "queue": destination.queue,
        "priority": destination.priority,
        "remark": text,
        "owner": owner(view, entry),
    }
    return Row(cells, data)
