"""The slow, obvious way to find a cron expression's instants: look at each real second or minute.

It shares nothing with the engine: the wall clock comes from `zoneinfo`, the days from the
`calendar` module, and the values from whoever made the expression, not from its text.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    """One field: its text, and what it is to match."""

    text: str
    matches: Callable[[datetime], bool]

    @property
    def starred(self) -> bool:
        return self.text.startswith("*")

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Job:
    """An expression with its options, and the zone it means."""

    second: Part | None
    minute: Part
    hour: Part
    day: Part
    month: Part
    weekday: Part
    zone: str
    gap: str = "run"
    fold: str = "first"

    @property
    def text(self) -> str:
        parts = (self.second, self.minute, self.hour, self.day, self.month, self.weekday)
        return " ".join(part.text for part in parts if part is not None)

    @property
    def fixed(self) -> bool:
        return not (self.minute.starred or self.hour.starred)

    @property
    def step(self) -> timedelta:
        return timedelta(minutes=1) if self.second is None else timedelta(seconds=1)

    def matches(self, wall: datetime) -> bool:
        parts = (self.minute, self.hour, self.month)
        if not all(part.matches(wall) for part in parts):
            return False
        if self.second is not None and not self.second.matches(wall):
            return False
        either = not (self.day.starred or self.weekday.starred)
        both = (self.day.matches(wall), self.weekday.matches(wall))
        return any(both) if either else all(both)


def scan(job: Job, start: datetime, end: datetime) -> list[int]:
    """Return the slots from `start` on, before `end`, in milliseconds; both whole steps."""
    zone, found = ZoneInfo(job.zone), []
    moment = start.astimezone(UTC)
    before = (moment - job.step).astimezone(zone)
    while moment < end:
        wall = moment.astimezone(zone)
        if _runs(job, before, wall):
            found.append((moment - EPOCH) // timedelta(milliseconds=1))
        moment, before = moment + job.step, wall
    return found


def _runs(job: Job, before: datetime, wall: datetime) -> bool:
    naive = wall.replace(tzinfo=None, fold=0)
    if job.fixed:
        if job.gap == "run" and _skipped_match(job, before.replace(tzinfo=None, fold=0), naive):
            return True
        if job.fold == "first" and wall.fold:
            return False
    return job.matches(naive)


def _skipped_match(job: Job, before: datetime, wall: datetime) -> bool:
    skipped = before + job.step
    while skipped < wall:
        if job.matches(skipped):
            return True
        skipped += job.step
    return False


def last_day(wall: datetime) -> int:
    return calendar.monthrange(wall.year, wall.month)[1]


def is_weekday(wall: datetime) -> bool:
    return wall.weekday() < 5


def nearest_weekday(wall: datetime, day: int) -> bool:
    """Whether the date is the Monday to Friday nearest to a day of its month."""
    if day > last_day(wall) or not is_weekday(wall):
        return False
    target = wall.replace(day=day)
    candidates = [
        other
        for distance in range(3)
        for other in (target - timedelta(days=distance), target + timedelta(days=distance))
        if other.month == wall.month and is_weekday(other)
    ]
    return candidates[0].day == wall.day
