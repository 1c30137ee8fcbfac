"""Which days match: by the shape of each month.

A month is one of 28 shapes: the weekday of its first day, and its length. For each shape the
matching days are one integer, bit d for day d, in which the rule of the two day fields,
month ends and leap years are already settled. Days are numbered from 1970-01-01.

Day of month and weekday: either is enough, unless one of the two fields starts with `*`;
then both must match (Vixie and Debian cron). Celery's `crontab` always wants both.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Literal

from beatkit.schedules.fields import Field, Special

DayMode = Literal["or", "and"]

_EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = 1 - _EPOCH, date.max.toordinal() - _EPOCH
_LENGTHS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CYCLE = 400 * 12  # months after which the calendar repeats


class _Months(dict[int, int]):
    """For each month, counted from January of year 0: bit d is set if day d matches.

    Filled in as months are asked for.
    """

    __slots__ = ("_day", "_either", "_month", "_weekday")

    def __init__(self, day: Field, month: Field, weekday: Field, mode: DayMode) -> None:
        self._day = day
        self._month = month
        self._weekday = weekday
        self._either = mode == "or" and not (day.starred or weekday.starred)

    def __missing__(self, month: int) -> int:
        bits = 0
        if month % 12 + 1 in self._month.values:
            bits = self._shape((_first_of(month) + 4) % 7, _length(month))
        self[month] = bits
        return bits

    def any(self) -> bool:
        """Return whether any day ever matches.

        Exact: in 400 years each month begins on each weekday, also a February of 29 days.
        """
        return any(
            self._shape(weekday, length)
            for month in self._month.values
            for length in ({28, 29} if month == 2 else {_LENGTHS[month]})
            for weekday in range(7)
        )

    def _shape(self, first: int, length: int) -> int:
        days = self._bits_of_days(first, length)
        weekdays = self._bits_of_weekdays(first, length)
        matching = days | weekdays if self._either else days & weekdays
        return matching & ((2 << length) - 2)

    def _bits_of_days(self, first: int, length: int) -> int:
        found = [_day_of_month(special, first, length) for special in self._day.specials]
        return _bits([*self._day.values, *found])

    def _bits_of_weekdays(self, first: int, length: int) -> int:
        days = [
            day for day in range(1, length + 1) if (first + day - 1) % 7 in self._weekday.values
        ]
        found = [_nth_weekday(special, first, length) for special in self._weekday.specials]
        return _bits([*days, *found])


class Days:
    """The days that match three fields. Equal fields share one object: see `days`.

    Attributes:
        exist: Whether any day ever matches.
    """

    __slots__ = ("_months", "_recent", "exist")

    def __init__(self, day: Field, month: Field, weekday: Field, mode: DayMode) -> None:
        self._months = _Months(day, month, weekday, mode)
        # The month asked for last: the day before its first, its last day, its bits, its
        # number. Replaced as a whole, because threads share it.
        self._recent = (0, 0, 0, 0)
        self.exist = self._months.any()

    def has(self, day: int) -> bool:
        """Return whether a day matches."""
        eve, last, bits, _ = self._recent
        if not eve < day <= last:
            if not _FIRST <= day <= _LAST:
                return False
            eve, _, bits, _ = self._find(day)
        return bool(bits >> (day - eve) & 1)

    def after(self, day: int) -> int | None:
        """Return the first match later than a day; None if there is none in 400 years."""
        eve, last, bits, month = self._recent
        if not eve <= day < last:
            if not _FIRST - 1 <= day < _LAST:
                return None
            eve, _, bits, month = self._find(day + 1)
        rest = bits >> (day + 1 - eve)
        if rest:
            return day + (rest & -rest).bit_length()
        for later in range(month + 1, min(month + _CYCLE, 9999 * 12 + 11) + 1):
            bits = self._months[later]
            if bits:
                return _first_of(later) - 2 + (bits & -bits).bit_length()
        return None

    def before(self, day: int) -> int | None:
        """Return the last match earlier than a day; None if there is none in 400 years."""
        if not _FIRST < day <= _LAST + 1:
            return None
        eve, _, bits, month = self._find(day - 1)
        bits &= (1 << (day - eve)) - 1
        if bits:
            return eve - 1 + bits.bit_length()
        for earlier in range(month - 1, max(month - _CYCLE, 12) - 1, -1):
            bits = self._months[earlier]
            if bits:
                return _first_of(earlier) - 2 + bits.bit_length()
        return None

    def _find(self, day: int) -> tuple[int, int, int, int]:
        """Return the month of a day, and remember it."""
        when = date.fromordinal(day + _EPOCH)
        month, eve = when.year * 12 + when.month - 1, day - when.day
        self._recent = found = (eve, eve + _length(month), self._months[month], month)
        return found


@lru_cache(maxsize=4096)
def days(day: Field, month: Field, weekday: Field, mode: DayMode) -> Days | None:
    """Return the days that match; None where each day does."""
    whole = (len(day.values), len(month.values), len(weekday.values)) == (31, 12, 7)
    return None if whole else Days(day, month, weekday, mode)


def _bits(days: list[int]) -> int:
    bits = 0
    for day in days:
        bits |= 1 << day
    return bits


def _first_of(month: int) -> int:
    return date(month // 12, month % 12 + 1, 1).toordinal() - _EPOCH


def _length(month: int) -> int:
    if month % 12 != 1:
        return _LENGTHS[month % 12 + 1]
    return _first_of(month + 1) - _first_of(month)


def _day_of_month(special: Special, first: int, length: int) -> int:
    """Return the day meant by L, LW or nW; 0, a bit that no month has, for none."""
    kind, day, _ = special
    if kind == "L":
        return length
    day = day or length
    if day > length:
        return 0
    weekday = (first + day - 1) % 7
    if weekday == 6:  # Saturday: the Friday before, unless that is another month's
        return day - 1 if day > 1 else day + 2
    if weekday == 0:  # Sunday: the Monday after, likewise
        return day + 1 if day < length else day - 2
    return day


def _nth_weekday(special: Special, first: int, length: int) -> int:
    kind, weekday, nth = special
    day = 1 + (weekday - first) % 7
    if kind == "D#":
        day += 7 * (nth - 1)
        return day if day <= length else 0
    return day + 7 * ((length - day) // 7)
