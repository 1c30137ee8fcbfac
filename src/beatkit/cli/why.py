"""`schedule why`: what was decided for one slot, and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from beatkit.cli.answer import NO, YES, Answer
from beatkit.cli.history import data
from beatkit.cli.names import EntryName
from beatkit.cli.table import Column, Line, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, operating
from beatkit.cli.when import Instant, distance, instant, later, stamp, worded
from beatkit.errors import ScheduleError
from beatkit.recalling import explained
from beatkit.schedules.timetable import to_datetime
from beatkit.why import Why

ANSWER = (Column("ANSWER", "answer", wrap=True),)


@click.command(
    "why",
    cls=Verb,
    examples=(
        "why shop.close_day",
        "why shop.close_day --at 02:30",
    ),
)
@click.argument("name", type=EntryName())
@click.option(
    "--at",
    "when",
    type=Instant(),
    show_default="the latest slot",
    help="The slot's time, such as 02:30 or 2026-03-29T02:30.",
)
@operating
def why_verb(view: View, name: str, when: str | None) -> None:
    """Say what was decided for a slot of an entry, and why: with the evidence.

    Exit code 1 if there is no slot at that time, or nothing is known of it.
    """
    asked = instant(when, view.now) if when else latest(view, name)
    found = explained(
        view.schedule,
        name,
        asked,
        say=lambda one: _clock(view, one),
        span=lambda count: distance(timedelta(seconds=count)),
    )
    view.outlet.give(answer(view, found))


def latest(view: View, name: str) -> datetime:
    """Return an entry's latest slot.

    Raises:
        EntryNotFound: There is no entry of that name.
        ScheduleError: It has none that could be told.
    """
    known = view.schedule if name in view.schedule.code else view.schedule.with_runtime()
    rule = getattr(known.entry(name).schedule, "rule", None)
    slot = rule and rule.previous(round(later(view.now, timedelta()).timestamp() * 1000) + 1)
    if slot is None:
        raise ScheduleError(f"Entry {name!r} has no latest slot\n  write --at TIME")
    return to_datetime(slot)


def answer(view: View, found: Why) -> Answer:
    """Return the answer as one of a verb."""

    def at(key: str, instant: datetime | None) -> dict[str, Any]:
        return dict(stamp(key, instant and instant.astimezone(view.zone)))

    text = " ".join(found.sentences)
    return Answer(
        kind="why",
        tables=[Table(ANSWER, [Row({"ANSWER": text}, {"answer": text})], headings=False)],
        items=[
            {
                "name": found.entry,
                **at("at", found.at),
                **at("slot", found.slot),
                "found": found.found,
                "sentences": list(found.sentences),
                **at("slot_before", found.nearest[0]),
                **at("slot_after", found.nearest[1]),
                "records": [data(one, view.zone) for one in found.records],
            }
        ],
        lines=[Line(sentence) for sentence in found.sentences],
        code=YES if found.found in ("decided", "coming") else NO,
    )


def _clock(view: View, at: datetime) -> str:
    return worded(at.astimezone(view.zone).replace(microsecond=0), view.now)
