"""`schedule history`: what became of slots, the newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

import click

from beatkit.cli.answer import Answer
from beatkit.cli.deeds import told
from beatkit.cli.names import EntryName
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, operating
from beatkit.cli.when import Instant, distance, instant, stamp, worded
from beatkit.history import BAD, NOT_RUN, Record

COLUMNS = (
    Column("WHEN", "when"),
    Column("SLOT", "slot", give_way=4),
    Column("NAME", "name", least=18, pinch=True),
    Column("KIND", "slot_kind", give_way=3),
    Column("OUTCOME", "outcome", least=16),
    Column("LATE", "late_s", right=True, give_way=1),
    Column("TOOK", "took_s", right=True),
    Column("WORKER", "worker", least=12, give_way=2, pinch=True),
)
BARS = "▁▂▃▄▅▆▇█"
SHOWN = 40
"""Bars of the picture of how long runs took."""


@click.command(
    "history",
    cls=Verb,
    examples=(
        "history shop.close_day -n 5",
        "history --failed --since -24h",
        "history 'shop.*' --not-run -o json",
        "history --actions --since -7d",
    ),
)
@click.argument("name", required=False, type=EntryName())
@click.option("-n", "--count", type=click.IntRange(1), default=50, show_default=True,
              help="How many, the newest.")  # fmt: skip
@click.option("--since", type=Instant(), help="Only what happened then or later, such as -2h.")
@click.option("--until", type=Instant(), help="Only what happened before.")
@click.option("--failed", is_flag=True, help="Only runs that failed, or whose worker died.")
@click.option("--not-run", is_flag=True, help="Only slots that were missed or skipped.")
@click.option("--actions", is_flag=True, help="What people did instead: who paused what, and why.")
@operating
def history_verb(
    view: View,
    name: str | None,
    count: int,
    since: str | None,
    until: str | None,
    failed: bool,
    not_run: bool,
    actions: bool,
) -> None:
    """Show what became of slots, the newest first.

    NAME is a name or a glob such as 'shop.*'; none means all. Starts and ends are known of
    entries with a policy, whose workers tell them to the store.
    """
    first, last = (text and instant(text, view.now) for text in (since, until))
    if actions:
        if failed or not_run:
            raise click.UsageError("--actions are no runs: leave out --failed and --not-run")
        view.outlet.give(told(view, name, first or None, last or None, count))
        return
    wanted = (BAD if failed else frozenset()) | (NOT_RUN if not_run else frozenset())
    found = view.schedule.history(name, limit=None, since=first or None, until=last or None)
    chosen = [one for one in found if not wanted or one.outcome in wanted][:count]
    view.outlet.give(answer(view, chosen, name))


def answer(view: View, found: Sequence[Record], name: str | None) -> Answer:
    """Return records as an answer."""
    one_entry = name is not None and all(one.entry == name for one in found)
    columns = [column for column in COLUMNS if not (one_entry and column.title == "NAME")]
    return Answer(
        kind="history",
        tables=[Table(columns, [row(view, one) for one in found])],
        items=[data(one, view.zone) for one in found],
        notes=[_closing(view, found, one_entry)],
    )


def row(view: View, one: Record) -> Row:
    """Return a record as a row."""
    cells = {
        "WHEN": clock(view, one.when),
        "SLOT": clock(view, one.scheduled_for),
        "NAME": one.entry,
        "KIND": one.kind,
        "OUTCOME": outcome(one),
        "LATE": seconds(one.late),
        "TOOK": seconds(one.took),
        "WORKER": one.worker or "-",
    }
    return Row(cells, data(one, view.zone), style(one))


def style(one: Record) -> str:
    """Return how a record looks."""
    if one.outcome in BAD:
        return "error"
    return "warning" if one.outcome in NOT_RUN else ""


def outcome(one: Record) -> str:
    """Return what became of it, with the reason and how many."""
    text = f"{one.outcome}: {one.reason}" if one.reason else one.outcome
    tries = f", {one.tries} tries" if one.tries > 1 else ""
    return text + (f" ({one.count:,} slots)" if one.count > 1 else tries)


def data(one: Record, zone: tzinfo) -> dict[str, Any]:
    """Return a record for programs."""

    def at(key: str, instant: datetime | None) -> dict[str, Any]:
        return dict(stamp(key, instant and instant.astimezone(zone)))

    return {
        "name": one.entry,
        **at("slot", one.scheduled_for),
        "slot_kind": one.kind,
        "outcome": one.outcome,
        "reason": one.reason or None,
        **at("when", one.when),
        **at("sent", one.sent),
        **at("started", one.started),
        **at("finished", one.finished),
        "late_s": one.late,
        "took_s": one.took,
        "tries": one.tries,
        "copies": one.copies,
        "worker": one.worker or None,
        "beat": one.beat or None,
        "task_id": one.task_id or None,
        **at("ran_for", one.ran_for),
        **at("first_slot", one.first),
        "count": one.count,
    }


def clock(view: View, at: datetime) -> str:
    """Return an instant to the second."""
    return worded(at.astimezone(view.zone).replace(microsecond=0), view.now)


def seconds(count: float | None) -> str:
    """Return a duration; `-` for None."""
    return "-" if count is None else distance(timedelta(seconds=max(0.0, count)))


def _closing(view: View, found: Sequence[Record], one_entry: bool) -> str:
    """How many of what; of one entry, how long its runs took."""
    counts = Counter(one.outcome for one in found)
    parts = [f"{count} {outcome}" for outcome, count in counts.most_common()]
    texts = [", ".join(parts) or "nothing is known"]
    took = [one.took for one in reversed(found) if one.took is not None][-SHOWN:]
    if one_entry and len(took) > 1:
        texts.append(f"took {spark(took)} {seconds(min(took))} to {seconds(max(took))}")
    return " · ".join([*texts, f"now {worded(view.now.replace(microsecond=0), view.now)}"])


def spark(values: Sequence[float]) -> str:
    """Draw values as bars, from nothing to the greatest."""
    most = max(values) or 1.0
    return "".join(BARS[round(value / most * (len(BARS) - 1))] for value in values)
