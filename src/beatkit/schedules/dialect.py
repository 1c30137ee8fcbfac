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
from beatkit.schedules.complaints import bad_count, bad_item, never_fires
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
_CELERY = re.compile(r"((\*|\w+-\w+)(/\d+)?|\w+)(,((\*|\w+-\w+)(/\d+)?|\w+))*", re.ASCII)
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
        raise bad_item(text, (SECOND, *_KINDS)[-len(words) :], seed) from None
    matching = days(day, month, weekday, mode)
    if matching is not None and not matching.exist:
        raise never_fires(text, seed)
    return Expression(second, minute, hour, day, month, weekday, matching)


def written(text: str, seed: int | None) -> list[str]:
    """Return the five fields as texts that Celery's `crontab` reads alike.

    Aliases are spelt out, and what Celery cannot read (`5/15`, Sunday as 7, what `H` picked)
    becomes a list of values. `L`, `W` and `#` stay: there is no other way to write them.
    """
    fields = zip(_KINDS, _words(text)[-5:], strict=True)
    return [_for_celery(kind, word, seed) for kind, word in fields]


def _for_celery(kind: Kind, word: str, seed: int | None) -> str:
    field = read_field(kind, word, seed)
    if field.specials or (uses_hash(word) and seed is None):
        return word
    sunday = kind is WEEKDAY and "7" in word
    if _CELERY.fullmatch(word) and not sunday and not uses_hash(word):
        return word
    return ",".join(map(str, field.values))


def is_hashed(text: str) -> bool:
    """Return whether an expression holds an `H`, so that its times need the entry's name."""
    return "H" in str(text).upper() and any(map(uses_hash, _words(text)))


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
    raise bad_count(text, words, tuple(ALIASES))
