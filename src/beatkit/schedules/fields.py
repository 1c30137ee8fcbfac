"""The text of one field of a cron expression.

    field  = item *("," item)
    item   = "*" ["/" step] | value ["/" step] | value "-" value ["/" step]
           | "H" ["(" value "-" value ")"] ["/" step]
           | "L" | "LW" | value "W"                (day of month)
           | value "L" | value "#" 1..5            (weekday)

`n/step` runs from n to the end of the field. A range whose start is greater than its end
wraps around the end of the field. Names are three letters, in any case, and belong to
their own field. Nothing is ever skipped: what the grammar does not cover is a `BadItem`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from beatkit.schedules.spread import stable_hash

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_VALUES = re.compile(r"(\*|[0-9]+|[A-Z]{3})(?:-([0-9]+|[A-Z]{3}))?(?:/([0-9]+))?", re.ASCII)
_HASHED = re.compile(r"H(?:\(([0-9]+|[A-Z]{3})-([0-9]+|[A-Z]{3})\))?(?:/([0-9]+))?", re.ASCII)
_NEAREST_WEEKDAY = re.compile(r"([0-9]+)W", re.ASCII)
_LAST_SUCH = re.compile(r"([0-9]+|[A-Z]{3})L", re.ASCII)
_NTH_SUCH = re.compile(r"([0-9]+|[A-Z]{3})#([0-9]+)", re.ASCII)

Special = tuple[str, int, int]
"""A day that depends on the month: ("L", 0, 0) its last day, ("LW", 0, 0) its last Monday
to Friday, ("W", day, 0) the Monday to Friday nearest to a day, ("DL", weekday, 0) the last
such weekday, ("D#", weekday, n) the n-th one."""


@dataclass(frozen=True, slots=True, eq=False)  # each kind is one object: hashed in no time
class Kind:
    """What a field may hold.

    Attributes:
        name: For people: "minute", "day of month".
        low: Smallest value.
        high: Largest value written; 7 for weekdays, where it is Sunday again.
        names: Three-letter names, the first standing for `low`.
        widest: Largest value that `H` picks: 28 for days of the month, so that each month
            has it (Jenkins does the same).
    """

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    widest: int = 0

    @property
    def end(self) -> int:
        """Largest distinct value: Saturday for weekdays."""
        return 6 if self.high == 7 else self.high

    @property
    def expected(self) -> str:
        """The range for people: `0-59`, `1-12 or jan-dec`."""
        names = f" or {self.names[0].lower()}-{self.names[-1].lower()}" if self.names else ""
        return f"{self.low}-{self.high}{names}"


SECOND = Kind("second", 0, 59, (), 59)
MINUTE = Kind("minute", 0, 59, (), 59)
HOUR = Kind("hour", 0, 23, (), 23)
DAY = Kind("day of month", 1, 31, (), 28)
MONTH = Kind("month", 1, 12, _MONTHS, 12)
WEEKDAY = Kind("weekday", 0, 7, _WEEKDAYS, 6)


@dataclass(frozen=True, slots=True)
class Field:
    """What a field means.

    Attributes:
        values: The values that match, in order; weekdays from 0, Sunday.
        starred: The text starts with `*`, which decides between wildcard and fixed-time
            jobs and between "and" and "or" of the two day fields (as in Debian's cron).
        specials: Days that depend on the month.
    """

    values: tuple[int, ...]
    starred: bool = False
    specials: tuple[Special, ...] = ()


class BadItem(Exception):
    """An item that the grammar does not cover.

    Attributes:
        start: Where in the field it starts.
        item: Its text, perhaps in capitals.
        what: What it is, if not a value of the field.
        expected: What was expected, if not a value of the field.
        advice: What to write instead, if it is known.
    """

    def __init__(
        self, start: int, item: str, what: str = "", expected: str = "", advice: str = ""
    ) -> None:
        super().__init__(start, item)
        self.start = start
        self.item = item
        self.what = what
        self.expected = expected
        self.advice = advice


def uses_hash(text: str) -> bool:
    """Return whether a field holds an `H` (and not only a name such as THU)."""
    return any(item[:1] in "Hh" and item for item in text.split(","))


def read_field(kind: Kind, text: str, seed: int | None = None) -> Field:
    """Read a field's text.

    Args:
        kind: Which field it is.
        text: Without blanks.
        seed: The hash of the entry's name; read only where the text holds an `H`. None
            takes all that it may pick: enough to check the syntax, and that some pick fires.

    Raises:
        BadItem: The text is outside the grammar.
    """
    return _read(kind, text, seed if "H" in text.upper() and uses_hash(text) else None)


@lru_cache(maxsize=4096)
def _read(kind: Kind, text: str, seed: int | None) -> Field:
    values: set[int] = set()
    specials: list[Special] = []
    start = 0
    for item in text.split(","):
        found = _item(kind, item, start, seed)
        if isinstance(found, tuple):
            specials.append(found)
        else:
            values.update(found)
        start += len(item) + 1
    if kind.high == 7:
        values = {value % 7 for value in values}
    return Field(tuple(sorted(values)), text.startswith("*"), tuple(specials))


def _item(kind: Kind, text: str, start: int, seed: int | None) -> Special | list[int]:
    item = text.upper() if text.isascii() else text
    special = _special(kind, item, start, text)
    if special is not None:
        return special
    if item.startswith("H"):
        hashed = _HASHED.fullmatch(item)
        if hashed is None:
            raise BadItem(start, text)
        return _spread(kind, hashed, start, seed)
    found = _VALUES.fullmatch(item)
    if found is None:
        raise BadItem(start, text)
    low, high, step = found.groups()
    pace = _step(step, start + found.start(3))
    if low == "*":
        if high is not None:
            raise BadItem(start, text)
        return list(range(kind.low, kind.end + 1, pace))
    first = _number(kind, low, start)
    if high is not None:
        return _run(kind, first, _number(kind, high, start + found.start(2)))[::pace]
    return [first] if step is None else list(range(first, kind.end + 1, pace)) or [first]


def _special(kind: Kind, item: str, start: int, text: str) -> Special | None:
    if kind is DAY:
        if item in ("L", "LW"):
            return (item, 0, 0)
        if near := _NEAREST_WEEKDAY.fullmatch(item):
            return ("W", _number(kind, near[1], start), 0)
    if kind is WEEKDAY:
        if last := _LAST_SUCH.fullmatch(item):
            return ("DL", _number(kind, last[1], start) % 7, 0)
        if nth := _NTH_SUCH.fullmatch(item):
            if nth[2] not in ("1", "2", "3", "4", "5"):
                raise _bad_nth(start + nth.start(2), nth[2])
            return ("D#", _number(kind, nth[1], start) % 7, int(nth[2]))
        if item == "L":
            raise _bad_last(start, text)
    return None


def _bad_nth(start: int, nth: str) -> BadItem:
    advice = "write a number from 1 to 5, or L in place of # and the number for the last one"
    return BadItem(start, nth, "the number after #", "1-5: a month has no more", advice)


def _bad_last(start: int, text: str) -> BadItem:
    advice = "write '5L' for the last Friday of the month, or L in the day of month field"
    return BadItem(start, text, "weekday", "a weekday before the L", advice)


def _spread(kind: Kind, found: re.Match[str], start: int, seed: int | None) -> list[int]:
    """Pick by hash: one value, or with a step the first of those that are a step apart."""
    low, high = kind.low, kind.widest
    if found[1]:
        low = _number(kind, found[1], start + found.start(1))
        high = _number(kind, found[2], start + found.start(2))
    choices = _run(kind, low, high)
    pace = _step(found[3], start + found.start(3)) if found[3] else len(choices)
    if seed is None:
        return choices
    return choices[stable_hash(f"{kind.name} {seed}") % min(pace, len(choices)) :: pace]


def _run(kind: Kind, low: int, high: int) -> list[int]:
    if kind.high == 7 and low == 7 and high < 7:  # Sunday written as 7
        low = 0
    if low <= high:
        return list(range(low, high + 1))
    return [*range(low, kind.end + 1), *range(kind.low, high + 1)]


def _step(text: str | None, start: int) -> int:
    if text is None:
        return 1
    step = int(text[:5])  # no step is so long; Python reads no number of 5,000 digits
    if step == 0 or len(text) > 4:
        raise BadItem(start, text, "step", "1 to 9999", "write 1, or leave the step out")
    return step


def _number(kind: Kind, text: str, start: int) -> int:
    if text.isdigit():
        if len(text) < 4 and kind.low <= int(text) <= kind.high:
            return int(text)
    elif text in kind.names:
        return kind.low + kind.names.index(text)
    raise BadItem(start, text)
