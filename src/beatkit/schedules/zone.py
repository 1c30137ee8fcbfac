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

Zones are cached by name and shared between threads. What is known of a zone is replaced as a
whole, never changed: two threads that unfold the same years at once both end right.
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


class _Known:
    """The spans read so far, up to a year; replaced as a whole, never changed."""

    __slots__ = ("spans", "starts", "year")

    def __init__(self, spans: list[Span], year: int) -> None:
        self.spans = spans
        self.starts = [span[0] for span in spans]
        self.year = year


class Zone:
    """A time zone: spans, in order, found by instant.

    Attributes:
        name: The IANA name.
        recent: The span asked for last. Rules look here before they search.
    """

    __slots__ = ("_known", "_seasons", "name", "recent")

    def __init__(
        self,
        name: str,
        first: int = 0,
        changes: tuple[tuple[int, int], ...] = (),
        seasons: Seasons | None = None,
    ) -> None:
        self.name = name
        self._seasons = seasons
        spans = _spans(first, changes)
        self._known = _Known(spans, _year_of(changes[-1][0]) if changes else 1970)
        # Not the last one: its end is open until the years after it are unfolded.
        self.recent: Span = spans[0]

    def find(self, second: int) -> Span:
        """Return the span that contains a UTC second, and remember it as `recent`."""
        known = self._known
        if self._seasons is not None:
            while second >= known.starts[-1] and known.year < _LAST_YEAR:
                known = self._unfolded(known, self._seasons, max(_year_of(second), known.year + 8))
            self._known = known
        self.recent = found = known.spans[bisect_right(known.starts, second) - 1]
        return found

    def _unfolded(self, known: _Known, seasons: Seasons, until: int) -> _Known:
        """Add the yearly changes up to a year, so that what was the last span has an end."""
        until = min(until, _LAST_YEAR)
        changes = [(start, offset) for start, _, offset, _ in known.spans[1:]]
        for year in range(known.year, until + 1):
            changes += [change for change in seasons.changes(year) if change[0] > known.starts[-1]]
        return _Known(_spans(known.spans[0][2], tuple(changes)), until)

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
