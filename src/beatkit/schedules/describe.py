"""Rules in plain English, from their meaning and not from their text.

*/15 8-18 * * mon-fri    every 15 minutes from 08:00 to 18:45 on Monday to Friday
0 0 13 * 5               at 00:00 on day 13 of the month or on Friday
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

from beatkit.schedules.calendar import DayMode
from beatkit.schedules.cron import CronRule
from beatkit.schedules.dialect import Expression, parse
from beatkit.schedules.fields import Field, Special
from beatkit.schedules.rules import InstantsRule, IntervalRule, Rule, UnionRule
from beatkit.schedules.sun import SolarRule

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = (
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("minute", 60_000),
    ("second", 1000),
    ("millisecond", 1),
)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("", "January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
_SUFFIXES = {2: "nd", 3: "rd", 22: "nd", 23: "rd"}
_FEW = 6  # times of day that are listed one by one


def describe(rule: Rule) -> str:
    """Return a rule in plain English, such as `every 15 seconds`."""
    match rule:
        case IntervalRule(period, offset):
            return describe_interval(period, offset)
        case CronRule():
            return f"{describe_cron(rule.text, rule.seed, rule.mode)} ({rule.timezone})"
        case UnionRule(rules):
            return "; and ".join(map(describe, rules))
        case InstantsRule(instants):
            return _instants(instants)
        case SolarRule(event, lat, lon):
            return f"at {_event(event)} at {_place(lat, 'NS')}, {_place(lon, 'EW')}"
        case _:
            return repr(rule)


def describe_interval(period_ms: int, offset_ms: int) -> str:
    """Return an interval in plain English: `every 5 minutes, shifted by 30 seconds`."""
    count, unit = next((period_ms // ms, unit) for unit, ms in _UNITS if period_ms % ms == 0)
    period = unit if count == 1 else f"{count} {unit}s"
    return f"every {period}" + (f", shifted by {_duration(offset_ms)}" if offset_ms else "")


def describe_cron(text: str, seed: int | None = None, mode: DayMode = "or") -> str:
    """Return a cron expression in plain English, without its zone."""
    meaning = parse(text, seed, mode)
    days = [_days(meaning, both=mode == "and"), _months(meaning.month)]
    time = _times_of_day(meaning)
    if time and not days[0]:
        days[0] = "every day"
    time = time or _paced(meaning)
    return " ".join(part for part in (time, *days) if part)


def series(words: Sequence[str], last: str = "and") -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _duration(ms: int) -> str:
    parts = []
    for unit, size in _UNITS:
        count, ms = divmod(ms, size)
        if count:
            parts.append(f"{count} {unit}" + "s" * (count != 1))
    return series(parts)


def _instants(instants: tuple[int, ...]) -> str:
    texts = [f"{_EPOCH + timedelta(milliseconds=ms):%Y-%m-%d %H:%M:%S}" for ms in instants]
    if len(texts) > _FEW:
        return f"at {len(texts)} instants from {texts[0]} to {texts[-1]} (UTC)"
    return f"at {series(texts)} (UTC)"


def _event(name: str) -> str:
    first, _, rest = name.partition("_")
    return f"{rest} {first}" if first in ("dawn", "dusk") else name.replace("_", " ")


def _place(degrees: float, letters: str) -> str:
    return f"{abs(degrees):g}° {letters[degrees < 0]}"


def _times_of_day(meaning: Expression) -> str:
    """Return the times one by one, where they are few."""
    second, minute, hour = meaning.second.values, meaning.minute.values, meaning.hour.values
    if len(hour) * len(minute) * len(second) > _FEW:
        return ""
    return "at " + series([_clock(*time) for time in product(hour, minute, second)])


def _paced(meaning: Expression) -> str:
    second, minute, hour = meaning.second.values, meaning.minute.values, meaning.hour.values
    if second != (0,):
        return _paced_seconds(second, minute, hour)
    pace = _pace(minute, 60)
    if len(minute) == 1:
        return _hourly(hour, minute[0])
    if pace is None:
        return f"{_hourly(hour)} at {_numbered('minute', minute)}"
    return _every(pace, "minute") + _during(hour, minute[0], minute[-1])


def _paced_seconds(second: tuple[int, ...], minute: tuple[int, ...], hour: tuple[int, ...]) -> str:
    pace = _pace(second, 60)
    text = _every(pace, "second") if pace else f"at {_numbered('second', second)}"
    if len(second) == 1:
        text = f"at second {second[0]}"
    every_minute = len(minute) == 60
    if every_minute and len(hour) == 24:
        return text if pace and len(second) > 1 else f"{text} of every minute"
    minutes = "every minute" if every_minute else _numbered("minute", minute)
    return f"{text} of {minutes}" + _during(hour, minute[0], minute[-1])


def _hourly(hour: tuple[int, ...], minute: int | None = None) -> str:
    at = f" at minute {minute}" if minute else ""
    pace = _pace(hour, 24)
    if pace and len(hour) > 1:
        return _every(pace, "hour") + at
    if len(hour) == 1:
        return f"in hour {hour[0]}" + at
    if _consecutive(hour) and minute is not None:
        return f"every hour from {_clock(hour[0], minute)} to {_clock(hour[-1], minute)}"
    if _consecutive(hour):
        return f"every hour from {hour[0]} to {hour[-1]}"
    return f"in {_numbered('hour', hour)}" + at


def _during(hour: tuple[int, ...], first: int, last: int) -> str:
    if len(hour) == 24:
        return ""
    if _consecutive(hour):
        return f" from {_clock(hour[0], first)} to {_clock(hour[-1], last)}"
    return f" in {_numbered('hour', hour)}"


def _days(meaning: Expression, *, both: bool) -> str:
    day, weekday = meaning.day, meaning.weekday
    month_days = _days_of_month(day) if len(day.values) < 31 else ""
    weekdays = _days_of_week(weekday) if len(weekday.values) < 7 else ""
    if month_days and weekdays:
        if both or day.starred or weekday.starred:
            return f"on {month_days} of the month if it is {weekdays}"
        return f"on {month_days} of the month or on {weekdays}"
    if month_days:
        return f"on {month_days} of the month"
    return f"on {weekdays}" if weekdays else ""


def _days_of_month(day: Field) -> str:
    texts = [_numbered("day", day.values)] if day.values else []
    return series([*texts, *map(_special_day, day.specials)])


def _special_day(special: Special) -> str:
    kind, day, _ = special
    names = {"L": "the last day", "LW": "the last working day (Monday to Friday)"}
    return names.get(kind, f"the working day (Monday to Friday) nearest to day {day}")


def _days_of_week(weekday: Field) -> str:
    texts = _runs(weekday.values, _WEEKDAYS)
    for kind, day, nth in weekday.specials:
        which = "last" if kind == "DL" else _ORDINALS[nth]
        texts.append(f"the {which} {_WEEKDAYS[day]} of the month")
    return series(texts)


def _months(month: Field) -> str:
    return "" if len(month.values) == 12 else f"in {series(_runs(month.values, _MONTHS))}"


def _every(pace: int, unit: str) -> str:
    return f"every {unit}" if pace == 1 else f"every {pace} {unit}s"


def _numbered(unit: str, values: tuple[int, ...]) -> str:
    step = values[1] - values[0] if len(values) > 3 else 1
    if step > 1 and values == tuple(range(values[0], values[-1] + 1, step)):
        return f"every {step}{_SUFFIXES.get(step, 'th')} {unit} from {values[0]} to {values[-1]}"
    texts = _runs(values, tuple(map(str, range(60))))
    return f"{unit}{'s' * (len(values) > 1)} {series(texts)}"


def _clock(hour: int, minute: int, second: int = 0) -> str:
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")


def _pace(values: tuple[int, ...], size: int) -> int | None:
    """Return n if the values are every n-th of the dial, all the way round."""
    pace = size // len(values)
    even = values == tuple(range(values[0], size, pace)) and pace * len(values) == size
    return pace if even and (values[0] == 0 or len(values) == 1) else None


def _consecutive(values: tuple[int, ...]) -> bool:
    return values[-1] - values[0] == len(values) - 1


def _runs(values: tuple[int, ...], names: Sequence[str]) -> list[str]:
    """Return the names of values; three and more in a row as `first to last`."""
    texts: list[str] = []
    start = 0
    for place in range(1, len(values) + 1):
        if place < len(values) and values[place] == values[place - 1] + 1:
            continue
        run = values[start:place]
        start = place
        if len(run) > 2:
            texts.append(f"{names[run[0]]} to {names[run[-1]]}")
        else:
            texts += [names[value] for value in run]
    return texts
