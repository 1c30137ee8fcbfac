"""Reading the time zone database: TZif files (RFC 9636) and their rule for the far future.

`zoneinfo` finds and reads the same files but keeps the instants of change to itself, and
asking it for offsets until one differs costs milliseconds for each zone. So the files are
read here, from the places where `zoneinfo` looks, in its order: `zoneinfo.TZPATH`, then
the `tzdata` package.
"""

from __future__ import annotations

import re
import struct
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from beatkit.errors import ScheduleError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_EPOCH = date(1970, 1, 1).toordinal()
_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", re.ASCII)
_HEADER = struct.Struct(">4sc15x6l")
_ABBREVIATION = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)"
_CLOCK = r"[+-]?\d{1,3}(?::\d{2}){0,2}"
_FOOTER = re.compile(
    rf"{_ABBREVIATION}(?P<standard>{_CLOCK})"
    rf"(?:{_ABBREVIATION}(?P<summer>{_CLOCK})?,(?P<begin>[^,]+),(?P<end>[^,]+))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Seasons:
    """The rule after the last listed change: two changes a year, for ever.

    Attributes:
        standard: Offset from UTC outside summer time, in seconds.
        summer: Offset during summer time, in seconds.
        begin: Gives the second (of the wall clock in `standard`, since the epoch) at
            which summer time begins in a year.
        end: The same for its end, on the wall clock in `summer`.
    """

    standard: int
    summer: int
    begin: Callable[[int], int]
    end: Callable[[int], int]

    def changes(self, year: int) -> list[tuple[int, int]]:
        """Return the year's two changes in order: (second in UTC, offset from then on)."""
        return sorted(
            [
                (self.begin(year) - self.standard, self.summer),
                (self.end(year) - self.summer, self.standard),
            ]
        )


@dataclass(frozen=True, slots=True)
class ZoneData:
    """What a zone's file says.

    Attributes:
        first: Offset before the first change, in seconds east of Greenwich.
        changes: (second in UTC, offset from then on), in order. Some change nothing but
            the abbreviation.
        seasons: The rule after the last of them; None where the offset stays.
    """

    first: int
    changes: tuple[tuple[int, int], ...]
    seasons: Seasons | None


def read_zone(name: str) -> ZoneData:
    """Read a zone's file.

    Args:
        name: IANA name, such as `Europe/Berlin`.

    Raises:
        ScheduleError: There is no such zone.
    """
    data = _find(name)
    if data is None:
        raise ScheduleError(_no_such_zone(name))
    return _parse(data)


def tzdata_version() -> str:
    """Return the version of the zone data in use, as IANA writes it: `2026f`.

    Two hosts that differ may compute different slots, so beats publish it. `zoneinfo`
    prefers the system's files over the `tzdata` package, and so do we. Where the system
    does not say its version, `unknown`.
    """
    for folder in zoneinfo.TZPATH:
        if Path(folder, "Europe", "Berlin").is_file():
            return _version_in(Path(folder))
    try:
        return str(import_module("tzdata").IANA_VERSION)
    except ImportError:
        return "unknown"


def _version_in(folder: Path) -> str:
    try:
        with (folder / "tzdata.zi").open(encoding="ascii") as lines:
            return lines.readline().removeprefix("# version").strip()
    except OSError:
        pass
    try:
        return (folder / "+VERSION").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


def _find(name: str) -> bytes | None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    for folder in zoneinfo.TZPATH:
        data = _tzif(Path(folder, name))
        if data is not None:
            return data
    from importlib import resources  # 6 ms, and only hosts without zone files need it

    try:
        return _tzif(resources.files("tzdata").joinpath("zoneinfo", *name.split("/")))
    except ModuleNotFoundError:
        return None


def _tzif(file: Path | Traversable) -> bytes | None:
    try:
        data = file.read_bytes()
    except OSError:  # also a folder, such as `Europe`
        return None
    return data if data.startswith(b"TZif") else None


def _no_such_zone(name: str) -> str:
    from difflib import get_close_matches

    known = {zone.lower(): zone for zone in zoneinfo.available_timezones()}
    if not known:
        return f"timezone is {name!r}, and this host has no zone data at all\n  pip install tzdata"
    # An abbreviation is near to another one, of the other side of the world.
    short = str(name).isupper() and "/" not in str(name)
    near = [] if short else get_close_matches(str(name).lower(), known, n=1, cutoff=0.6)
    advice = f"write {known[near[0]]!r}" if near else "write a name such as 'Europe/Berlin'"
    return (
        f"timezone is {name!r}, expected the name of a zone in the IANA time zone database\n"
        f"  {advice}"
    )


def _parse(data: bytes) -> ZoneData:
    """Read a TZif file: the 64-bit block, or all of a version 1 file, which has only 32."""
    version, counts = _counts(data, 0)
    start, width, footer = _HEADER.size, 4, b""
    if version >= b"2":
        start += _length(counts, 4)
        _, counts = _counts(data, start)
        start, width = start + _HEADER.size, 8
        footer = data[start + _length(counts, 8) :].strip(b"\n")
    changes, types = counts[3], counts[4]
    times = struct.unpack_from(f">{changes}{'q' if width == 8 else 'l'}", data, start)
    start += changes * width
    kinds = data[start : start + changes]
    start += changes
    offsets = [struct.unpack_from(">l", data, start + 6 * kind)[0] for kind in range(types)]
    return ZoneData(
        first=offsets[0],
        changes=tuple((time, offsets[kind]) for time, kind in zip(times, kinds, strict=True)),
        seasons=_seasons(footer.decode("ascii")),
    )


def _counts(data: bytes, start: int) -> tuple[bytes, tuple[int, ...]]:
    """Return the version and six counts: isut, isstd, leap, time, type, char."""
    _, version, *counts = _HEADER.unpack_from(data, start)
    return version, tuple(counts)


def _length(counts: tuple[int, ...], width: int) -> int:
    isut, isstd, leap, time, kind, char = counts
    return time * (width + 1) + kind * 6 + char + leap * (width + 4) + isstd + isut


def _seasons(footer: str) -> Seasons | None:
    """Read a POSIX TZ string such as `CET-1CEST,M3.5.0,M10.5.0/3`."""
    found = _FOOTER.fullmatch(footer)
    if found is None or found["begin"] is None:
        return None
    # POSIX counts hours west of Greenwich.
    standard = -_seconds(found["standard"])
    summer = -_seconds(found["summer"]) if found["summer"] else standard + 3600
    return Seasons(standard, summer, _yearly(found["begin"]), _yearly(found["end"]))


def _seconds(clock: str) -> int:
    parts = [int(part) for part in clock.lstrip("+-").split(":")] + [0, 0]
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    return -seconds if clock.startswith("-") else seconds


def _yearly(rule: str) -> Callable[[int], int]:
    """Read `M3.5.0/2`, `J60` or `59`; return year -> second of the wall clock."""
    day, _, clock = rule.partition("/")
    seconds = _seconds(clock or "2")
    if day.startswith("M"):
        month, week, weekday = (int(part) for part in day[1:].split("."))
        return lambda year: _nth_weekday(year, month, week, weekday) * 86400 + seconds
    if day.startswith("J"):  # 1 to 365, 29 February never counted
        number = int(day[1:])
        return lambda year: _new_year(year) * 86400 + _julian(year, number) * 86400 + seconds
    return lambda year: (_new_year(year) + int(day)) * 86400 + seconds


def _new_year(year: int) -> int:
    return date(year, 1, 1).toordinal() - _EPOCH


def _julian(year: int, number: int) -> int:
    leap = date(year, 3, 1).toordinal() - date(year, 2, 28).toordinal() == 2
    return number - 1 + (leap and number > 59)


def _nth_weekday(year: int, month: int, week: int, weekday: int) -> int:
    """Return the day (since the epoch) of the week-th weekday; week 5 is the last."""
    first = date(year, month, 1).toordinal() - _EPOCH
    day = first + (weekday - (first + 4)) % 7 + 7 * (week - 1)
    return day if date.fromordinal(day + _EPOCH).month == month else day - 7
