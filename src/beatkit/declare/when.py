"""When is it due: the one schedule that the parameters of @periodic say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from beatkit.declare.parameters import NAMES
from beatkit.errors import ScheduleError
from beatkit.registry.problem import Problem

INTERVAL = ("seconds", "minutes", "hours", "days", "weeks")
CRONTAB = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
"""What Celery's crontab calls the fields, in the order of a cron expression."""
CRON_ONLY = ("timezone", "gap", "fold")
_FIRST = "write the schedule object first and without a name: @periodic({}(...))"
_EXAMPLES = "write seconds=60, or cron='0 4 * * *', or a schedule object such as every(minutes=5)"


def read_schedule(schedule: Any, said: Mapping[str, Any], problems: list[Problem]) -> Any:
    """Return the schedule, not yet bound to an app's time zone.

    Args:
        schedule: The positional argument of @periodic; None for none.
        said: Its keyword arguments.
        problems: Takes what is wrong; then the returned value is None.
    """
    problem = _wrong_mix(schedule, said)
    if problem:
        problems.append(problem)
        return None
    if schedule is None and not _says_when(said):
        # What it knows no name for was probably meant to say it, and is a problem already.
        if all(name in NAMES for name in said):
            problems.append(Problem("has no time at which it is due", _EXAMPLES))
        return None
    try:
        return _build(schedule, said)
    except ScheduleError as error:
        problems.append(Problem.from_error(error))
        return None


def _build(schedule: Any, said: Mapping[str, Any]) -> Any:
    from beatkit.schedules.celery import cron, every

    if schedule is not None:
        from beatkit.schedules.convert import convert

        return convert(schedule)
    if "cron" in said:
        rest = {name: said[name] for name in CRON_ONLY if name in said}
        return cron(*_texts(said["cron"]), **rest)
    return every(**{name: said[name] for name in (*INTERVAL, "offset") if name in said})


def _texts(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]


def _wrong_mix(schedule: Any, said: Mapping[str, Any]) -> Problem | None:
    interval = [name for name in INTERVAL if name in said]
    if schedule is not None:
        return _wrong_object(schedule, [*interval, *_given(said, "cron", "offset", *CRON_ONLY)])
    if "cron" in said and (interval or "offset" in said):
        extra = ", ".join([*interval, *_given(said, "offset")])
        return Problem(
            f"has cron and {extra}, expected one of them", "write two decorators, each with a name"
        )
    if interval and (only := _given(said, *CRON_ONLY)):
        what = (
            f"has {', '.join(only)}, which an interval does not take: its slots are instants of UTC"
        )
        return Problem(what, "leave it out, or write cron='0 4 * * *' for a time of day")
    if is_object(said.get("cron")):
        what = f"cron is {said['cron']!r}, expected a text of five fields"
        return Problem(what, _FIRST.format(type(said["cron"]).__name__))
    return None


def _says_when(said: Mapping[str, Any]) -> bool:
    return any(name in said for name in (*INTERVAL, "cron"))


def is_object(value: object) -> bool:
    """Whether it is a schedule of Celery's or of ours, which stands first and has no name."""
    from celery.schedules import BaseSchedule

    return isinstance(value, BaseSchedule)


def meant_by(name: str, value: object) -> str:
    """Return what to write for a parameter that says when, and that nobody knows.

    Args:
        name: The parameter that was meant, as far as it can be told.
        value: What was given.
    """
    if is_object(value):
        return _FIRST.format(type(value).__name__)
    if name == "schedule":
        name = "cron" if isinstance(value, str) else "seconds"
    fits = isinstance(value, str if name == "cron" else int | float | timedelta)
    return f"write {name}={value!r}" if fits else f"write {name}="


def said_as_crontab(said: Mapping[str, Any]) -> Problem | None:
    """Return the one problem of parameters that are crontab's, and the expression they mean.

    The nearest names of ours would mean another thing: hour=4 is a time, hours=4 an interval.
    """
    found = [name for name in CRONTAB if name in said]
    if not found:
        return None
    last = CRONTAB.index(found[-1])
    fields = [
        _field(said[name]) if name in said else "0" if place < min(last, 2) else "*"
        for place, name in enumerate(CRONTAB)
    ]
    write = f"write cron={' '.join(fields)!r}"
    if found in (["minute"], ["hour"]) and isinstance(said[found[0]], int):
        write += f", or {found[0]}s={said[found[0]]!r} for an interval"
    names = " and ".join(f"{name}=" for name in found)
    return Problem(f"has {names}, which crontab() knows and @periodic does not", write)


def _field(value: Any) -> str:
    return ",".join(str(each) for each in _texts(value)).replace(" ", "")


def _wrong_object(schedule: Any, also: list[str]) -> Problem | None:
    if also:
        what = f"has the schedule {schedule!r} and {', '.join(also)}, expected one of them"
        return Problem(what, "write them in the schedule object, or leave the object out")
    if is_object(schedule):
        return None
    what = f"schedule is {schedule!r}, expected a schedule object"
    if isinstance(schedule, str):
        return Problem(what, f"write cron={schedule!r}")
    if isinstance(schedule, int | float | timedelta):
        return Problem(what, f"write seconds={schedule!r}")
    return Problem(what, _EXAMPLES)


def _given(said: Mapping[str, Any], *names: str) -> list[str]:
    return [name for name in names if name in said]
