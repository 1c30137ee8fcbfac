"""`schedule simulate`: what would be sent, outages included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import click

from beatkit.cli.answer import Answer
from beatkit.cli.names import EntryName
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, seeing
from beatkit.cli.when import Instant, aware, instant, later, millis, stamp, worded
from beatkit.simulation import Step, starting_deadline_of, steps

COUNTS = (
    Column("NAME", "name", least=18, pinch=True),
    Column("SENT", "sent", right=True),
    Column("CAUGHT UP", "caught_up", right=True, give_way=1),
    Column("MISSED", "missed", right=True),
    Column("FIRST", "first", give_way=2),
    Column("LAST", "last", give_way=3),
)
EACH = (
    Column("SENT AT", "sent_at", give_way=1),
    Column("NAME", "name", least=14, pinch=True),
    Column("SCHEDULED FOR", "scheduled_for"),
    Column("KIND", "kind", give_way=2),
    Column("MISSED", "missed", right=True, give_way=3),
)


@click.command(
    "simulate",
    cls=Verb,
    examples=(
        "simulate",
        "simulate shop.close_day -v --down 02:00..04:30 --from 00:00",
    ),
)
@click.argument("names", nargs=-1, type=EntryName())
@click.option("--from", "begin", type=Instant(), default="now", show_default=True,
              help="Start here.")  # fmt: skip
@click.option(
    "--to", "end", type=Instant(), show_default="24 hours after --from", help="Stop here."
)
@click.option(
    "--down",
    multiple=True,
    metavar="FROM..TO",
    help="No beat can send in this time, such as 02:00..04:30. May be repeated.",
)
@click.option("-v", "--verbose", "each", is_flag=True, help="A line for each slot.")
@seeing
def simulate_verb(
    view: View,
    names: tuple[str, ...],
    begin: str,
    end: str | None,
    down: tuple[str, ...],
    each: bool,
) -> None:
    """Count what beats would send, by the same decisions as theirs, and what they would miss.

    NAMES are names or globs of entries; none means all. Nothing is sent.
    """
    start = instant(begin, view.now)
    stop = later(start, timedelta(days=1)) if end is None else instant(end, view.now)
    if millis(stop) <= millis(start):
        raise click.UsageError(f"--to is {end!r}, which is not after --from")
    outages = [_outage(text, view.now) for text in down]
    deadline = starting_deadline_of(view.app)
    entries = view.schedule.select(names)
    found = list(steps(entries, start, stop, down=outages, starting_deadline=deadline))
    table = _each(view, found) if each else _counts(view, found)
    sent = sum(step.move.kind is not None for step in found)
    missed = sum(step.move.missed.count for step in found if step.move.missed)
    span = f"{worded(start, view.now)} to {worded(stop, view.now)}"
    view.outlet.give(
        Answer(
            kind="simulate",
            about={
                **stamp("start", start.astimezone(view.zone)),
                **stamp("stop", stop.astimezone(view.zone)),
                "sent": sent,
                "missed": missed,
            },
            tables=[table],
            notes=[f"{sent:,} sent, {missed:,} missed · {span}"],
        )
    )


def _outage(text: str, now: datetime) -> tuple[datetime, datetime]:
    first, dots, last = text.partition("..")
    try:
        span = instant(first, now), instant(last, now)
    except ValueError:
        dots = ""
    if not dots or millis(span[1]) <= millis(span[0]):
        raise click.UsageError(
            f"--down is {text!r}, expected two times such as 02:00..04:30, the later one last"
        )
    return span


@dataclass(slots=True)
class Tally:
    """What became of one entry's slots."""

    sent: int = 0
    caught_up: int = 0
    missed: int = 0
    slots: list[int] = field(default_factory=list)

    def add(self, step: Step) -> None:
        """Count one decision."""
        move = step.move
        if move.missed is not None:
            self.missed += move.missed.count
        if move.kind is not None:
            self.sent += 1
            self.caught_up += move.kind == "catch_up"
            self.slots.append(move.slot)


def _counts(view: View, found: Sequence[Step]) -> Table:
    tallies: dict[str, Tally] = {}
    for step in found:
        tallies.setdefault(step.entry, Tally()).add(step)
    return Table(COUNTS, [_count(view, name, tally) for name, tally in tallies.items()])


def _count(view: View, name: str, tally: Tally) -> Row:
    zone = view.zone_of(view.schedule.entry(name))
    first = aware(tally.slots[0], zone) if tally.slots else None
    last = aware(tally.slots[-1], zone) if tally.slots else None
    cells = {
        "NAME": name,
        "SENT": f"{tally.sent:,}",
        "CAUGHT UP": f"{tally.caught_up:,}" if tally.caught_up else "-",
        "MISSED": f"{tally.missed:,}" if tally.missed else "-",
        "FIRST": worded(first, view.now),
        "LAST": worded(last, view.now),
    }
    data = {
        "name": name,
        "sent": tally.sent,
        "caught_up": tally.caught_up,
        "missed": tally.missed,
        **stamp("first", first),
        **stamp("last", last),
    }
    return Row(cells, data, "warning" if tally.missed else "")


def _each(view: View, found: Sequence[Step]) -> Table:
    return Table(EACH, [_step(view, step) for step in found])


def _step(view: View, step: Step) -> Row:
    zone = view.zone_of(view.schedule.entry(step.entry))
    at, slot = aware(step.at_ms, zone), aware(step.move.slot, zone)
    missed = step.move.missed
    kind = step.move.kind or "missed"
    cells = {
        "SENT AT": worded(at, view.now) if step.move.kind else "-",
        "NAME": step.entry,
        "SCHEDULED FOR": worded(slot, view.now),
        "KIND": kind,
        "MISSED": f"{missed.count:,} ({missed.reason})" if missed else "-",
    }
    data: dict[str, Any] = {
        **stamp("sent_at", at if step.move.kind else None),
        "name": step.entry,
        **stamp("scheduled_for", slot),
        "kind": kind,
        "missed": missed.count if missed else 0,
        "reason": missed.reason if missed else None,
    }
    return Row(cells, data, "warning" if missed else "")
