"""Which tasks does the schedule name that no module has defined?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from beatkit.entry import Entry
from beatkit.registry.problem import Problem, render


def unknown_tasks(
    app: Any, entries: Mapping[str, Entry], where: str = "beat_schedule"
) -> list[str]:
    """Return a message for each entry whose task the app does not know.

    Tasks that live in another code base are named, or matched by globs, in the setting
    `beatkit_remote_tasks`.

    Args:
        app: A Celery app whose task modules have been imported.
        entries: The schedule, as `effective_entries` gives it.
        where: Where those come from that no decorator declared.
    """
    remote = remote_globs(app)
    known = app.tasks
    return [
        _message(entry, known, where)
        for entry in entries.values()
        if entry.task not in known and not _any_matches(entry.task, remote)
    ]


def remote_globs(app: Any) -> tuple[str, ...]:
    """Return the setting `beatkit_remote_tasks`; one text is one glob."""
    setting = app.conf.get("beatkit_remote_tasks") or ()
    return (setting,) if isinstance(setting, str) else tuple(setting)


def _any_matches(task: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(task, glob) for glob in globs)


def _message(entry: Entry, known: Collection[str], where: str) -> str:
    near = _nearest(entry.task, [name for name in known if not name.startswith("celery.")])
    remedy = f"write {near!r}" if near else "import the module that defines it (setting imports)"
    problem = Problem(
        f"task {entry.task!r} is not defined by any imported module",
        f'{remedy}; or, if it lives in another code base, beatkit_remote_tasks = ["{entry.task}"]',
    )
    return render(problem, entry=entry.name, source=entry.source, where=where)


def _nearest(task: str, names: Collection[str]) -> str | None:
    close = get_close_matches(task, names, n=1, cutoff=0.7)
    if close:
        return close[0]
    # Moved, not misspelt: the last part is right and the module is not.
    same = [name for name in names if name.rpartition(".")[2] == task.rpartition(".")[2]]
    return same[0] if len(same) == 1 else None
