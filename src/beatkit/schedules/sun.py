"""The rule behind solar(): sunrise and its kin at a place, through `ephem`.

Celery searches from wherever the last run left off, and an iterative search that starts
elsewhere ends a little elsewhere: the same sunrise comes out some milliseconds apart. A slot
must be one instant, so the search always starts from the same places: for each solar day,
the mean midnight of the meridian. What it finds is Celery's instant to well below a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from beatkit.errors import ScheduleError

EVENTS = {
    "dawn_astronomical": ("next_rising", "-18", True),
    "dawn_nautical": ("next_rising", "-12", True),
    "dawn_civil": ("next_rising", "-6", True),
    "sunrise": ("next_rising", "-0:34", False),
    "solar_noon": ("next_transit", "0", False),
    "sunset": ("next_setting", "-0:34", False),
    "dusk_civil": ("next_setting", "-6", True),
    "dusk_nautical": ("next_setting", "-12", True),
    "dusk_astronomical": ("next_setting", "-18", True),
}
"""For each event, as Celery defines it: ephem's search, the height of the horizon in degrees,
and whether the sun's centre counts (else its upper edge)."""

_DAY_MS = 86_400_000
_EPHEM_EPOCH_MS = -2_209_032_000_000  # ephem counts days from 1899-12-31 12:00 UTC
_SEARCH_DAYS = 366  # at the poles an event may come once a year


@dataclass(frozen=True, slots=True)
class SolarRule:
    """The instants of a solar event at a place.

    Attributes:
        event: A key of `EVENTS`.
        lat: Degrees north, -90 to 90.
        lon: Degrees east, -180 to 180.
    """

    event: str
    lat: float
    lon: float

    def next(self, after_ms: int, /) -> int | None:
        """Return the first slot strictly later; None if there is none within a year."""
        day = self._day(after_ms)
        for later in range(day, day + _SEARCH_DAYS + 1):
            for slot in _events(self.event, self.lat, self.lon, later):
                if slot > after_ms:
                    return slot
        return None

    def previous(self, before_ms: int, /) -> int | None:
        """Return the last slot strictly earlier; None if there is none within a year."""
        day = self._day(before_ms)
        for earlier in range(day, day - _SEARCH_DAYS - 1, -1):
            for slot in reversed(_events(self.event, self.lat, self.lon, earlier)):
                if slot < before_ms:
                    return slot
        return None

    def _day(self, ms: int) -> int:
        return (ms - _midnight(self.lon)) // _DAY_MS

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`."""
        return {"kind": "solar", "event": self.event, "lat": self.lat, "lon": self.lon}


def _midnight(lon: float) -> int:
    """Return the mean local midnight of day 0, in UTC milliseconds."""
    return -round(lon * _DAY_MS / 360)


@lru_cache(maxsize=4096)
def _events(event: str, lat: float, lon: float, day: int) -> tuple[int, ...]:
    """Return the events of a solar day: one, or none, or near the poles sometimes two."""
    ephem = load_ephem()
    observer = _observer(ephem, event, lat, lon)
    search, _, centre = EVENTS[event]
    options = {"use_center": True} if centre else {}
    sun, found = ephem.Sun(), []
    start = _midnight(lon) + day * _DAY_MS
    end = start + _DAY_MS
    while start < end:
        when = ephem.Date((start - _EPHEM_EPOCH_MS) / _DAY_MS)
        try:
            slot = _to_ms(getattr(observer, search)(sun, start=when, **options))
        except ephem.CircumpolarError:
            slot = _to_ms(observer.next_antitransit(sun, start=when))
            start = max(slot, start + 3_600_000)
            continue
        if start <= slot < end:
            found.append(slot)
        start = max(slot, start) + 3_600_000
    return tuple(found)


def _observer(ephem: Any, event: str, lat: float, lon: float) -> Any:
    observer = ephem.Observer()
    observer.lat, observer.lon = str(lat), str(lon)
    observer.elev = observer.pressure = 0
    observer.horizon = EVENTS[event][1]
    return observer


def _to_ms(when: float) -> int:
    return round(float(when) * _DAY_MS) + _EPHEM_EPOCH_MS


def load_ephem() -> Any:
    """Return the module `ephem`.

    Raises:
        ScheduleError: It is not installed.
    """
    try:
        return import_module("ephem")
    except ImportError:
        raise ScheduleError(
            "solar() needs the package ephem, which is not installed\n"
            "  pip install 'beatkit[solar]'"
        ) from None
