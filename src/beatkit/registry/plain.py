"""Which entries stand in `beat_schedule` that no decorator declared?

They come from settings or from `add_periodic_task`. They keep Celery's meaning: no policy
and no guard, unless `beatkit_policies` gives them one.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from beatkit.entry import Entry, Policy
from beatkit.errors import ScheduleError
from beatkit.registry.identity import is_text
from beatkit.registry.problem import Problem, render, shown
from beatkit.registry.resolve import bound_schedule

# What celery.beat.ScheduleEntry takes. `relative` and the rest have no meaning here: slots
# do not depend on when anything started or last ran.
_KEYS = ("task", "schedule", "args", "kwargs", "options", "relative")
_IGNORED = ("name", "app", "last_run_at", "total_run_count")


def named_by_text(rows: Mapping[Any, Any], messages: list[str]) -> dict[str, Any]:
    """Return the rows whose keys are names that a store can keep; say what is wrong with others.

    One name that no store can write down would keep all entries from being sent.
    """
    named: dict[str, Any] = {}
    for name, row in rows.items():
        if is_text(name):
            named[name] = row
        else:
            messages.append(render(_NO_NAME, entry=name, source=None, where="beat_schedule"))
    return named


_NO_NAME = Problem("its name is no text that UTF-8 can write", 'write "close-day"')


def plain_entry(
    name: str, value: Any, policy: Policy | None, zone: str, messages: list[str]
) -> Entry | None:
    """Return the entry that a row of `beat_schedule` makes.

    Args:
        name: Its key.
        value: Its value: a mapping or a celery.beat.ScheduleEntry. It is never changed.
        policy: What `beatkit_policies` says of it.
        zone: IANA name of the app's time zone.
        messages: Takes what is wrong.

    Returns:
        None if it cannot work.
    """
    problems: list[Problem] = []
    row = _row(value, problems)
    schedule = _schedule(row["schedule"], name, zone, problems) if "schedule" in row else None
    if problems:
        messages += [
            render(each, entry=name, source=None, where="beat_schedule") for each in problems
        ]
        return None
    return Entry(
        name=name,
        task=row["task"],
        schedule=schedule,
        args=tuple(row.get("args") or ()),
        kwargs=dict(row.get("kwargs") or {}),
        options=dict(row.get("options") or {}),
        policy=policy,
    )


def _row(value: Any, problems: list[Problem]) -> dict[str, Any]:
    try:
        row = dict(value)
    except (TypeError, ValueError):
        what = f"is {shown(value)}, expected a mapping with task and schedule"
        problems.append(Problem(what, 'write {"task": "shop.tasks.close_day", "schedule": 60.0}'))
        return {}
    problems += [_unknown_key(key) for key in row if key not in _KEYS + _IGNORED]
    problems += [_missing_key(key) for key in ("task", "schedule") if row.get(key) is None]
    if not isinstance(row.get("task") or "", str):
        problems.append(Problem(f"task is {row['task']!r}, expected its name", _TASK_REMEDY))
    if row.get("task") in _WORKFLOWS:
        problems.append(Problem(_NO_TASK.format(row["task"]), _WRAP_IT))
    if isinstance(row.get("args"), str | bytes) or not isinstance(
        row.get("args") or (), list | tuple
    ):
        remedy = f"write args: [{shown(row['args'])}]"
        problems.append(Problem(f"args is {shown(row['args'])}, expected a list", remedy))
    for key in ("kwargs", "options"):
        if not isinstance(row.get(key) or {}, Mapping):
            problems.append(
                Problem(f"{key} is {shown(row[key])}, expected a mapping", f"write {key}: {{}}")
            )
    return row


_WORKFLOWS = ("celery.chain", "celery.group", "celery.chord")
_NO_TASK = "task is {0!r}, expected one that a worker can run: a workflow is none"
_WRAP_IT = "write a task that starts the workflow, (a.s() | b.s()).delay(), and schedule that one"
_TASK_REMEDY = 'write the registered name as text: "shop.tasks.close_day"'


def _unknown_key(key: object) -> Problem:
    near = get_close_matches(str(key), _KEYS, n=1, cutoff=0.6)
    remedy = f"write {near[0]!r}" if near else f"an entry has the keys {', '.join(_KEYS)}"
    return Problem(f"key {key!r} is unknown to Celery", remedy)


def _missing_key(key: str) -> Problem:
    return Problem(f"has no {key!r}", f"add {key!r} to it")


def _schedule(value: Any, name: str, zone: str, problems: list[Problem]) -> Any:
    from beatkit.schedules.convert import convert

    try:
        schedule = convert(value)
    except (ScheduleError, TypeError) as error:
        problems.append(Problem.from_error(error))
        return None
    return bound_schedule(schedule, zone, name, problems)
