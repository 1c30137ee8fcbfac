"""Where the clocks change, and what that does to an instant's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from beatkit.cli.when import aware
from beatkit.schedules.zone import zone as spans_of

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of the clocks.

    Attributes:
        at: When, in Unix milliseconds.
        before: The wall clock that the change interrupts.
        after: The wall clock that it goes on with.
    """

    at: int
    before: datetime
    after: datetime

    @property
    def moved(self) -> int:
        """Milliseconds by which clocks go forward; negative: back."""
        wall = self.after.replace(tzinfo=None) - self.before.replace(tzinfo=None)
        return round(wall.total_seconds() * 1000)

    def __str__(self) -> str:
        if self.moved > 0:
            return f"{self.before:%H:%M} to {self.after:%H:%M} is skipped"
        return f"{self.after:%H:%M} to {self.before:%H:%M} comes twice"


def shifts(zone: tzinfo, start: int, stop: int) -> list[Shift]:
    """Return the changes of a zone's clocks between two instants, in Unix milliseconds."""
    spans = spans_of(str(zone))
    found = []
    at = spans.find(start // 1000)[1] * 1000
    while at < stop:
        found.append(Shift(at, aware(at - 1000, zone) + SECOND, aware(at, zone)))
        at = spans.find(at // 1000)[1] * 1000
    return found


def remark(at: datetime) -> str:
    """Say what is special about a wall time: it comes twice, or the clocks jump to it."""
    first, second = at.replace(fold=0).utcoffset(), at.replace(fold=1).utcoffset()
    if first != second:
        return "second of two" if at.fold else "first of two"
    before = (at.astimezone(UTC) - SECOND).astimezone(at.tzinfo)
    if _offset(before) < _offset(at):
        return f"the clocks skip {before + SECOND:%H:%M} to {at:%H:%M}"
    return ""


def _offset(at: datetime) -> timedelta:
    return at.utcoffset() or timedelta(0)
