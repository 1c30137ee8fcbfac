"""Durations as users write them: numbers of seconds, or timedeltas."""

from __future__ import annotations

from datetime import timedelta

from beatkit.errors import ScheduleError

Duration = float | timedelta


def duration_ms(value: Duration, name: str) -> int:
    """Return a duration in whole milliseconds.

    Args:
        value: Seconds, or a timedelta.
        name: What it is, for the error.

    Raises:
        ScheduleError: No number, not finite, or no whole number of milliseconds.
    """
    if isinstance(value, timedelta):
        ms, rest = divmod(value, timedelta(milliseconds=1))
        if rest:
            raise ScheduleError(_too_fine(name, value, f"timedelta(milliseconds={ms})"))
        return ms
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScheduleError(
            f"{name} is {value!r}, expected a number of seconds or a timedelta\n"
            f"  write for example {name}=30"
        )
    if not abs(value) < 1e12:  # also infinite, and not a number
        raise ScheduleError(
            f"{name} is {value!r}, expected a finite number of seconds\n"
            f"  write for example {name}=30"
        )
    ms = round(value * 1000)
    if abs(ms - value * 1000) > 1e-6 * max(1, abs(value)):
        raise ScheduleError(_too_fine(name, value, f"{ms / 1000}"))
    return ms


def _too_fine(name: str, value: object, near: str) -> str:
    return f"{name} is {value!r}, expected whole milliseconds\n  write {name}={near}"


def plain(number: float) -> str:
    """Return a number as people write it: 30 and not 30.0."""
    return str(int(number)) if number == int(number) else repr(number)
