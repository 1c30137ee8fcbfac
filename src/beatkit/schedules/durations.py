"""Durations as users write them: numbers of seconds, or timedeltas."""

from __future__ import annotations

from datetime import timedelta
from math import inf

from beatkit.errors import ScheduleError

Duration = float | timedelta


# Past this a float no longer tells milliseconds apart; it is 31,000 years.
_TOO_LONG_MS = 10**15


def duration_ms(value: Duration, name: str, unit_ms: int = 1000) -> int:
    """Return a duration in whole milliseconds.

    Args:
        value: A number of units; or a timedelta, which is as long as it says in any unit.
        name: What it is, for the error; the unit's own name if that is not the second.
        unit_ms: Milliseconds of a unit.

    Raises:
        ScheduleError: No number, not finite, or no whole number of milliseconds.
    """
    unit = "seconds" if unit_ms == 1000 else name
    if isinstance(value, timedelta):
        ms, rest = divmod(value, timedelta(milliseconds=1))
        if rest:
            near = f"{name}=timedelta(milliseconds={ms or 1})"
            raise ScheduleError(_too_fine(name, value, near))
        return ms
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScheduleError(
            f"{name} is {value!r}, expected a number of {unit} or a timedelta\n"
            f"  write for example {name}=30"
        )
    exact = value * unit_ms
    if not abs(exact) < _TOO_LONG_MS:  # also infinite, and not a number
        limit = (
            f"fewer than {_TOO_LONG_MS // unit_ms}" if abs(value) < inf else "a finite number of"
        )
        raise ScheduleError(
            f"{name} is {value!r}, expected {limit} {unit}\n  write for example {name}=30"
        )
    ms = round(exact)
    if abs(ms - exact) > 1e-6 * max(1, abs(exact) / 1000):
        same = name if unit_ms == 1000 else "seconds"
        raise ScheduleError(_too_fine(name, value, f"{same}={(ms or 1) / 1000}"))
    return ms


def _too_fine(name: str, value: object, near: str) -> str:
    return f"{name} is {value!r}, expected whole milliseconds\n  write {near}"


def plain(number: float) -> str:
    """Return a number as people write it: 30 and not 30.0."""
    return str(int(number)) if number == int(number) else repr(number)
