"""solar(): slots at sunrise, sunset and their kin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import schedules

from beatkit.errors import ScheduleError
from beatkit.schedules.sun import EVENTS, SolarRule, load_ephem
from beatkit.schedules.timetable import Timetable


class solar(Timetable, schedules.solar):  # noqa: N801
    """Slots at a solar event at a place; the instants of Celery's `solar` with the same arguments.

    Needs the extra `beatkit[solar]` (the package `ephem`). On a day without the event, as in
    polar summer, there is no slot.

    Args:
        event: dawn_astronomical, dawn_nautical, dawn_civil, sunrise, solar_noon, sunset,
            dusk_civil, dusk_nautical or dusk_astronomical.
        lat: Degrees north, -90 to 90.
        lon: Degrees east, -180 to 180.

    Raises:
        ScheduleError: An unknown event, a place off the globe, or `ephem` is missing.
    """

    def __init__(self, event: str, lat: float, lon: float) -> None:
        if event not in EVENTS:
            raise ScheduleError(
                f"solar event is {event!r}, expected one of {', '.join(EVENTS)}\n"
                "  write for example solar('sunrise', lat=52.5, lon=13.4)"
            )
        _within("lat", lat, 90)
        _within("lon", lon, 180)
        load_ephem()
        super().__init__(event, lat, lon)
        self._rule = SolarRule(event, lat, lon)

    @property
    def rule(self) -> SolarRule:
        """The event at the place."""
        return self._rule

    def bound(self, timezone: str, name: str) -> solar:
        """Return itself: nothing is ever missing."""
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`."""
        return self._rule.to_json()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> solar:
        """Read what `to_json` wrote."""
        return cls(data["event"], data["lat"], data["lon"])

    def _definition(self) -> tuple[object, ...]:
        return self.event, self.lat, self.lon

    def __repr__(self) -> str:
        return f"solar({self.event!r}, lat={self.lat!r}, lon={self.lon!r})"


def _within(name: str, value: float, limit: int) -> None:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not -limit <= value <= limit
    ):
        raise ScheduleError(
            f"{name} is {value!r}, expected degrees from -{limit} to {limit}\n"
            "  write for example solar('sunrise', lat=52.5, lon=13.4)"
        )
