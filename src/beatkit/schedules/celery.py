"""The public schedules: Celery's own classes, each holding one pure rule.

They go where Celery's go (`beat_schedule`, `add_periodic_task`) and are right under any
scheduler that asks `is_due`, stock `celery beat` included. beatkit's own beat asks the rule.

What only an app or an entry knows (the zone of a cron without one, the hash of the name for
`H` and `offset="hash"`) is filled in by `bind`, in a copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beatkit.errors import ScheduleError
from beatkit.schedules.crontab import cron
from beatkit.schedules.instants import at
from beatkit.schedules.interval import every
from beatkit.schedules.solar import solar

__all__ = ["at", "bind", "cron", "every", "schedule_from_json", "solar"]


def bind(schedule: Any, *, timezone: str, name: str) -> Any:
    """Return a schedule with what only the app and the entry know filled in.

    Binding again changes nothing, and the schedule given is never touched.

    Args:
        schedule: Any; one that is not beatkit's is returned as it is.
        timezone: IANA name of the app's zone, for a `cron` without one.
        name: The entry's name, whose stable hash `H` and `offset="hash"` use.

    Raises:
        ScheduleError: There is no such zone, or with this hash a `cron` never fires.
    """
    if isinstance(schedule, every | cron | at | solar):
        return schedule.bound(timezone, name)
    return schedule


def schedule_from_json(data: Mapping[str, Any]) -> every | cron | at | solar:
    """Read what a schedule's `to_json` wrote.

    Raises:
        ScheduleError: The kind is unknown (a newer beatkit's), or a value cannot work.
    """
    match data.get("kind"):
        case "every":
            return every.from_json(data)
        case "cron":
            return cron.from_json(data)
        case "at":
            return at.from_json(data)
        case "solar":
            return solar.from_json(data)
        case kind:
            raise ScheduleError(
                f"the schedule's kind is {kind!r}, expected every, cron, at or solar\n"
                "  it was written by another version of beatkit: run the same one everywhere"
            )
