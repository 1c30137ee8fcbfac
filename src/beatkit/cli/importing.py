"""`schedule import`: what other schedulers hold, as runtime-owned entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from beatkit.cli.answer import NO, YES, Answer
from beatkit.cli.pausing import BY, REASON
from beatkit.cli.reach import refuse_out_of_reach
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, acting
from beatkit.cli.wording import schedule_text
from beatkit.importing import Candidate, judged
from beatkit.settings.redaction import redact
from beatkit.store.choice import choose

COLUMNS = (
    Column("STATE", "state"),
    Column("NAME", "name", least=18, pinch=True),
    Column("SCHEDULE", "schedule", least=9),
    Column("TASK", "task", least=12, give_way=1, pinch=True),
    Column("CANNOT BE KEPT", "cannot", least=24, wrap=True),
)
STYLES = {"refused": "error", "added": "added", "changed": "warning"}

DRY_RUN = click.option("--dry-run", is_flag=True, help="Import nothing; say what would be.")

Found = Callable[[View], list[Candidate]]


class Sources(click.Group):
    """A group whose commands are where entries come from."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of sources."""
        with formatter.section("Sources"):
            formatter.write_dl(
                [(name, one.get_short_help_str(60)) for name, one in self.commands.items()]
            )


@click.group("import", cls=Sources, subcommand_metavar="SOURCE [ARGS]...")
def import_verb() -> None:
    """Take entries over from redbeat, django-celery-beat or a crontab.

    They become runtime-owned entries, with Celery's own meaning of what is missed. --dry-run
    shows what would be imported and what cannot be kept, and why. Nothing is changed where
    they come from: stop the other scheduler first. Exit code 1 if something is refused.
    """


def _importing(verb: Callable[..., list[Candidate]]) -> Callable[..., None]:
    """Give a source the options that all have, and import what it finds."""

    def called(view: View, /, dry_run: bool, reason: str, by: str | None, **options: Any) -> None:
        found = judged(view.app, verb(view, **options), view.schedule.code)
        view.outlet.give(_imported(view, found, dry_run, reason, by))

    called.__doc__ = verb.__doc__
    called.__name__ = verb.__name__
    shared = acting(called)
    for option in (BY, REASON, DRY_RUN):
        option(shared)
    # A source's own options come first, as with every verb: click reverses this list.
    own = getattr(verb, "__click_params__", [])
    shared.__click_params__ += own  # type: ignore[attr-defined]
    return shared


def _imported(
    view: View, found: list[Candidate], dry_run: bool, reason: str, by: str | None
) -> Answer:
    entries = [one.entry for one in found if one.entry is not None]
    states: dict[str, str] = {}
    if entries and not dry_run:
        refuse_out_of_reach(choose(view.app), may_be_made=True)
        done = view.schedule.upsert(*entries, reason=reason, by=by)
        for state in ("added", "changed", "same"):
            states |= dict.fromkeys(getattr(done, state), state)
    rows = [_row(one, states) for one in found]
    refused = len(found) - len(entries)
    return Answer(
        kind="import",
        about={"dry_run": dry_run, "found": len(found), "refused": refused},
        tables=[Table(COLUMNS, rows)],
        notes=list(_notes(found, refused, dry_run)),
        code=NO if refused else YES,
    )


def _row(one: Candidate, states: dict[str, str]) -> Row:
    entry = one.entry
    state = "refused" if entry is None else states.get(one.name, "can be")
    cannot = one.refused or "; ".join(one.loses)
    cells = {
        "STATE": state,
        "NAME": one.name,
        "SCHEDULE": "-" if entry is None else schedule_text(entry),
        "TASK": "-" if entry is None else entry.task,
        "CANNOT BE KEPT": cannot or "-",
    }
    data = {
        "state": state,
        "name": one.name,
        "schedule": None if entry is None else schedule_text(entry),
        "task": None if entry is None else entry.task,
        "args": None if entry is None else redact(list(entry.args)),
        "kwargs": None if entry is None else redact(dict(entry.kwargs)),
        "enabled": None if entry is None else entry.enabled,
        "cannot": cannot or None,
    }
    return Row(cells, data, STYLES.get(state, ""))


def _notes(found: list[Candidate], refused: int, dry_run: bool) -> Iterator[str]:
    if not found:
        yield "nothing was found"
        return
    can = len(found) - refused
    what = "can be imported" if dry_run else "imported"
    yield f"{can} {what}, {refused} refused" + ("; dry run: nothing was changed" * dry_run)


@import_verb.command(
    "redbeat",
    cls=Verb,
    examples=(
        "import redbeat --dry-run",
        "import redbeat --url redis://old.example.org:6379/0",
    ),
)
@_importing
@click.option("--url", help="Of redbeat's Redis.",
              show_default="redbeat_redis_url, or the broker")  # fmt: skip
@click.option("--prefix", help="Of its keys.",
              show_default="redbeat_key_prefix, or redbeat:")  # fmt: skip
def redbeat_source(view: View, url: str | None, prefix: str | None) -> list[Candidate]:
    """From the keys of redbeat."""
    from beatkit.importing import redbeat

    return redbeat.read(view.app, url, prefix)


@import_verb.command(
    "django-celery-beat",
    cls=Verb,
    examples=(
        "import django-celery-beat --dry-run",
        "import django-celery-beat --database sqlite:///db.sqlite3",
    ),
)
@_importing
@click.option("--database", help="sqlite:///FILE.",
              show_default="as Django's settings say")  # fmt: skip
@click.option("--alias", default="default", show_default=True,
              help="Which of the databases in Django's settings.")  # fmt: skip
def django_source(_view: View, database: str | None, alias: str) -> list[Candidate]:
    """From the tables of django-celery-beat."""
    from beatkit.importing import django

    return django.read(database, alias)


@import_verb.command(
    "crontab",
    cls=Verb,
    examples=(
        "import crontab shop.cron --dry-run",
        "import crontab /etc/crontab --system --task shop.run_command",
    ),
)
@_importing
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--system", is_flag=True, help="A user stands before each command (/etc/crontab).")
@click.option("--task", help="A task that takes a command as its one argument, and runs it.")
def crontab_source(_view: View, file: Path, system: bool, task: str | None) -> list[Candidate]:
    """From the lines of a crontab file.

    `crontab -l > shop.cron` writes one. A line that says `celery -A app call TASK` becomes
    an entry of that task. Any other command is refused, or becomes the argument of --task.
    """
    from beatkit.importing import crontab

    return crontab.read(file, has_user=system, task=task)
