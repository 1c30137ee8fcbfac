"""`schedule trigger`: one run of an entry, now."""

from __future__ import annotations

import click

from beatkit.cli.answer import Answer
from beatkit.cli.names import EntryName
from beatkit.cli.pausing import BY
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.view import View, acting
from beatkit.cli.when import stamp, worded
from beatkit.cli.wording import queue_text
from beatkit.trigger import Triggered

COLUMNS = (
    Column("NAME", "name", least=18, pinch=True),
    Column("TASK ID", "task_id"),
    Column("QUEUE", "queue", least=7),
    Column("AT", "at", give_way=1),
)


@click.command("trigger")
@click.argument("name", type=EntryName())
@click.option("--reason", default="", help="Why, for the record.")
@BY
@acting
def trigger_verb(view: View, name: str, reason: str, by: str | None) -> None:
    """Send one run of an entry now: what beat would send, with a task id of its own.

    The next slot comes as planned. It is sent also while the entry is paused or off. Each
    call sends a run. If the broker's answer is lost (exit code 69), the message says which
    task id to look for.
    """
    view.outlet.give(_answer(view, view.schedule.trigger(name, reason=reason, by=by)))


def _answer(view: View, run: Triggered) -> Answer:
    owned = run.entry not in view.schedule.code
    schedule = view.schedule.with_runtime() if owned else view.schedule
    entry = schedule.entry(run.entry)
    destination = view.schedule.destination(entry)
    at = run.scheduled_for.astimezone(view.zone)
    cells = {
        "NAME": run.entry,
        "TASK ID": run.task_id,
        "QUEUE": queue_text(destination),
        "AT": worded(at.replace(microsecond=0), view.now),
    }
    data = {
        "name": run.entry,
        "task_id": run.task_id,
        "queue": destination.queue,
        "priority": destination.priority,
        **stamp("at", at),
        "kind": "manual",
    }
    notes = [] if entry.enabled else [f"{run.entry} is off: beats do not send it"]
    return Answer("trigger", {}, [Table(COLUMNS, [Row(cells, data)])], notes=notes)
