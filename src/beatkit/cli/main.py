"""The program `beatkit`: what runs without `celery -A`.

Every verb imports what it needs inside its body, so that `beatkit --help` and the probes
of an orchestrator stay quick.

Exit codes: 0 fine, 1 it ran and failed, 2 usage or the app cannot be used, 69 the broker
cannot be reached.
"""

from __future__ import annotations

import sys
from typing import Any

import click
from click.shell_completion import CompletionItem

from beatkit import __version__

EX_USAGE = 2
EX_UNAVAILABLE = 69  # sysexits.h; what Celery's own commands use


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Schedules are seen and operated by Celery's own command: celery -A APP schedule --help",
)
@click.version_option(__version__, message="beatkit %(version)s")
def main() -> None:
    """Celery periodic tasks you can trust."""


def _files(_context: Any, _parameter: Any, typed: str) -> list[CompletionItem]:
    return [CompletionItem(typed, type="file")]


def _pools(_context: Any, _parameter: Any, typed: str) -> list[str]:
    return [name for name in ("prefork", "solo", "threads") if name.startswith(typed)]


@main.command()
@click.argument("target", metavar="TARGET", required=False, shell_complete=_files)
@click.option("--broker", metavar="URL", help="Use this broker instead of a private one.")
@click.option(
    "--for", "seconds", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
    help="Stop by itself after so many seconds.",
)  # fmt: skip
@click.option("--fresh", is_flag=True, help="Start with an empty state and keep nothing.")
@click.option("--reload", is_flag=True, help="Start again when the code changes.")
@click.option("--plain", is_flag=True, help="Print lines, also where a live view would do.")
@click.option(
    "--pool", metavar="NAME", shell_complete=_pools,
    help="Celery's worker pool. [default: the app's]",
)  # fmt: skip
@click.option(
    "--concurrency", type=click.IntRange(min=1), metavar="N",
    help="Tasks at once. [default: the app's, or 2 to 4]",
)  # fmt: skip
@click.option(
    "--loglevel", "log_level", default="INFO", show_default=True, metavar="LEVEL",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
    help="What of the tasks' logging is shown: DEBUG, INFO, WARNING or ERROR.",
)  # fmt: skip
def dev(**options: Any) -> None:
    """Run TARGET's worker and its schedule here, with a private broker.

    TARGET is a file (shop.py), a module (shop.tasks), either of them with the app's
    variable (shop.tasks:app), or the dotted form that `celery -A` takes.

    On a terminal it shows what runs next, what ran, and what tasks print, with keys to
    trigger and to pause; elsewhere, with --plain or NO_COLOR it prints a line for each slot
    that is sent and each run that ended. Ctrl-C stops it when running tasks have finished.
    The app's own broker is not contacted. State is kept in .beatkit/ in the current folder,
    unless --fresh.
    """
    if options["target"] is None:
        raise click.UsageError("TARGET is missing: the file that makes the app, such as shop.py")
    from beatkit.dev.options import Options
    from beatkit.dev.run import run
    from beatkit.errors import BeatkitError

    try:
        code = run(Options(**options))
    except BeatkitError as error:
        click.echo(f"beatkit dev: {error}", err=True)
        code = EX_UNAVAILABLE if error.__class__.__name__ == "BrokerUnreachable" else EX_USAGE
    except KeyboardInterrupt:
        code = 0  # before anything ran: as asked
    sys.exit(code)


@main.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def health(words: tuple[str, ...]) -> None:
    """Say whether the beat of this host is alive, or ready."""
    # For the list of verbs, and for callers of `main`; the program itself goes the short
    # way of `beatkit.cli.program`.
    from beatkit.cli.health import probe

    sys.exit(probe(words))
