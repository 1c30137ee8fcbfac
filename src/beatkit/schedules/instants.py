"""at(): slots at given instants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celery import schedules

from beatkit.errors import ScheduleError
from beatkit.schedules.rules import InstantsRule
from beatkit.schedules.timetable import Timetable, to_datetime, to_ms


class at(Timetable, schedules.BaseSchedule):  # noqa: N801
    """Slots at given instants, each once.

    Args:
        instants: Aware datetimes, or texts in RFC 3339 with an offset, such as
            '2026-12-31T23:59:00+01:00'. Kept in whole milliseconds, rounded down.

    Raises:
        ScheduleError: None given, or one without a time zone.

    Example:
        >>> from datetime import UTC, datetime
        >>> at("2026-12-31T23:59:00+01:00").next(datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
        '2026-12-31T22:59:00+00:00'
    """

    def __init__(self, *instants: datetime | str) -> None:
        if not instants:
            raise ScheduleError(
                "at() has no instant\n  write for example at('2026-12-31T23:59:00+01:00')"
            )
        self._rule = InstantsRule(tuple(sorted({to_ms(_instant(one), "at") for one in instants})))
        super().__init__()

    @property
    def rule(self) -> InstantsRule:
        """The instants."""
        return self._rule

    def bound(self, timezone: str, name: str) -> at:
        """Return itself: nothing is ever missing."""
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`."""
        return self._rule.to_json()

    def _definition(self) -> tuple[object, ...]:
        return self._rule.instants_ms

    def __repr__(self) -> str:
        texts = (repr(to_datetime(ms).isoformat()) for ms in self._rule.instants_ms)
        return f"at({', '.join(texts)})"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> at:
        """Read what `to_json` wrote."""
        return cls(*map(to_datetime, data["instants_ms"]))


def _instant(value: datetime | str) -> datetime:
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ScheduleError(
            f"at is {value!r}, expected a datetime with a time zone\n"
            "  write for example at('2026-12-31T23:59:00+01:00')"
        ) from None
