"""Is this entry fit to be added while running? And back again: what the store keeps of it.

The same questions are asked as of code's entries, by the same readers, and one more: whether
the definition can be kept as text and read again as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kombu.utils import json

from beatkit.entry import Entry, Policy
from beatkit.errors import DeclarationError, ScheduleError
from beatkit.registry.arguments import misfit
from beatkit.registry.identity import read_description, read_name, read_tags
from beatkit.registry.payload import read_args, read_kwargs, read_options
from beatkit.registry.policy import FIELDS, read_policy
from beatkit.registry.problem import Problem, error_listing, render, shown
from beatkit.registry.resolve import bound_schedule
from beatkit.registry.serialise import unserialisable
from beatkit.registry.unknown import unknown_tasks
from beatkit.registry.zone import zone_name

WHERE = "the store, while running"


def admitted(app: Any, entry: Any, code: Mapping[str, Entry]) -> Entry:
    """Return an entry as the store may keep it: its schedule bound to the app's zone.

    Args:
        app: The Celery app, its task modules imported.
        entry: What somebody wants to add. It is not changed.
        code: The entries that code declares.

    Raises:
        DeclarationError: It cannot work; lists all that is wrong with it.
    """
    if not isinstance(entry, Entry):
        raise DeclarationError(_NO_ENTRY.format(entry))
    problems: list[Problem] = []
    read: Entry = _read(app, entry, problems)
    if entry.name in code:
        problems.append(_taken(code[entry.name]))
    problems += _unkeepable(read) if not problems else []
    problems += _misfits(app, read) if not problems else []
    messages = [render(each, entry=str(entry.name), source=None) for each in problems]
    messages += unknown_tasks(app, {read.name: read}, "") if not problems else []
    if messages:
        raise error_listing(messages)
    return read


def entry_to_text(entry: Entry) -> str:
    """Write an admitted entry as the store keeps it."""
    return _dumps(entry.to_json())


def entry_from_text(name: str, text: str) -> Entry:
    """Read what the store keeps. Whether its task is there is not asked.

    Raises:
        DeclarationError: It cannot be read, such as what a newer beatkit wrote.
    """
    try:
        return Entry.from_json(_loads(text))
    except (ScheduleError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = Problem(f"cannot be read: {error}", _NEWER)
        raise DeclarationError(render(problem, entry=name, source=None, where=WHERE)) from error


def workable(app: Any, name: str, text: str) -> Entry:
    """Read what the store keeps, if it can work in this app.

    Raises:
        DeclarationError: It cannot be read, or this code lacks its task.
    """
    entry = entry_from_text(name, text)
    messages = unknown_tasks(app, {name: entry}, WHERE)
    if messages:
        raise DeclarationError(messages[0])
    return entry


def _read(app: Any, entry: Any, problems: list[Problem]) -> Any:
    said = {name: getattr(entry, name) for name in _SAID}
    policy = None
    if entry.policy is not None and not isinstance(entry.policy, Policy):
        problems.append(_no_policy(entry.policy))
    elif entry.policy is not None:
        policy = read_policy({name: getattr(entry.policy, name) for name in FIELDS}, problems)
        said["deadline"] = entry.policy.deadline
    if not isinstance(entry.enabled, bool):
        what = f"enabled is {entry.enabled!r}, expected True or False"
        problems.append(Problem(what, "write enabled=False"))
    if not isinstance(entry.task, str) or not entry.task:
        what = f"task is {entry.task!r}, expected its registered name"
        problems.append(Problem(what, 'write task="shop.tasks.close_day"'))
    if read_name(said, problems) is None and not problems:
        problems.append(Problem("has no name", 'write name="close-day"'))
    return replace(
        entry,
        schedule=_schedule(app, entry, problems),
        args=read_args(said, problems),
        kwargs=read_kwargs(said, problems),
        options=read_options(said, problems),
        policy=policy,
        description=read_description(said, None, problems),
        tags=read_tags(said, problems),
        source=None,
    )


# Celery's own JSON, which keeps dates, UUIDs and decimals what they are.
_dumps: Callable[[Any], str] = json.dumps
_loads: Callable[[str], Any] = json.loads
_SAID = ("name", "args", "kwargs", "options", "description", "tags")


def _schedule(app: Any, entry: Entry, problems: list[Problem]) -> Any:
    from beatkit.schedules.convert import convert

    try:
        schedule = convert(entry.schedule)
    except (ScheduleError, TypeError) as error:
        problems.append(Problem.from_error(error))
        return None
    if not hasattr(schedule, "to_json"):
        what = f"schedule {schedule!r} cannot be kept as text"
        problems.append(Problem(what, "write every(...), cron(...), at(...) or solar(...)"))
        return None
    return bound_schedule(schedule, zone_name(app.conf), str(entry.name), problems)


def _unkeepable(entry: Entry) -> list[Problem]:
    values = [(f"args[{at}]", value) for at, value in enumerate(entry.args)]
    for field in ("kwargs", "options"):
        values += [(f"{field}[{key!r}]", one) for key, one in getattr(entry, field).items()]
    return [
        Problem(f"{place} is {shown(value)}, which cannot be kept as text", _PLAIN)
        for place, value in values
        if not _survives(value)
    ]


def _survives(value: Any) -> bool:
    try:
        return bool(_loads(_dumps(value)) == _as_lists(value))
    except (TypeError, ValueError):
        return False


def _as_lists(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_lists(one) for one in value]
    if isinstance(value, dict):
        return {key: _as_lists(one) for key, one in value.items()}
    return value


def _misfits(app: Any, entry: Entry) -> list[Problem]:
    task = app.tasks.get(entry.task)
    found = [unserialisable(entry, task, app.conf.task_serializer)]
    if task is not None:
        found.append(misfit(task.run, entry.args, entry.kwargs, bound=False))
    return [problem for problem in found if problem]


def _taken(owner: Entry) -> Problem:
    where = f"declared in {owner.source}" if owner.source else "it stands in beat_schedule"
    what = f"is code-owned, expected a name that the code does not use\n  {where}"
    return Problem(what, "write another name, or change it in the code")


def _no_policy(value: object) -> Problem:
    return Problem(
        f"policy is {value!r}, expected a Policy or None", "write policy=Policy(deadline=300)"
    )


_NO_ENTRY = (
    "what is to be added is {0!r}, expected an Entry\n"
    '  write Entry("close-day", "shop.tasks.close_day", cron("0 18 * * *"))'
)
_PLAIN = "write plain data: text, numbers, dates, lists, and mappings with text keys"
_NEWER = "run one version of beatkit everywhere, or remove the entry: it was written by another"
