"""`schedule trigger`: one run of an entry, now."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import click

from beatkit.cli.answer import NO, YES, Answer
from beatkit.cli.history import row
from beatkit.cli.names import EntryName
from beatkit.cli.pausing import BY, REASON
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, operating
from beatkit.cli.when import Duration, stamp, worded
from beatkit.cli.wording import queue_text
from beatkit.history import Record
from beatkit.recalling import refuse_unseen
from beatkit.trigger import Triggered

COLUMNS = (
    Column("NAME", "name", least=18, pinch=True),
    Column("TASK ID", "task_id"),
    Column("QUEUE", "queue", least=7),
    Column("AT", "at", give_way=1),
)
ENDED = (
    Column("NAME", "name", least=18, pinch=True),
    Column("TASK ID", "task_id", give_way=2),
    Column("OUTCOME", "outcome", least=14),
    Column("LATE", "late_s", right=True, give_way=1),
    Column("TOOK", "took_s", right=True),
    Column("WORKER", "worker", least=12, give_way=3, pinch=True),
)


@click.command(
    "trigger",
    cls=Verb,
    examples=(
        "trigger shop.close_day --reason 'a customer waits'",
        "trigger shop.close_day --wait --timeout 5m",
    ),
)
@click.argument("name", type=EntryName())
@REASON
@click.option("--wait", is_flag=True, help="Wait for its end, and show what became of it.")
@click.option("--timeout", type=Duration(), default="1min", show_default=True,
              help="Wait so long at most.")  # fmt: skip
@BY
@operating
def trigger_verb(
    view: View, name: str, reason: str, by: str | None, wait: bool, timeout: timedelta
) -> None:
    """Send one run of an entry now: what beat would send, with a task id of its own.

    The next slot comes as planned. It is sent also while the entry is paused or off. Each
    call sends a run. If the broker's answer is lost (exit code 69), the message says which
    task id to look for.

    With --wait the exit code is 0 if the run succeeds, and 1 if it fails, is skipped by the
    guard, or is not over in time. No result backend is needed for entries with a policy.
    """
    if wait:
        refuse_unseen(view.schedule, name)
    run = view.schedule.trigger(name, reason=reason, by=by)
    if not wait:
        view.outlet.give(_answer(view, run))
        return
    seen = partial(_note, view, run)
    view.outlet.give(_outcome(view, view.schedule.wait(run, timeout.total_seconds(), seen=seen)))


def _note(view: View, run: Triggered, record: Record) -> None:
    """Tell a person who waits how far it is."""
    said = {
        "sent": f"sent with task id {run.task_id}, waiting for a worker",
        "kept": f"{record.worker} keeps it until another run of the entry ends",
        "running": f"running on {record.worker}",
        "RETRY": f"{record.worker} is to try it again",
    }
    if record.outcome in said:
        view.outlet.note(said[record.outcome])


def _outcome(view: View, record: Record) -> Answer:
    """Return what became of a run that was waited for."""
    note = "" if record.over else f"it is not over: {record.outcome}; wait longer with --timeout"
    if record.outcome == "sent":
        note = (
            "no worker has taken it yet: celery -A APP schedule doctor says whether one reads "
            "its queue; or wait longer with --timeout"
        )
    if record.outcome == "FAILURE":
        note = f"why it failed is in the log of {record.worker or 'its worker'}"
    return Answer(
        kind="trigger",
        tables=[Table(ENDED, [_ended_row(view, record)])],
        notes=[note] if note else [],
        code=YES if record.outcome == "SUCCESS" else NO,
    )


def _ended_row(view: View, record: Record) -> Row:
    shown = row(view, record)
    return Row({**shown.cells, "TASK ID": record.task_id}, shown.data, shown.style)


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
        "slot_kind": "manual",
    }
    notes = [] if entry.enabled else [f"{run.entry} is off: beats do not send it"]
    return Answer("trigger", [Table(COLUMNS, [Row(cells, data)])], notes=notes)
