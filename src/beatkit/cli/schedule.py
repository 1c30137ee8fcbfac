"""`celery -A app schedule VERB`: see the schedule, check it, and act on it.

Celery imports this file for every `celery` command, whichever it is, so it imports nothing
but click and what Celery has loaded before; a verb's file is imported when it is called.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

VERBS = {
    "status": ("beatkit.cli.status", "Show which beat sends, and what is overdue."),
    "list": ("beatkit.cli.listing", "Show every entry and when it is next due."),
    "show": ("beatkit.cli.showing", "Show one entry in full."),
    "next": ("beatkit.cli.coming", "Show the coming slots of all entries, merged."),
    "history": ("beatkit.cli.history", "Show what became of slots, the newest first."),
    "why": ("beatkit.cli.why", "Say what was decided for a slot, and why."),
    "timeline": ("beatkit.cli.timeline", "Draw the load of a day, by queue and entry."),
    "explain": ("beatkit.cli.explaining", "Say what a cron expression means."),
    "check": ("beatkit.cli.checking", "Find what is wrong with the schedule."),
    "doctor": ("beatkit.cli.doctor", "Find why it does not work: servers, beats, schedule."),
    "simulate": ("beatkit.cli.simulating", "Count what would be sent, outages included."),
    "settings": ("beatkit.cli.settling", "Show each setting, and where it came from."),
    "lock": ("beatkit.cli.locking", "Write the schedule to a file, to review its changes."),
    "diff": ("beatkit.cli.comparing", "Compare the code with a lock file, or with the store."),
    "pause": ("beatkit.cli.pausing", "Keep entries from being sent, everywhere at once."),
    "resume": ("beatkit.cli.pausing", "Lift pauses."),
    "skip-next": ("beatkit.cli.skipping", "Let an entry's next slot pass, once."),
    "trigger": ("beatkit.cli.triggering", "Send one run of an entry now."),
    "backfill": ("beatkit.cli.backfilling", "Send every slot of a past range again, in order."),
    "forget": ("beatkit.cli.skipping", "Drop what the store keeps of an entry."),
    "import": ("beatkit.cli.importing", "Take entries over from another scheduler."),
    "remove": ("beatkit.cli.removing", "Take a runtime-owned entry out of the schedule."),
}

EXAMPLES = (
    "list",
    "pause 'shop.*' --reason 'the bank is down' --until +2h",
    "trigger shop.close_day --wait",
    "why shop.close_day --at 02:30",
)


class Verbs(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs, in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's file and return its command."""
        if cmd_name not in VERBS:
            return None
        function = f"{cmd_name.replace('-', '_')}_verb"
        command: click.Command = getattr(import_module(VERBS[cmd_name][0]), function)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; for an unknown one, fail with the nearest."""
        if not ctx.resilient_parsing and args[0] not in VERBS and args[0][:1].isalpha():
            ctx.fail(_unknown(args[0]))
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write some examples."""
        from beatkit.cli.verb import write_examples

        write_examples(EXAMPLES, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])


def _unknown(verb: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(verb, VERBS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it knows {', '.join(VERBS)}"
    return f"schedule has no verb {verb!r}; {hint}"


@click.group(cls=Verbs, subcommand_metavar="VERB [ARGS]...")
@click.pass_context
def schedule(context: click.Context, /, **_: Any) -> None:
    """See the schedule of periodic tasks, check it, and act on it.

    Data goes to stdout, notes to stderr. Exit codes: 0 yes, or done; 1 the answer is no
    (check found errors, diff found differences, a run that was waited for failed);
    2 wrong usage, or the app cannot be used; 69 a server cannot be reached.
    """
    root = context.find_root()
    if root is not context and root.params.get("app") is None:
        context.fail("there is no app: write celery -A your_app schedule ...")
