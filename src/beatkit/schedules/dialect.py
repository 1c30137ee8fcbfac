"""The text of a cron expression: five fields, or six with seconds first, or an alias.

    minute hour day-of-month month weekday
    second minute hour day-of-month month weekday
    @hourly @daily @midnight @weekly @monthly @yearly @annually

Fields are separated by blanks or tabs. What may stand in a field is said in `fields.py`.
Whatever is outside the grammar is refused with the expression, a caret under the culprit
and the nearest valid form; nothing is ever dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from beatkit.errors import ScheduleError
from beatkit.schedules.calendar import DayMode, Days, days
from beatkit.schedules.fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    WEEKDAY,
    BadItem,
    Field,
    Kind,
    read_field,
    uses_hash,
)

ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_KINDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)
_WORD = re.compile(r"[^ \t]+")
_ON_THE_MINUTE = Field((0,))


@dataclass(frozen=True, slots=True)
class Expression:
    """What a cron expression means.

    Attributes:
        second: 0 alone where the text has five fields.
        minute: Minutes of the hour.
        hour: Hours of the day.
        day: Days of the month.
        month: Months from 1.
        weekday: Days of the week from 0, Sunday.
        days: The three day fields in one; None where each day matches.
    """

    second: Field
    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field
    days: Days | None

    @property
    def wildcard(self) -> bool:
        """Minute or hour starts with `*`: daylight saving treats it as a wildcard job."""
        return self.minute.starred or self.hour.starred


def parse(text: str, seed: int | None = None, mode: DayMode = "or") -> Expression:
    """Read a cron expression.

    Args:
        text: The expression.
        seed: The hash of the entry's name, for `H`.
        mode: "or": of two restricted day fields either is enough. "and": both must match.

    Raises:
        ScheduleError: The text is outside the grammar, or no day ever matches.
    """
    words = _words(text)
    try:
        second = read_field(SECOND, words[0], seed) if len(words) == 6 else _ON_THE_MINUTE
        minute, hour, day, month, weekday = (
            read_field(kind, word, seed) for kind, word in zip(_KINDS, words[-5:], strict=True)
        )
    except BadItem:
        raise _complaint(text, seed) from None
    matching = days(day, month, weekday, mode)
    if matching is not None and not matching.exist():
        raise _never(text, words)
    return Expression(second, minute, hour, day, month, weekday, matching)


def written(text: str, seed: int | None) -> list[str]:
    """Return the five fields as texts, aliases spelt out and `H` replaced by what it picked."""
    fields = zip(_KINDS, _words(text)[-5:], strict=True)
    return [
        ",".join(map(str, read_field(kind, word, seed).values))
        if seed is not None and uses_hash(word)
        else word
        for kind, word in fields
    ]


def is_hashed(text: str) -> bool:
    """Return whether an expression holds an `H`, so that its times need the entry's name."""
    return "H" in text.upper() and any(map(uses_hash, _words(text)))


def _words(text: str) -> list[str]:
    if not isinstance(text, str):
        raise ScheduleError(
            f"cron is {text!r}, expected a text of five fields\n  write for example '0 4 * * *'"
        )
    words = _WORD.findall(text)
    if len(words) in (5, 6):
        return words
    if len(words) == 1 and words[0].lower() in ALIASES:
        return ALIASES[words[0].lower()].split()
    raise _miscounted(text, words)


def _miscounted(text: str, words: list[str]) -> ScheduleError:
    if len(words) == 1 and words[0].startswith("@"):
        names = " ".join(ALIASES)
        advice = f"write one of {names}"
        if words[0].lower() == "@reboot":
            advice = "slots come from the clock, not from a start; " + advice
        return ScheduleError(f"cron {text!r} is no alias that beatkit knows\n  {advice}")
    fields = f"{len(words)} field" + "s" * (len(words) != 1)
    return ScheduleError(
        f"cron {text!r} has {fields}, expected 5 (minute, hour, day of month, month, weekday)"
        " or 6 (a second before them)\n"
        f"  {_padded(words)}"
    )


def _padded(words: list[str]) -> str:
    if 0 < len(words) < 5:
        return f"write {' '.join([*words, *['*'] * (5 - len(words))])!r} if each time is meant"
    return "write for example '0 4 * * *' for each day at 04:00"


def _complaint(text: str, seed: int | None) -> ScheduleError:
    """Find the culprit again, with its column, and say what was expected."""
    words = list(_WORD.finditer(text))
    kinds = (SECOND, *_KINDS)[-len(words) :]
    for kind, word in zip(kinds, words, strict=True):
        try:
            read_field(kind, word[0], seed)
        except BadItem as bad:
            return _explain(text, kind, word.start() + bad.start, bad)
    raise AssertionError(text)


def _explain(text: str, kind: Kind, column: int, bad: BadItem) -> ScheduleError:
    said = bad.item if bad.item.isascii() and bad.item.isdigit() else repr(bad.item)
    reason = f": {bad.reason}" if bad.reason else f", expected {kind.expected}"
    return ScheduleError(
        f"{kind.name} is {said} in cron {text!r}{reason}\n"
        f"{pointer(text, column, len(bad.item))}\n"
        f"  {_advice(kind, bad.item)}"
    )


def pointer(text: str, start: int, length: int) -> str:
    """Return the expression and below it a caret under each of some characters."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return f"  {shown}\n  {' ' * start}{'^' * max(length, 1)}"


def _advice(kind: Kind, item: str) -> str:
    for other in (MONTH, WEEKDAY):
        if kind is not other and item.upper()[:3] in other.names:
            return f"names such as {item!r} belong in the {other.name} field"
    near = next((form for form in _repairs(kind, item) if _fits(kind, form)), None)
    if near is not None:
        return f"write {near!r}, or another {kind.name} in {kind.expected}"
    return f"write a {kind.name} in {kind.expected}"


def _repairs(kind: Kind, item: str) -> list[str]:
    """Return likely meanings of a bad item, the likeliest first."""
    bare = re.sub(r"[^0-9A-Za-z*/-]", "", item)
    star = re.sub(r"^\*+/?([0-9]+).*", r"*/\1", item) if item.startswith("*") else ""
    dash = re.match(r"([0-9A-Za-z]+)-+([0-9A-Za-z]+)", item)
    step = re.match(r"[0-9A-Za-z*-]+/[0-9]+", item)
    return [
        *([step[0]] if step else []),
        star,
        *([f"{dash[1]}-{dash[2]}"] if dash else []),
        f"*{item}",
        item[:3],
        str(kind.low) if item == str(kind.end + 1) else "",
        bare.strip("-/*"),
        *(["*"] if item.startswith("*") else []),
        str(kind.end) if item.isascii() and item.isdigit() and int(item) > kind.end else "",
        str(kind.low) if item == "0" else "",
    ]


def _fits(kind: Kind, form: str) -> bool:
    try:
        read_field(kind, form)
    except BadItem:
        return False
    return True


def _never(text: str, words: list[str]) -> ScheduleError:
    return ScheduleError(
        f"cron {text!r} never fires: no month in {words[-2]!r} has a day that matches"
        f" day of month {words[-3]!r} and weekday {words[-1]!r}\n"
        f"{pointer(text, text.index(words[-3]), 1)}\n"
        "  write a day that the month has, or L for its last day"
    )
