"""Names of entries on the command line: globs, and shell completion."""

from __future__ import annotations

from typing import Any

import click


class EntryName(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """An entry's name; the shell completes it."""

    name = "name"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        """Return the entries whose names contain what was typed."""
        from click.shell_completion import CompletionItem

        return [
            CompletionItem(entry.name, help=entry.description or None)
            for entry in _entries(ctx)
            if incomplete in entry.name
        ]


def _entries(context: click.Context) -> list[Any]:
    """Return the app's entries, runtime-owned ones if the store answers at once.

    None where the app cannot be used: a shell must not see errors.
    """
    from celery.app.utils import find_app

    from beatkit.operate import Schedule

    try:
        schedule = Schedule(find_app(context.find_root().params["app"]))
        entries = schedule.select()
    except Exception:  # noqa: BLE001
        return []
    try:
        return schedule.with_runtime(timeout=0.3).select()
    except Exception:  # noqa: BLE001
        return entries
