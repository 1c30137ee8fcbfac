"""What projects already have, into beatkit's schedules.

Numbers, timedeltas and texts; Celery's `crontab`, `schedule` and `solar`. The objects given
are never touched. What only Celery's own code can answer stays as it is and is asked through
its `is_due`: custom subclasses, a schedule with a `nowfun`, and `schedule(relative=True)`,
whose slots depend on when the last run was.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from celery import schedules

from beatkit.errors import ScheduleError
from beatkit.schedules.crontab import cron
from beatkit.schedules.fields import DAY, HOUR, MINUTE, MONTH, WEEKDAY, BadItem, Kind, read_field
from beatkit.schedules.interval import every
from beatkit.schedules.solar import solar
from beatkit.schedules.timetable import Timetable

_FIELDS = {
    "minute": MINUTE,
    "hour": HOUR,
    "day_of_month": DAY,
    "month_of_year": MONTH,
    "day_of_week": WEEKDAY,
}
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_FULL_NAME = re.compile(
    r"january|february|march|april|june|july|august|september|october|november|december"
    r"|sunday|monday|tuesday|wednesday|thursday|friday|saturday",
    re.IGNORECASE,
)
_STEPPED = re.compile(r"\*/(\w+)")


def convert(value: Any) -> Any:
    """Return the schedule that a value means.

    Args:
        value: Seconds, a timedelta, a text of digits (seconds) or a cron expression, any of
            Celery's schedules, or one of beatkit's.

    Returns:
        `every`, `cron`, `at` or `solar`; a custom `BaseSchedule` as it is. A `crontab` keeps
        Celery's meaning of its day fields (both must match) and the app's zone, and follows
        beatkit's daylight-saving rule.

    Raises:
        ScheduleError: The value means no schedule, or one that cannot work.
    """
    if isinstance(value, Timetable):
        return value
    if isinstance(value, str):
        return every(seconds=float(value)) if _NUMBER.fullmatch(value) else cron(value)
    if isinstance(value, timedelta):
        return _interval(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return every(seconds=value)
    if isinstance(value, schedules.BaseSchedule):
        return _celery(value)
    raise ScheduleError(
        f"the schedule is {value!r}, expected seconds, a timedelta, a cron text or a schedule\n"
        "  write for example every(seconds=30) or cron('0 4 * * *')"
    )


def oddities(value: Any) -> list[str]:
    """Return what Celery accepted in a `crontab`'s texts and read otherwise than it looks.

    Each is a sentence that names the field, its text and what Celery makes of it. Empty for
    anything that is no `crontab` of Celery's.
    """
    if type(value) is not schedules.crontab:
        return []
    pairs = ((name, getattr(value, f"_orig_{name}")) for name in _FIELDS)
    return [
        f"{name} {text!r} means {_text(name, text, _values(value, name))!r} to Celery"
        for name, text in pairs
        if isinstance(text, str) and not _plausible(_FIELDS[name], text)
    ]


def _celery(value: Any) -> Any:
    if value.nowfun is not None:
        return value
    if type(value) is schedules.crontab:
        return _crontab(value)
    if type(value) is schedules.schedule and not value.relative:
        return _interval(value.run_every)
    if type(value) is schedules.solar:
        return solar(value.event, value.lat, value.lon)
    return value


def _interval(period: Any) -> every:
    """Round to milliseconds: a `schedule(1 / 3)` of Celery's keeps working."""
    if not isinstance(period, timedelta):
        raise ScheduleError(
            f"the schedule's interval is {period!r}, expected a timedelta\n"
            "  write for example every(seconds=30)"
        )
    return every(seconds=timedelta(milliseconds=round(period / timedelta(milliseconds=1))))


def _crontab(value: Any) -> cron:
    texts = [_text(name, getattr(value, f"_orig_{name}"), _values(value, name)) for name in _FIELDS]
    both = not texts[2].startswith("*") and not texts[4].startswith("*")
    # Celery caches its zone in the instance; users set it there for a zone of the entry's own.
    zone = getattr(vars(value).get("tz"), "key", None)
    return cron(" ".join(texts), timezone=zone, days="and" if both else "or")


def _values(value: Any, name: str) -> tuple[int, ...]:
    values = tuple(sorted(getattr(value, name)))
    if not values:
        raise ScheduleError(
            f"{name} is empty in {value!r}, expected at least one value\n  write '*' for each"
        )
    return values


def _text(name: str, original: object, values: tuple[int, ...]) -> str:
    """Return a text of our dialect for values, the user's own where it says the same."""
    kind = _FIELDS[name]
    stepped = _STEPPED.match(original) if isinstance(original, str) else None
    guesses = [original, f"*/{stepped[1]}" if stepped else None]
    for guess in guesses:
        if isinstance(guess, str) and _reads_as(kind, guess, values):
            return guess
    if len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        return f"{values[0]}-{values[-1]}"
    return ",".join(map(str, values))


def _reads_as(kind: Kind, text: str, values: tuple[int, ...]) -> bool:
    try:
        field = read_field(kind, text)
    except BadItem:
        return False
    return field.values == values and not field.specials


def _plausible(kind: Kind, text: str) -> bool:
    """Return whether a text says what it means: full names of months and days do."""
    short = _FULL_NAME.sub(lambda word: word[0][:3], text)
    short = ",".join(item.strip(" ") for item in short.split(","))
    try:
        read_field(kind, short)
    except BadItem:
        return False
    return True
