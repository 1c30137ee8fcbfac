"""`schedule skip-next` and `schedule forget`: what shall not be sent, and what is to be dropped."""

from __future__ import annotations

import click

from beatkit.cli.answer import Answer
from beatkit.cli.names import EntryName
from beatkit.cli.pausing import BY, REASON
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, operating
from beatkit.cli.when import distance, stamp, until, worded

SKIPPED = (
    Column("NAME", "name", least=18, pinch=True),
    Column("SKIPPED", "slot"),
    Column("IN", "in_s", right=True),
)
FORGOTTEN = (
    Column("NAME", "name", least=18, pinch=True),
    Column("FORGOTTEN", "forgotten", least=20),
)
WORDS = {
    "dropped": "all that was kept of it",
    "restarted": "what it owed, and its pauses",
}


@click.command(
    "skip-next", cls=Verb, examples=("skip-next shop.close_day --reason 'the auditor is at it'",)
)
@click.argument("name", type=EntryName())
@click.option("--reason", required=True, help="Why, for whoever finds it.")
@BY
@operating
def skip_next_verb(view: View, name: str, reason: str, by: str | None) -> None:
    """Let the next slot of an entry pass without being sent, once.

    Whichever beat decides it records it as not sent, with the reason. It is kept through
    deploys and restarts until then; `resume NAME` undoes it. A slot that is not sent anyway,
    for a pause or its deadline, does not count.
    """
    done = view.schedule.skip_next(name, reason=reason, by=by)
    at = done.slot.astimezone(view.zone)
    left = until(at, view.now)
    cells = {"NAME": done.entry, "SKIPPED": worded(at, view.now), "IN": distance(left)}
    data = {"name": done.entry, **stamp("slot", at), "in_s": left.total_seconds()}
    view.outlet.give(Answer("skip-next", [Table(SKIPPED, [Row(cells, data)])]))


@click.command("forget", cls=Verb, examples=("forget shop.old_job --reason 'renamed in 2.4'",))
@click.argument("names", nargs=-1, required=True, type=EntryName())
@REASON
@BY
@operating
def forget_verb(view: View, names: tuple[str, ...], reason: str, by: str | None) -> None:
    """Drop what the store keeps of entries: how far they are, pauses, skips, runs.

    Of an entry that is in the schedule no more nothing is left; `diff --store` lists those.
    One that is in it goes on with its next slot: what it owes is not sent any more.
    """
    done = view.schedule.forget(*names, reason=reason, by=by)
    found = [(name, "dropped") for name in done.dropped]
    found += [(name, "restarted") for name in done.restarted]
    rows = [
        Row({"NAME": name, "FORGOTTEN": WORDS[what]}, {"name": name, "forgotten": what})
        for name, what in found
    ]
    view.outlet.give(Answer("forget", [Table(FORGOTTEN, rows)]))
