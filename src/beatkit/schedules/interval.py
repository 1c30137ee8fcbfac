"""every(): slots at a fixed distance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from celery import schedules

from beatkit.errors import ScheduleError
from beatkit.schedules.describe import describe_interval
from beatkit.schedules.durations import Duration, duration_ms, plain
from beatkit.schedules.rules import IntervalRule
from beatkit.schedules.spread import stable_hash
from beatkit.schedules.timetable import Timetable, unbound

_DAY_MS = 86_400_000
# A thousand years: a datetime can hold the slots on both sides of today.
_LONGEST_MS = 365_250 * _DAY_MS
_UNITS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1000}


class every(Timetable, schedules.schedule):  # noqa: N801
    """Slots at a fixed distance, on a grid that is the same on every machine.

    The grid is anchored to the epoch: `every(seconds=15)` means :00, :15, :30 and :45, no
    matter when a process started. It is elapsed time: `every(days=1)` is each 24 hours at
    00:00 UTC, and its local time moves when the clocks change. For a time of day use `cron`.

    The units are added up.

    Args:
        seconds: Seconds. Here and below a timedelta may stand, and is as long as it says.
        minutes: Minutes of 60 seconds.
        hours: Hours of 60 minutes.
        days: Days of 24 hours.
        weeks: Weeks of 7 days.
        offset: Seconds (or a timedelta) by which the grid is shifted; less than the interval.
            "hash": a stable share of the interval, from the entry's name, so that many
            entries do not come due at once.

    Raises:
        ScheduleError: The interval is not positive or no whole number of milliseconds, or
            the offset is not less.

    Example:
        >>> from datetime import UTC, datetime
        >>> every(minutes=5, offset=30).next(datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
        '2026-01-01T00:00:30+00:00'
    """

    def __init__(
        self,
        *,
        seconds: Duration = 0,
        minutes: Duration = 0,
        hours: Duration = 0,
        days: Duration = 0,
        weeks: Duration = 0,
        offset: Duration | Literal["hash"] = 0,
    ) -> None:
        period = sum(
            duration_ms(value, name, unit_ms)
            for name, value, unit_ms in (
                ("seconds", seconds, 1000),
                ("minutes", minutes, 60_000),
                ("hours", hours, 3_600_000),
                ("days", days, _DAY_MS),
                ("weeks", weeks, 7 * _DAY_MS),
            )
        )
        if not 0 < period <= _LONGEST_MS:
            raise ScheduleError(_out_of_range(period, (seconds, minutes, hours, days, weeks)))
        self._period = period
        self._offset = None if offset == "hash" else _offset_ms(offset, period)
        self._rule = None if self._offset is None else IntervalRule(period, self._offset)
        super().__init__(run_every=timedelta(milliseconds=period))

    @property
    def rule(self) -> IntervalRule:
        """The grid.

        Raises:
            ScheduleError: `offset="hash"`, and the entry's name is not known yet.
        """
        if self._rule is None:
            raise ScheduleError(unbound(repr(self), 'offset="hash"'))
        return self._rule

    @property
    def offset(self) -> float | Literal["hash"]:
        """Seconds by which the grid is shifted; "hash" until the entry's name is known."""
        return "hash" if self._offset is None else self._offset / 1000

    def bound(self, timezone: str, name: str) -> every:
        """Return a copy that knows its offset; itself where nothing is missing."""
        if self._offset is not None:
            return self
        made = object.__new__(every)  # past the checks, which the original has passed
        made.__dict__.update(self.__dict__)
        made._offset = stable_hash(name) % self._period
        made._rule = IntervalRule(self._period, made._offset)
        return made

    def describe(self) -> str:
        """Return the schedule in plain English, such as `every 15 seconds`."""
        if self._offset is None:
            return describe_interval(self._period, 0) + ", shifted by a hash of the entry's name"
        return super().describe()

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`."""
        offset = "hash" if self._offset is None else self._offset
        return {"kind": "every", "period_ms": self._period, "offset_ms": offset}

    def _definition(self) -> tuple[object, ...]:
        return self._period, self._offset

    def __repr__(self) -> str:
        unit = next((name for name, size in _UNITS.items() if self._period % size == 0), "seconds")
        arguments = f"{unit}={plain(self._period / _UNITS[unit])}"
        if self._offset != 0:
            offset = "'hash'" if self._offset is None else plain(self._offset / 1000)
            arguments += f", offset={offset}"
        return f"every({arguments})"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> every:
        """Read what `to_json` wrote."""
        offset = data["offset_ms"]
        return cls(
            seconds=timedelta(milliseconds=data["period_ms"]),
            offset="hash" if offset == "hash" else timedelta(milliseconds=offset),
        )


def _offset_ms(offset: Duration, period: int) -> int:
    if not isinstance(offset, int | float | timedelta):
        raise ScheduleError(
            f"offset is {offset!r}, expected a number of seconds, a timedelta or 'hash'\n"
            "  write for example offset=30, or offset='hash'"
        )
    ms = duration_ms(offset, "offset")
    if not 0 <= ms < period:
        raise ScheduleError(
            f"offset is {offset!r}, expected 0 up to, not including, the interval of"
            f" {plain(period / 1000)} seconds\n"
            f"  write offset={plain(ms % period / 1000)}, which gives the same slots"
        )
    return ms


def _out_of_range(period: int, given: tuple[object, ...]) -> str:
    names = ("seconds", "minutes", "hours", "days", "weeks")
    said = ", ".join(f"{name}={value!r}" for name, value in zip(names, given, strict=True) if value)
    expected = "more than 0" if period <= 0 else f"at most {_LONGEST_MS // _DAY_MS} days"
    return (
        f"every({said or 'seconds=0'}) is an interval of {plain(period / 1000)} seconds,"
        f" expected {expected}\n"
        "  write for example every(seconds=30)"
    )
