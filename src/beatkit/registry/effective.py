"""What shall the scheduler run: the entries of every origin, joined by name."""

from __future__ import annotations

from typing import Any

from beatkit.entry import Entry
from beatkit.registry.binding import binding_of
from beatkit.registry.plain import named_by_text, plain_entry
from beatkit.registry.policies import policy_for, read_policies, unused_names
from beatkit.registry.problem import error_listing
from beatkit.registry.unknown import unknown_tasks
from beatkit.registry.zone import zone_name


def effective_entries(app: Any) -> dict[str, Entry]:
    """Return everything that the scheduler shall run, those not enabled too.

    What stands in `conf.beat_schedule` (from settings, from `add_periodic_task`) is joined
    with what decorators declared, and the latter is there even if a later assignment took
    it out of the setting. The app's default modules are imported first. No object of the
    user's is changed, and calling it again gives equal entries.

    Args:
        app: Any Celery app; one that beatkit was not installed on has no declarations.

    Raises:
        DeclarationError: Something in the schedule cannot work; lists all problems.
    """
    entries, messages = survey(app)
    if messages:
        raise error_listing(messages)
    return entries


def check_start(app: Any) -> dict[str, Entry]:
    """Refuse to start on a schedule that cannot work; return the entries of one that can.

    Raises:
        DeclarationError: As `effective_entries`; and an entry names a task that no
            imported module defines.
    """
    entries, messages = survey(app)
    messages += unknown_tasks(app, entries)
    if messages:
        raise error_listing(messages)
    return entries


def survey(app: Any) -> tuple[dict[str, Entry], list[str]]:
    """Return the entries that can work, and a message for each thing that cannot.

    `effective_entries` raises the messages; `check` shows them beside its own findings.
    """
    _import_task_modules(app)
    declared, messages = _declared(app)
    plain = _plain(app, declared, messages)
    return {**plain, **declared}, messages


def _import_task_modules(app: Any) -> None:
    # A worker or beat that is starting has just imported them.
    if not app.loader.worker_initialized:
        app.loader.import_default_modules()
    app.finalize()


def _declared(app: Any) -> tuple[dict[str, Entry], list[str]]:
    binding = binding_of(app)
    if binding is None:
        return {}, []
    binding.refresh()
    return dict(binding.table), list(binding.problems)


def _plain(app: Any, declared: dict[str, Entry], messages: list[str]) -> dict[str, Entry]:
    rows = {
        name: row for name, row in (app.conf.beat_schedule or {}).items() if name not in declared
    }
    rows = named_by_text(rows, messages)
    policies = read_policies(app.conf.get("beatkit_policies"), messages)
    messages += unused_names(policies, rows, declared)
    zone, entries = zone_name(app.conf), {}
    for name, row in rows.items():
        entry = plain_entry(name, row, policy_for(name, policies), zone, messages)
        if entry is not None:
            entries[name] = entry
    return entries
