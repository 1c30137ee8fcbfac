"""`schedule pause` and `schedule resume`: who holds what back, and since when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from beatkit.cli.answer import NO, YES, Answer
from beatkit.cli.names import EntryName
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, operating
from beatkit.cli.when import Instant, instant, stamp, worded
from beatkit.cli.wording import scope_text
from beatkit.pauses import Paused, Target
from beatkit.record import ActionError

COLUMNS = (
    Column("PAUSED", "scope", least=18, pinch=True),
    Column("STATE", "state"),
    Column("SINCE", "since", give_way=1),
    Column("UNTIL", "until"),
    Column("BY", "by", least=8, give_way=2),
    Column("REASON", "reason", least=16),
)
SAYING = (
    click.option("--queue", help="The entries whose messages go to this queue."),
    click.option("--tag", help="The entries with this tag."),
    click.option("--all", "everything", is_flag=True, help="All entries."),
)
REASON = click.option("--reason", default="", help="Why, for the record.")
BY = click.option("--by", metavar="WHO", help="Who does it.", show_default="this user and host")


def _meaning(verb: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(SAYING):
        verb = option(verb)
    return click.argument("names", nargs=-1, type=EntryName())(verb)


@click.command(
    "pause",
    cls=Verb,
    examples=(
        "pause shop.close_day --reason 'migration of the invoices'",
        "pause --tag money --reason 'the bank is down' --until +2h",
        "pause --all --reason deployment",
        "pause",
    ),
)
@_meaning
@click.option("--reason", help="Why, for whoever finds it. Needed to pause.")
@click.option("--until", type=Instant(), help="Resume by itself then, such as +2h or 06:00.")
@BY
@operating
def pause_verb(
    view: View, reason: str | None, until: str | None, by: str | None, **what: Any
) -> None:
    """Keep entries from being sent, at every beat, until `resume` or --until.

    NAMES are names or globs such as 'shop.*'. With nothing named: show the pauses in force.

    What comes due meanwhile is recorded as missed and not caught up. Globs and --queue mean
    the entries of today; --tag and --all also what a later release adds. Entries with
    even_when_paused are spared unless they are named. A pause survives deploys.
    """
    if not any(what.values()) and reason is None and until is None:
        view.outlet.give(_answer(view, "pause", _rows(view, view.schedule.pauses(), "in force")))
        return
    _one_target(what)
    if not (reason or "").strip():
        raise click.UsageError("why? write --reason 'migration of the invoices'")
    end = None if until is None else instant(until, view.now)
    names = what.pop("names")
    done = view.schedule.pause(*names, **what, reason=str(reason), until=end, by=by)
    notes = [f"spared, for even_when_paused: {name}" for name in done.spared]
    view.outlet.give(_answer(view, "pause", _rows(view, done.made, "paused"), notes))


@click.command(
    "resume",
    cls=Verb,
    examples=(
        "resume shop.close_day",
        "resume --tag money",
        "resume --all",
    ),
)
@_meaning
@REASON
@BY
@operating
def resume_verb(view: View, reason: str, by: str | None, **what: Any) -> None:
    """Lift pauses: just those that were made with the same names, queue, tag or --all.

    NAMES are names or globs such as 'shop.*'. Exit code 1 if something named stays paused,
    by its tag or by the pause of everything. Beats go on within a second; what was missed is
    not caught up. A `skip-next` of something named is undone too.
    """
    _one_target(what)
    names = what.pop("names")
    done = view.schedule.resume(*names, **what, reason=reason, by=by)
    rows = [*_rows(view, done.lifted, "resumed"), *_rows(view, done.still, "still paused")]
    notes = [] if done.lifted else ["nothing was paused by just that"]
    code = NO if names and done.still else YES
    view.outlet.give(_answer(view, "resume", rows, notes, code))


def _one_target(what: dict[str, Any]) -> None:
    """Refuse what names nothing, or in more than one way."""
    try:
        Target(**what)
    except ActionError:
        raise click.UsageError(
            "which entries? write names, or one of --queue, --tag and --all"
        ) from None


def _answer(
    view: View, verb: str, rows: list[Row], notes: Iterable[str] = (), code: int = YES
) -> Answer:
    nothing = ["nothing is paused"] if not rows and not notes else []
    return Answer(
        kind=verb,
        tables=[Table(COLUMNS, rows)],
        notes=[*notes, *nothing],
        code=code,
    )


def _rows(view: View, pauses: Iterable[Paused], state: str) -> list[Row]:
    return [_row(view, pause, state) for pause in pauses]


def _row(view: View, pause: Paused, state: str) -> Row:
    since = pause.since.astimezone(view.zone)
    until = None if pause.until is None else pause.until.astimezone(view.zone)
    cells = {
        "PAUSED": scope_text(pause.scope),
        "STATE": state,
        "SINCE": worded(since, view.now),
        "UNTIL": worded(until, view.now),
        "BY": pause.by,
        "REASON": " ".join(pause.reason.split()),
    }
    data = {
        "scope": pause.scope,
        "state": state,
        **stamp("since", since),
        **stamp("until", until),
        "by": pause.by,
        "reason": pause.reason,
    }
    return Row(cells, data, "warning" if state == "still paused" else "")
