"""`schedule remove`: runtime-owned entries, out of the schedule."""

from __future__ import annotations

import click

from beatkit.cli.answer import Answer
from beatkit.cli.names import EntryName
from beatkit.cli.pausing import BY, REASON
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, operating

COLUMNS = (Column("REMOVED", "name", least=18, pinch=True),)


@click.command("remove", cls=Verb, examples=("remove report-acme --reason 'booking cancelled'",))
@click.argument("names", nargs=-1, required=True, type=EntryName())
@REASON
@BY
@operating
def remove_verb(view: View, names: tuple[str, ...], reason: str, by: str | None) -> None:
    """Take runtime-owned entries out of the schedule; from now on nothing of them is sent.

    What code declares is taken out in code. Runs on their way go on.
    """
    removed = view.schedule.remove(*names, reason=reason, by=by)
    rows = [Row({"REMOVED": name}, {"name": name}) for name in removed]
    view.outlet.give(Answer("remove", [Table(COLUMNS, rows)]))
