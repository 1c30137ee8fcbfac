"""The entries of `beat_schedule`: their keys, schedules, arguments and options.

Stock beat finds none of these mistakes before it runs: an unknown key is a TypeError there,
an interval of 0 a loop that floods the broker, args="ab" a call with ('a', 'b').
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from beatkit.errors import ScheduleError
from beatkit.settings import values
from beatkit.settings.nearest import nearest, words
from beatkit.settings.problems import Flaw, Unfit
from beatkit.settings.send_options import SEND, send_options
from beatkit.settings.urls import at

_NEEDED = ("task", "schedule")
_KEYS = ("task", "schedule", "args", "kwargs", "options", "relative")
_POLICIES = words(
    "catch_up coalesce deadline overlap even_when_paused jitter enabled description tags"
)
_WRITE_SCHEDULE = "write seconds, a timedelta, cron text like '0 2 * * *', or a schedule object"


def beat_schedule(value: Any) -> dict[str, Any]:
    """A mapping: entry name -> entry, each checked, with text schedules converted."""
    entries = values.options(value)
    flaws: list[Flaw] = []
    fitted: dict[str, Any] = {}
    for name, entry in entries.items():
        try:
            fitted[name] = _entry(entry)
        except Unfit as error:
            flaws += [at(flaw, str(name)) for flaw in error.flaws]
    if flaws:
        raise Unfit(flaws)
    return fitted


def _entry(entry: Any) -> Any:
    if hasattr(entry, "is_due") and hasattr(entry, "task"):
        return entry  # a ScheduleEntry: Celery takes it as it is
    if not isinstance(entry, Mapping):
        said = f"is {values.shown(entry)}, expected a mapping with task and schedule"
        raise Unfit(Flaw(said))
    flaws = [_unknown_key(key) for key in entry if key not in _CONVERTERS]
    meant = {flaw.suggestion for flaw in flaws}
    flaws += [_missing(key) for key in _NEEDED if key not in entry and key not in meant]
    fitted = dict(entry)
    for key in filter(_CONVERTERS.__contains__, entry):
        try:
            fitted[key] = _CONVERTERS[key](entry[key])
        except Unfit as error:
            flaws += [at(flaw, key) for flaw in error.flaws]
    if flaws:
        raise Unfit(flaws)
    return fitted


def _unknown_key(key: Any) -> Flaw:
    near = nearest(str(key), _KEYS)
    path = (str(key),)
    if near:
        return Flaw("is unknown in an entry", "typo", path, near, f"did you mean {near}?")
    if key in _POLICIES:
        hint = "policies go into beatkit_policies = {entry name: {...}}, or use @periodic"
    elif key in SEND:
        hint = f"write options = {{{key!r}: ...}}"
    else:
        hint = f"an entry has {', '.join(_KEYS)}"
    return Flaw("is unknown in an entry", "unknown", path, None, hint)


def _missing(key: str) -> Flaw:
    remedy = _WRITE_SCHEDULE if key == "schedule" else "write the task's name, as in 'shop.close'"
    return Flaw("is missing", path=(key,), remedy=remedy)


def _task(value: Any) -> Any:
    if isinstance(value, str) and value.strip():
        return value
    name = getattr(value, "name", None)
    if isinstance(name, str):
        return name
    raise values.unfit(value, "the name of a task")


def schedule(value: Any) -> Any:
    """A number of seconds, a timedelta, text of either or of a cron, or a schedule object."""
    value = values.plain(value)
    if isinstance(value, str):
        return _text_schedule(value)
    if isinstance(value, bool):
        raise values.unfit(value, "a schedule", _WRITE_SCHEDULE)
    if isinstance(value, int | float | timedelta):
        return _positive(value)
    if hasattr(value, "is_due"):
        # Of Celery's own schedules, only the plain interval can be zero or negative.
        if type(value).__name__ == "schedule":
            _positive(getattr(value, "run_every", 1))
        return value
    if callable(value):
        return value
    raise values.unfit(value, "a schedule", _WRITE_SCHEDULE)


def _positive(value: Any) -> Any:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if not 0 < seconds < float("inf"):
        shown = f"{values.shown(value)} seconds" if seconds is value else values.shown(value)
        said = f"is {shown}, expected more than 0: it would be due without end"
        raise Unfit(Flaw(said, remedy=_WRITE_SCHEDULE))
    return value


def _text_schedule(text: str) -> Any:
    fields = len(text.split())
    if text.startswith("@") or fields >= 5 or "*" in text:
        return _cron(text)
    try:
        return _positive(values.number(text))
    except Unfit as error:
        if fields == 1 and ("inf" in text.lower() or _is_number(text)):
            raise error from None
    try:
        return _positive(values.seconds(text))
    except Unfit:
        raise values.unfit(text, "a schedule", _WRITE_SCHEDULE) from None


def _is_number(text: str) -> bool:
    try:
        values.number(text)
    except Unfit:
        return False
    return True


def _cron(text: str) -> Any:
    from beatkit.schedules.celery import cron

    try:
        return cron(text)
    except ScheduleError as error:
        message = str(error)
    raise Unfit(Flaw(f"is {text!r}, which is no schedule", remedy=message))


def _args(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value
    remedy = "write a list around it: text would be spread into letters"
    raise _shapeless(value, "a list of arguments", remedy if isinstance(value, str) else "")


def _kwargs(value: Any) -> Any:
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    raise _shapeless(value, "a mapping of keyword arguments: name -> value")


def _shapeless(value: object, expected: str, remedy: str = "") -> Unfit:
    # Arguments may hold anything, secrets too: only the type is shown.
    return Unfit(Flaw(f"is a {type(value).__name__}, expected {expected}", remedy=remedy))


def _options(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise values.unfit(value, "a mapping of options, such as {'queue': 'reports'}")
    return send_options(value)


def _relative(value: Any) -> bool:
    return values.flag(value)


_CONVERTERS = {
    "task": _task,
    "schedule": schedule,
    "args": _args,
    "kwargs": _kwargs,
    "options": _options,
    "relative": _relative,
}
