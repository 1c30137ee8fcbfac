"""The rule behind one cron expression.

Time is whole seconds. Inside a span of constant offset (see `zone.py`) the wall clock is the
UTC second plus the offset, and the search runs on the wall clock alone: tables that lead
from each minute and hour to the next that matches, and days by the shape of their month.

At the end of a span the daylight-saving rule decides (Debian cron's; the worked examples
are in docs/explanation/time.md). A job is *wildcard* when its minute or hour field starts
with `*`, else *fixed-time*.

    wildcard    matches at every real minute: nothing for skipped wall times, both passes
                of repeated ones
    fixed-time  skipped matches run once, together, at the instant of the jump, with
                gap="run"; not at all with gap="skip". A repeated wall time runs at its
                first pass with fold="first", at both with fold="both".

Each answer takes bounded work: at most 400 years of months, and the spans between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from beatkit.schedules.calendar import DayMode, Days
from beatkit.schedules.dialect import parse
from beatkit.schedules.zone import FOREVER, Zone, zone

Gap = Literal["run", "skip"]
Fold = Literal["first", "both"]

_DAY = 86400
_NEVER = 4 * FOREVER  # later, or with a minus earlier, than the end of any span


class Dial:
    """The values of one field of the clock, and the way from each value to the next.

    Attributes:
        first: Smallest value.
        last: Greatest value.
        has: At index v, whether v matches.
        after: At index v, the smallest value greater than v, else -1.
        before: At index v, the greatest value smaller than v, else -1.
    """

    __slots__ = ("after", "before", "first", "has", "last")

    def __init__(self, values: tuple[int, ...], size: int) -> None:
        self.first, self.last = values[0], values[-1]
        self.has = tuple(value in values for value in range(size))
        after, before = [-1] * size, [-1] * size
        for lower, upper in zip((-1, *values), (*values, size), strict=True):
            after[max(lower, 0) : upper] = [upper if upper < size else -1] * (upper - max(lower, 0))
            before[lower + 1 : upper + 1] = [lower] * len(before[lower + 1 : upper + 1])
        self.after, self.before = tuple(after), tuple(before)


@lru_cache(maxsize=4096)
def dial(values: tuple[int, ...], size: int) -> Dial:
    """Return the dial of some values; equal ones share one object."""
    return Dial(values, size)


@lru_cache(maxsize=4096)
def strides(minutes: tuple[int, ...]) -> tuple[int, ...]:
    """Return, at index v, the seconds from minute v to the next of the hour; 0 for none."""
    after = dial(minutes, 60).after
    return tuple(max(after[minute] - minute, 0) * 60 for minute in range(60))


NO_STRIDES = (0,) * 60


@dataclass(frozen=True, slots=True)
class CronRule:
    """The instants of one cron expression in one zone.

    Attributes:
        text: The expression.
        timezone: IANA name of the zone whose wall clock it means.
        gap: What becomes of matches at wall times that a clock change skips.
        fold: Which pass counts where a clock change repeats wall times.
        mode: "or": of two restricted day fields either is enough; "and": both.
        seed: The hash of the entry's name, for `H`.

    Raises:
        ScheduleError: The text is outside the dialect, never fires, or the zone is unknown.
    """

    text: str
    timezone: str = "UTC"
    gap: Gap = "run"
    fold: Fold = "first"
    mode: DayMode = "or"
    seed: int | None = None
    _zone: Zone = field(init=False, repr=False, compare=False)
    _days: Days | None = field(init=False, repr=False, compare=False)
    _second: Dial = field(init=False, repr=False, compare=False)
    _minute: Dial = field(init=False, repr=False, compare=False)
    _hour: Dial = field(init=False, repr=False, compare=False)
    _strides: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _catches: bool = field(init=False, repr=False, compare=False)
    _repeats: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        meaning = parse(self.text, self.seed, self.mode)
        put = object.__setattr__
        put(self, "_zone", zone(self.timezone))
        put(self, "_days", meaning.days)
        put(self, "_second", dial(meaning.second.values, 60))
        put(self, "_minute", dial(meaning.minute.values, 60))
        put(self, "_hour", dial(meaning.hour.values, 24))
        striding = meaning.days is None and meaning.second.values == (0,)
        put(self, "_strides", strides(meaning.minute.values) if striding else NO_STRIDES)
        put(self, "_catches", not meaning.wildcard and self.gap == "run")
        put(self, "_repeats", meaning.wildcard or self.fold == "both")

    def in_zone(self, timezone: str) -> CronRule:
        """Return the same rule on another zone's wall clock, without reading the text again."""
        twin = object.__new__(CronRule)
        for name in CronRule.__slots__:
            object.__setattr__(twin, name, getattr(self, name))
        object.__setattr__(twin, "timezone", timezone)
        object.__setattr__(twin, "_zone", zone(timezone))
        return twin

    def next(self, after_ms: int, /) -> int | None:
        """Return the first slot strictly later, in UTC milliseconds since the epoch.

        Returns:
            None when there is none within 400 years or before the year 10000.
        """
        second = after_ms // 1000
        start, end, offset, seen = self._zone.recent
        if not start <= second < end:
            # The span of `after` itself, not of the second after it: the end of a span is
            # crossed below, where the rule of the gap applies.
            start, end, offset, seen = self._zone.find(second)
        wall = second + offset
        if wall < seen and not self._repeats:
            wall = seen - 1
        # Most slots lie in the hour of `after`: no call is the fastest way to them.
        stride = self._strides[wall // 60 % 60]
        if stride and self._hour.has[wall // 3600 % 24]:
            wall += stride - wall % 60
        else:
            wall = self._wall_after(wall)
        if wall - offset < end:
            return (wall - offset) * 1000
        return self._beyond(wall, end, offset)

    def _beyond(self, wall: int, end: int, offset: int) -> int | None:
        """Cross spans until one holds a match; `wall` is the first after the old span's end."""
        while wall - offset >= end:
            if end >= FOREVER:
                return None
            start, end, following, seen = self._zone.find(end)
            opens = start + following
            if following > offset:
                if wall < opens and self._catches:
                    return start * 1000
                if wall < opens:
                    wall = self._wall_after(opens - 1)
            elif self._repeats:
                wall = self._wall_after(opens - 1)
            if wall < seen and not self._repeats:
                wall = self._wall_after(seen - 1)
            offset = following
        return (wall - offset) * 1000

    def previous(self, before_ms: int, /) -> int | None:
        """Return the last slot strictly earlier, in UTC milliseconds since the epoch.

        Returns:
            None when there is none within 400 years or after the year 0.
        """
        second = -(-before_ms // 1000)
        start, _, offset, seen = self._zone.find(second - 1)
        limit = second + offset
        while True:
            wall = self._wall_before(limit)
            opens = start + offset
            if wall >= (opens if self._repeats else max(opens, seen)):
                return (wall - offset) * 1000
            if start <= -FOREVER:
                return None
            before = self._zone.find(start - 1)
            closes = start + before[2]
            skipped = closes < opens and wall >= (closes if self._repeats else max(closes, seen))
            if skipped and self._catches:
                return start * 1000
            limit = closes
            start, _, offset, seen = before

    def _wall_after(self, wall: int) -> int:
        """Return the first matching wall second later than one."""
        rest, days = wall % _DAY, self._days
        hour = rest // 3600
        found = -1
        if self._hour.has[hour]:
            minute = rest // 60 % 60
            second = self._second.after[rest % 60] if self._minute.has[minute] else -1
            if second >= 0:
                found = rest - rest % 60 + second
            else:
                minute = self._minute.after[minute]
                if minute >= 0:
                    found = hour * 3600 + minute * 60 + self._second.first
        if found < 0:
            hour = self._hour.after[hour]
            if hour >= 0:
                found = hour * 3600 + self._minute.first * 60 + self._second.first
        if found >= 0 and (days is None or days.has(wall // _DAY)):
            return wall - rest + found
        day = wall // _DAY + 1 if days is None else days.after(wall // _DAY)
        if day is None:
            return _NEVER
        first = self._hour.first * 3600 + self._minute.first * 60 + self._second.first
        return day * _DAY + first

    def _wall_before(self, wall: int) -> int:
        """Return the last matching wall second earlier than one."""
        wall -= 1  # from here on: not later than
        rest, days = wall % _DAY, self._days
        hour = rest // 3600
        found = -1
        if self._hour.has[hour]:
            minute, second = rest // 60 % 60, rest % 60
            if not self._second.has[second]:
                second = self._second.before[second]
            if self._minute.has[minute] and second >= 0:
                found = rest - rest % 60 + second
            else:
                minute = self._minute.before[minute]
                if minute >= 0:
                    found = hour * 3600 + minute * 60 + self._second.last
        if found < 0:
            hour = self._hour.before[hour]
            if hour >= 0:
                found = hour * 3600 + self._minute.last * 60 + self._second.last
        if found >= 0 and (days is None or days.has(wall // _DAY)):
            return wall - rest + found
        day = wall // _DAY - 1 if days is None else days.before(wall // _DAY)
        if day is None:
            return -_NEVER
        last = self._hour.last * 3600 + self._minute.last * 60 + self._second.last
        return day * _DAY + last

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`; `rule_from_json` reads it."""
        data: dict[str, Any] = {"kind": "cron", "text": self.text, "timezone": self.timezone}
        pairs = {"gap": "run", "fold": "first", "mode": "or", "seed": None}
        return data | {
            name: getattr(self, name)
            for name, default in pairs.items()
            if getattr(self, name) != default
        }

    def __reduce__(self) -> tuple[type[CronRule], tuple[object, ...]]:
        return CronRule, (self.text, self.timezone, self.gap, self.fold, self.mode, self.seed)
