"""`schedule backfill`: every slot of a past range, in order, with its progress to be seen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from beatkit.backfill import Backfilling, Told
from beatkit.cli.answer import NO, Answer
from beatkit.cli.names import EntryName
from beatkit.cli.pausing import BY, REASON
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, operating
from beatkit.cli.when import Instant, instant, stamp, worded

COLUMNS = (
    Column("NAME", "name", least=18, pinch=True),
    Column("SLOTS", "slots", right=True),
    Column("SENT", "sent", right=True),
    Column("BEFORE", "before", right=True, spare=True),
    Column("FIRST", "first"),
    Column("LAST", "last"),
)


@click.command(
    "backfill",
    cls=Verb,
    examples=(
        "backfill shop.poll_bank --from 2026-03-01T00:00Z --to 2026-03-02T00:00Z --dry-run",
        "backfill shop.poll_bank --from 2026-03-01T00:00Z --to 2026-03-02T00:00Z --rate 5",
    ),
)
@click.argument("name", type=EntryName())
@click.option("--from", "start", type=Instant(), required=True,
              help="The first instant, such as 2026-03-01T00:00+01:00 or -2d.")  # fmt: skip
@click.option("--to", "end", type=Instant(), required=True,
              help="The end, which is past and does not belong to the range.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Send nothing; say what would be sent.")
@click.option("--rate", type=click.FloatRange(0.01), help="Slots a second at most.")
@click.option("--again", type=click.IntRange(0), default=0,
              help="Send a range once more that was sent: 1, then 2 and so on.")  # fmt: skip
@REASON
@BY
@operating
def backfill_verb(
    view: View,
    name: str,
    start: str,
    end: str,
    dry_run: bool,
    rate: float | None,
    again: int,
    reason: str,
    by: str | None,
) -> None:
    """Send a run of every slot of a past range, in order.

    Each has a task id of its own and the kind backfill: it is neither coalesced nor found
    too late. The next slots of this entry and of all others come as planned.

    After Ctrl-C or a kill the same command goes on where it stopped: one that means the same
    slots, so write instants, not -2d. A range that was sent sends nothing again, for 30 days.
    """
    first, stop = instant(start, view.now), instant(end, view.now)
    where = f"--from {stamp('it', first)['it']} --to {stamp('it', stop)['it']}"
    if not dry_run and _is_relative(start, end):
        view.outlet.note(f"to go on, should it be killed: {where}")
    sent: list[int] = []
    try:
        with _bar(view, name) as told:

            def count(done: int, slots: int) -> None:
                sent.append(done)
                told(done, slots)

            done = view.schedule.backfill(
                name, first, stop,
                dry_run=dry_run, again=again, rate=rate, told=count, reason=reason, by=by,
            )  # fmt: skip
    except KeyboardInterrupt:
        view.outlet.note(f"stopped after {sent[-1] if sent else 0} slots; to go on: {where}")
        raise click.exceptions.Exit(NO) from None
    view.outlet.give(_answer(view, done, dry_run, again))


def _is_relative(*texts: str) -> bool:
    """Whether an instant means another one a minute later."""
    return any(text == "now" or text[0] in "+-" for text in texts)


@contextmanager
def _bar(view: View, name: str) -> Iterator[Told]:
    """Show how far it is, on a terminal and on stderr."""
    if view.outlet.quiet or not sys.stderr.isatty():
        yield lambda _done, _slots: None
        return
    with click.progressbar(length=1, label=name, file=sys.stderr, show_pos=True) as bar:

        def told(done: int, slots: int) -> None:
            bar.length = max(slots, 1)
            bar.update(done - bar.pos)

        yield told


def _answer(view: View, done: Backfilling, dry_run: bool, again: int) -> Answer:
    first = None if done.first is None else done.first.astimezone(view.zone)
    last = None if done.last is None else done.last.astimezone(view.zone)
    cells = {
        "NAME": done.entry,
        "SLOTS": str(done.slots),
        "SENT": "-" if dry_run else str(done.sent),
        "BEFORE": str(done.before) if done.before else "-",
        "FIRST": worded(first, view.now),
        "LAST": worded(last, view.now),
    }
    data = {
        "name": done.entry,
        "slots": done.slots,
        "sent": done.sent,
        "before": done.before,
        **stamp("first", first),
        **stamp("last", last),
        "dry_run": dry_run,
    }
    notes = list(_notes(view, done, dry_run, again))
    return Answer("backfill", [Table(COLUMNS, [Row(cells, data)])], notes=notes)


def _notes(view: View, done: Backfilling, dry_run: bool, again: int) -> Iterator[str]:
    if not done.slots:
        yield "no slot falls into this range"
    elif dry_run:
        yield "dry run: nothing was sent"
    elif not done.sent and done.since is not None:
        since = worded(done.since.astimezone(view.zone).replace(microsecond=0), view.now)
        yield f"it was sent before, by {done.by}, {since}; --again {again + 1} sends it once more"
