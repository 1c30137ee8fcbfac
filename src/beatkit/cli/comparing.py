"""`schedule diff`: the code against a file that `lock` wrote, or against the store."""

from __future__ import annotations

from pathlib import Path

import click

from beatkit.cli import locking
from beatkit.cli.answer import NO, YES, Answer
from beatkit.cli.reach import refuse_out_of_reach
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, acting
from beatkit.cli.when import stamp, worded
from beatkit.state import Difference
from beatkit.store.choice import choose

COLUMNS = (
    Column("STATE", "state"),
    Column("NAME", "name", least=18, pinch=True),
    Column("MEANS", "means", least=24),
    Column("SINCE", "since", spare=True),
    Column("BY", "by", least=8, give_way=1, spare=True),
)
MEANS = {
    "new": "in the code; no beat in force has it yet",
    "changed": "counts by another schedule in the store",
    "gone": "not in the code; beats still serve it",
    "absent": "not in the code, and served no more",
    "runtime": "added while running",
    "shadowed": "added while running, but the code's is sent",
}
STYLES = {
    "new": "added", "changed": "warning", "gone": "error", "absent": "error", "runtime": "",
    "shadowed": "warning",
}  # fmt: skip


@click.command(
    "diff",
    cls=Verb,
    examples=(
        "diff --lock",
        "diff --store -o json",
    ),
)
@click.option("--lock", "lock", is_flag=True, help="Compare with a file of `lock`.")
@click.option("--store", "store", is_flag=True, help="Compare with what the store keeps.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=locking.FILE)
@acting
def diff_verb(view: View, lock: bool, store: bool, file: Path) -> None:
    """Compare the code's schedule; exit code 1 if it differs.

    --lock: with FILE, which `lock` wrote (schedule.lock.json unless named).

    --store: with the store that beats share: what is new, changed, gone, absent since when,
    and what was added while running, which is no difference.
    """
    if lock == store:
        raise click.UsageError("compare with what? write: schedule diff --lock [FILE], or --store")
    view.outlet.give(_with_store(view) if store else locking.compare(view, file))


def _with_store(view: View) -> Answer:
    refuse_out_of_reach(choose(view.app))
    found = view.schedule.differences()
    count = sum(one.disagrees for one in found)
    added = len(found) - count
    said = {0: "the store agrees", 1: "1 difference from the store"}
    summary = said.get(count, f"{count} differences from the store")
    return Answer(
        kind="diff",
        about={"differences": count, "runtime": added},
        tables=[Table(COLUMNS, [_row(view, one) for one in found])],
        notes=[f"{summary}, {added} runtime-owned" if added else summary],
        code=NO if count else YES,
    )


def _row(view: View, one: Difference) -> Row:
    since = None if one.since is None else one.since.astimezone(view.zone)
    return Row(
        {
            "STATE": one.kind,
            "NAME": one.entry,
            "MEANS": MEANS[one.kind],
            "SINCE": worded(since, view.now),
            "BY": one.by or "-",
        },
        {
            "state": one.kind,
            "name": one.entry,
            "means": MEANS[one.kind],
            **stamp("since", since),
            "by": one.by or None,
        },
        STYLES[one.kind],
    )
