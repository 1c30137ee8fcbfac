"""`schedule check`: what is wrong with the schedule, for people and for CI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from beatkit.checks import CROWD, Finding, Report, check
from beatkit.cli.answer import NO, YES, Answer
from beatkit.cli.table import Column, Line, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, reading

if TYPE_CHECKING:
    from beatkit.runtime import RuntimeEntry

COLUMNS = (
    Column("SEVERITY", "severity"),
    Column("RULE", "rule"),
    Column("ENTRY", "entry"),
    Column("FILE", "file"),
    Column("LINE", "line"),
    Column("MESSAGE", "message"),
    Column("REMEDY", "remedy"),
    Column("OWNER", "owner"),
)
STYLES = {"error": "error", "warning": "warning", "note": "quiet"}


@click.command(
    "check",
    cls=Verb,
    examples=(
        "check",
        "check --strict -o json",
    ),
)
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings too.")
@click.option("--crowd", type=click.IntRange(1), default=CROWD, show_default=True,
              help="More entries than this on one instant are a warning.")  # fmt: skip
@click.option("--store", is_flag=True, help="Look at runtime-owned entries too.")
@reading
def check_verb(view: View, strict: bool, crowd: int, store: bool) -> None:
    """Find what is wrong with the schedule, or probably not meant.

    Errors are what beats and workers refuse to start with, or what cannot work. Connects to
    nothing, so it can run in CI. Exit code 1 if there are errors.

    --store: look at the entries that were added while running as well; that asks the store.
    """
    kept = _added(view) if store else {}
    runtime = {name: one.entry for name, one in kept.items()}
    report = check(view.app, at=view.now, crowd=crowd, runtime=runtime)
    view.outlet.give(answer(report, strict))


def _added(view: View) -> Mapping[str, RuntimeEntry]:
    from beatkit.cli.reach import refuse_out_of_reach
    from beatkit.store.choice import choose

    refuse_out_of_reach(choose(view.app))
    return view.schedule.with_runtime().runtime


def answer(report: Report, strict: bool) -> Answer:
    """Return a report as an answer."""
    failed = bool(report.errors or (strict and report.warnings))
    return Answer(
        kind="check",
        about={
            "ok": not failed,
            "entries": report.entries,
            "errors": len(report.errors),
            "warnings": len(report.warnings),
            "notes": len(report.notes),
        },
        tables=[Table(COLUMNS, [_row(finding) for finding in report.findings])],
        lines=[line for finding in report.findings for line in _lines(finding)],
        notes=[report.summary],
        code=NO if failed else YES,
    )


def _row(finding: Finding) -> Row:
    source = finding.source
    return Row(
        {},
        {
            "severity": finding.severity,
            "rule": finding.rule,
            "entry": finding.entry,
            "owner": finding.owner if finding.entry else None,
            "file": source and source.file,
            "line": source and source.line,
            "message": finding.message,
            "remedy": finding.remedy,
        },
    )


def _lines(finding: Finding) -> list[Line]:
    first, *others = str(finding).split("\n")
    pointing = "^" in finding.message
    style = STYLES[finding.severity]
    return [
        Line(first, style, whole=pointing),
        *(Line(other, whole=pointing) for other in others),
        Line(""),
    ]
