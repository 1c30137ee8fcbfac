"""What is wrong with the text of a cron expression, and the nearest text that is right.

Each complaint has a first line that names the culprit, what it is and what was expected; the
expression with a caret under each of its characters; and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from beatkit.errors import ScheduleError
from beatkit.schedules.fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    WEEKDAY,
    BadItem,
    Kind,
    read_field,
    uses_hash,
)

_WORD = re.compile(r"[^ \t]+")
_NO_YEAR = "leave the year out: fields end with the weekday, and at(...) runs once"
_SLIPS = (
    ("['\"]", "leave out the quotes that stand in the text itself"),
    (".*=", "give the zone beside the text: cron('0 4 * * *', timezone='Europe/Berlin')"),
    ("/.*[A-Za-z]{2}", "leave the command out: the entry names the task"),
)
_MEANT = {"last": "L", "l-w": "LW", "r": "H", "weekdays": "mon-fri", "weekends": "sat,sun"}
"""Words that people and other dialects write, and ours for the same."""
_LIKELY = (
    (r"([0-9A-Z*-]+/[0-9]+)", r"\1"),
    (r"\*+/?-?([0-9]+)", r"*/\1"),
    (r"([0-9A-Z]+)-+([0-9A-Z]+)", r"\1-\2"),
    (r"([0-9]+)~([0-9]+)$", r"H(\1-\2)"),  # OpenBSD's way to write a random value
    (r"(H(\([0-9]+-[0-9]+\))?)", r"\1"),
    (r"([0-9A-Z]+#[1-5])", r"\1"),
    (r"L([0-9A-Z]+)$", r"\1L"),
    (r"([0-9A-Z]+)#?L(AST)?$", r"\1L"),
    (r"(/.+)", r"*\1"),
    (r"[-+]?([0-9A-Z]+)", r"\1"),
    (r"([A-Z]{3})", r"\1"),
    (r"[*?]", "*"),
)
"""What a bad item may begin with, and what is then likely meant."""


def bad_item(text: str, kinds: Sequence[Kind], seed: int | None) -> ScheduleError:
    """Find the item that the grammar does not cover again, with its column."""
    for kind, word in zip(kinds, _WORD.finditer(text), strict=True):
        try:
            read_field(kind, word[0], seed)
        except BadItem as bad:
            return _complaint(text, kind, word.start() + bad.start, bad)
    raise AssertionError(text)


def bad_count(text: str, words: Sequence[str], aliases: Sequence[str]) -> ScheduleError:
    """Complain of neither five nor six fields."""
    strange = next((char for char in text if char.isspace() and char not in " \t"), None)
    if strange is not None:
        return ScheduleError(
            f"cron {text!r} has {strange!r}, expected blanks or tabs between its fields\n"
            f"{_pointer(text, text.index(strange), 1)}\n"
            f"  write {' '.join(text.split())!r}"
        )
    if words and words[0].startswith("@"):
        return ScheduleError(
            f"cron {text!r} is no alias that beatkit knows\n  {_alias(words[0].lower(), aliases)}"
        )
    fields = f"{len(words)} field" + "s" * (len(words) != 1)
    return ScheduleError(
        f"cron {text!r} has {fields}, expected 5 (minute, hour, day of month, month, weekday)"
        f" or 6 (a second before them)\n  {_other_count(text, words)}"
    )


def _other_count(text: str, words: Sequence[str]) -> str:
    """Say what was meant by so many words: fields left out, a time of day, an interval, a year."""
    fitting = map(_fits, (MINUTE, HOUR, DAY, MONTH, WEEKDAY), words)
    if 0 < len(words) < 5 and all(fitting):
        return f"write {' '.join([*words, *['*'] * (5 - len(words))])!r} if each is meant"
    if time := re.fullmatch(r"\D*([01]?[0-9]|2[0-3]):([0-5][0-9])\D*", text):
        return f"write '{int(time[2])} {int(time[1])} * * *' for that time of each day"
    if pace := re.fullmatch(r"\s*every ([0-9]+) ?(second|minute|hour|day|week)s?\s*", text):
        return f"write an interval in the place of cron: every({pace[2]}s={int(pace[1])})"
    if len(words) == 7:
        return _NO_YEAR
    return "write for example '0 4 * * *', each day at 04:00"


def _alias(word: str, aliases: Sequence[str]) -> str:
    if word == "@every":
        return "write an interval beside cron, not in it: every(minutes=5)"
    near = get_close_matches(word, aliases, 1, 0.6)
    advice = f"write {near[0]!r}" if near else f"write one of {' '.join(aliases)}"
    if word == "@reboot":
        advice = f"slots come from the clock, not from a start: {advice}"
    return advice


def never_fires(text: str, seed: int | None) -> ScheduleError:
    """Complain of days that no month has."""
    *_, day, month, weekday = _WORD.finditer(text)
    days, months = _picked(DAY, day[0], seed), _picked(MONTH, month[0], seed)
    reason = f"no month of {months} has a day {days}"
    if not weekday[0].startswith("*"):
        weekdays = _picked(WEEKDAY, weekday[0], seed)
        reason = f"in no month of {months} does day {days} meet weekday {weekdays}"
    advice = "write a day that the month has; L is its last"
    if any(map(uses_hash, (day[0], month[0], weekday[0]))):
        advice = "give H a range of which each value fires, such as H(1-28) for the day"
    return ScheduleError(
        f"cron {text!r} never fires: {reason}\n"
        f"{_pointer(text, day.start(), month.end() - day.start())}\n"
        f"  {advice}"
    )


def _picked(kind: Kind, word: str, seed: int | None) -> str:
    if seed is None or not uses_hash(word):
        return repr(word)
    return f"{word!r} (here {','.join(map(str, read_field(kind, word, seed).values))})"


def _complaint(text: str, kind: Kind, column: int, bad: BadItem) -> ScheduleError:
    item = text[column : column + len(bad.item)]
    if not item and text[column : column + 1] != ",":
        column -= 1  # the comma that nothing follows
    said = item if item.isascii() and item.isdigit() else repr(item)
    return ScheduleError(
        f"{bad.what or kind.name} is {said} in cron {text!r}, expected"
        f" {bad.expected or kind.expected}\n"
        f"{_pointer(text, column, len(item))}\n"
        f"  {_advice(kind, item, bad, alone=text[column - 1 : column] != '-')}"
    )


def _pointer(text: str, start: int, length: int) -> str:
    shown = "".join(char if char.isprintable() else " " for char in text)
    return f"  {shown}\n  {' ' * start}{'^' * max(length, 1)}"


def _advice(kind: Kind, item: str, bad: BadItem, *, alone: bool) -> str:
    known = bad.advice or _known_trouble(kind, item)
    if known:
        return known
    near = next((form for form in _repairs(kind, item, alone) if form and _fits(kind, form)), None)
    choice = f"{kind.name} from {kind.expected.replace('-', ' to ')}"
    if near:
        return f"write {near!r}, or another {choice}"
    return f"write {'an' if kind is HOUR else 'a'} {choice}"


def _known_trouble(kind: Kind, item: str) -> str:
    strange = next((char for char in item if not char.isascii()), None)
    if strange is not None:
        return f"write plain digits, letters and blanks: {strange!r} is none of them"
    slip = next((advice for pattern, advice in _SLIPS if re.match(pattern, item)), "")
    if slip or not item:
        return slip or "take a comma away"
    odd = next((char for char in item if char.isspace()), None)
    if odd is not None:
        return f"take {odd!r} out: blanks and tabs separate fields"
    if kind is WEEKDAY and re.fullmatch("(19|20)[0-9]{2}", item):
        return _NO_YEAR
    for other in (MONTH, WEEKDAY):
        its_own = item.upper()[:3] in other.names or ("#" in item and _fits(other, item))
        if kind is not other and its_own:
            return f"write it in the {other.name} field: it is no {kind.name}"
    return ""


def _repairs(kind: Kind, item: str, alone: bool) -> Iterator[str]:
    """Yield likely meanings of a bad item, the likeliest first."""
    yield _MEANT.get(item.lower(), "")
    yield item.replace(";", ",")
    for pattern, form in _LIKELY:
        found = re.match(pattern, item, re.IGNORECASE)
        if found:
            yield found.expand(form)
    yield from (name.lower() for name in kind.names if name[:2] == item.upper())
    yield from _nearest(kind, item, alone)


def _nearest(kind: Kind, item: str, alone: bool) -> list[str]:
    """Return the nearest number; the first for one beyond the last, as 24 hours are 0."""
    if not (item.isascii() and item.isdigit()):
        return []
    value = int(item[:9])
    wraps = alone and kind in (SECOND, MINUTE, HOUR) and value == kind.high + 1
    return [str(kind.low if wraps or value <= kind.low else kind.high)]


def _fits(kind: Kind, form: str) -> bool:
    try:
        read_field(kind, form)
    except BadItem:
        return False
    return True
