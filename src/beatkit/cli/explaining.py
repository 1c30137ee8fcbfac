"""`schedule explain`: what a cron expression means."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click

from beatkit.checks.expressions import oddities
from beatkit.checks.times import changes_of
from beatkit.cli.answer import NO, Answer
from beatkit.cli.differences import differences
from beatkit.cli.normal import normal
from beatkit.cli.showing import PAIRS, RUNS, run
from beatkit.cli.table import Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, reading
from beatkit.cli.when import millis
from beatkit.errors import ScheduleError
from beatkit.schedules.celery import bind, cron
from beatkit.schedules.cron import CronRule
from beatkit.schedules.dialect import is_hashed

EXAMPLE = "example"


@click.command(
    "explain",
    cls=Verb,
    examples=(
        "explain '0 4 * * mon-fri'",
        "explain 'H 3 * * *' --name shop.close_day --tz Europe/Berlin",
    ),
)
@click.argument("words", nargs=-1, required=True, metavar="EXPR")
@click.option("-n", "--count", type=click.IntRange(0), default=5, show_default=True,
              help="How many coming slots.")  # fmt: skip
@click.option(
    "--name", default=EXAMPLE, metavar="NAME", help="Take H from the hash of this entry's name."
)
@reading
def explain_verb(view: View, words: tuple[str, ...], count: int, name: str) -> None:
    """Say what a cron expression means: its normal form, in words, and its next slots.

    Also where Celery's own crontab and Unix cron would read it otherwise. Put EXPR in quotes:
    '0 4 * * mon-fri'. Exit code 1 if it is no valid expression.
    """
    text = " ".join(words)
    try:
        schedule = bind(cron(text, timezone=str(view.zone)), timezone="UTC", name=name)
    except ScheduleError as error:
        click.echo(f"Error: {error}{_unquoted(words)}", err=True)
        raise click.exceptions.Exit(NO) from None
    rule: CronRule = schedule.rule
    start = millis(view.now)
    document: dict[str, Any] = {
        "expression": text,
        "normal": normal(text, rule.seed),
        "in_words": schedule.describe(),
        "differences": [{"who": who, "what": what} for who, what in differences(rule, start)],
        "clock_changes": list(changes_of(rule, start)),
        "oddities": [
            {"rule": odd.rule, "what": odd.what, "remedy": odd.remedy} for odd in oddities(text)
        ],
    }
    runs = [run(view, at) for at in _coming(view, schedule, count)]
    notes = [f"H was taken from the name {name!r}"] if is_hashed(text) else []
    view.outlet.give(answer(view, document, runs, notes))


def _unquoted(words: tuple[str, ...]) -> str:
    """Recognise an EXPR without quotes, in which the shell has replaced each `*`."""
    if len(words) < 2 or not any(Path(word).exists() for word in words):
        return ""
    return "\n  the shell has put file names in the place of *: write EXPR in quotes"


def _coming(view: View, schedule: Any, count: int) -> list[datetime]:
    slots = islice(schedule.iter(view.now), count)
    return [at.astimezone(view.zone) for at in slots]


def answer(view: View, document: dict[str, Any], runs: list[Row], notes: list[str]) -> Answer:
    """Return the explanation as an answer."""
    pairs = [
        ("expression", document["expression"]),
        ("normal form", document["normal"]),
        ("in words", document["in_words"]),
        *((f"{one['who']} differs", one["what"]) for one in document["differences"]),
        *(("clock change", text) for text in document["clock_changes"]),
        *(("mind", one["what"]) for one in document["oddities"]),
    ]
    rows = [
        Row({"FIELD": key, "VALUE": text}, {"field": key, "value": text}) for key, text in pairs
    ]
    return Answer(
        kind="explain",
        tables=[Table(PAIRS, rows, headings=False), Table(RUNS, runs)],
        items=[{**document, "next": [row.data for row in runs]}],
        notes=notes,
    )
