"""Zones as spans of constant offset from UTC.

A zone's wall clock is UTC plus an offset that changes at a few known instants. Between two
changes all arithmetic is addition, so a rule never converts a date: it asks for the span
around an instant, searches on the wall clock inside it, and crosses into the next span
where it must.

What is authoritative is the zone's file (`tzfile.py`), the same that `zoneinfo` reads; a
test compares the two over all zones. A span is read when an instant in it is first asked
for: opening a zone lists the changes of its file, and the yearly rule of the far future
is unfolded year by year, on demand.

A fold (clocks go back) repeats wall times, a gap (forward) skips them. `seen` carries
what the daylight-saving rule needs: the wall time that an earlier span had reached.

Zones are cached by name and shared between threads. Two threads may unfold the same years
at once: each builds its own list and the last assignment wins with an equal or longer one.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC as UTC_CLOCK
from datetime import date, tzinfo
from functools import cache

from beatkit.errors import ScheduleError
from beatkit.schedules.tzfile import Seasons, read_zone
from beatkit.schedules.tzfile import tzdata_version as tzdata_version

Span = tuple[int, int, int, int]
"""(start, end, offset, seen) in seconds: the first UTC second inside, the first after it,
what to add to UTC for the wall clock, and the wall time (since the epoch) below which an
earlier span has already shown every wall time or skipped it. A plain tuple, because the
fastest rules unpack one in each call."""

FOREVER = 1 << 48
"""Seconds: later than any date that Python can show, in either direction."""

_LAST_YEAR = 9998  # the last for which `date` can reckon both changes and the day after


class Zone:
    """A time zone: spans, in order, found by instant.

    Attributes:
        name: The IANA name.
        recent: The span asked for last. Rules look here before they search.
    """

    __slots__ = ("_seasons", "_spans", "_starts", "_year", "name", "recent")

    def __init__(
        self,
        name: str,
        first: int = 0,
        changes: tuple[tuple[int, int], ...] = (),
        seasons: Seasons | None = None,
    ) -> None:
        self.name = name
        self._seasons = seasons
        self._spans = _spans(first, changes)
        self._starts = [span[0] for span in self._spans]
        self._year = _year_of(self._starts[-1]) if changes else 1970
        # Not the last one: its end is open until the years after it are unfolded.
        self.recent: Span = self._spans[0]
        if seasons is not None:
            self._unfold(self._year + 1)

    def find(self, second: int) -> Span:
        """Return the span that contains a UTC second, and remember it as `recent`."""
        if self._seasons is not None:
            while second >= self._starts[-1] and self._year < _LAST_YEAR:
                self._unfold(self._year + max(8, _year_of(second) - self._year))
        self.recent = found = self._spans[bisect_right(self._starts, second) - 1]
        return found

    def _unfold(self, until: int) -> None:
        """Add the yearly changes up to a year, so that the last span is a whole season."""
        assert self._seasons is not None
        until = min(until, _LAST_YEAR)
        last = self._starts[-1]
        changes = [(start, offset) for start, _, offset, _ in self._spans[1:]]
        for year in range(self._year, until + 1):
            changes += [change for change in self._seasons.changes(year) if change[0] > last]
        spans = _spans(self._spans[0][2], tuple(changes))
        self._spans, self._starts, self._year = spans, [span[0] for span in spans], until

    def __repr__(self) -> str:
        return f"zone({self.name!r})"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return zone, (self.name,)


@cache
def zone(name: str) -> Zone:
    """Return the zone of an IANA name; the same object each time.

    Raises:
        ScheduleError: There is no such zone; the text offers the nearest name.
    """
    if name == "UTC":
        return UTC
    data = read_zone(name)
    return Zone(name, data.first, data.changes, data.seasons)


def zone_name(value: tzinfo) -> str:
    """Return the IANA name of a time zone object, such as a Celery app's `timezone`.

    Raises:
        ScheduleError: It has none: a fixed offset, or a class of its own.
    """
    if value is UTC_CLOCK:
        return "UTC"
    name = getattr(value, "key", None) or getattr(value, "zone", None)  # zoneinfo's, pytz's
    if not isinstance(name, str):
        raise ScheduleError(
            f"the time zone {value!r} has no name, expected a zone of the IANA database\n"
            "  write for example timezone='Europe/Berlin' in the settings"
        )
    return name


def _spans(first: int, changes: tuple[tuple[int, int], ...]) -> list[Span]:
    """Build the spans; changes of the abbreviation alone start none."""
    starts, offsets = [-FOREVER], [first]
    for second, offset in changes:
        if offset != offsets[-1]:
            starts.append(second)
            offsets.append(offset)
    spans, seen = [], -FOREVER
    for number, (start, offset) in enumerate(zip(starts, offsets, strict=True)):
        end = starts[number + 1] if number + 1 < len(starts) else FOREVER
        spans.append((start, end, offset, seen))
        seen = max(seen, end + offset)
    return spans


def _year_of(second: int) -> int:
    day = second // 86400 + date(1970, 1, 1).toordinal()
    return date.fromordinal(min(max(day, 1), date.max.toordinal())).year


UTC = Zone("UTC")
