"""When is each entry next due? Asked once a slot, not once a picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from beatkit.cli.wording import schedule_text
from beatkit.dev.live.scene import Row, Scene
from beatkit.operate import Schedule


def rows(schedule: Schedule, now: float) -> dict[str, Row]:
    """Return a row for each entry.

    Args:
        schedule: The app's.
        now: Epoch seconds.
    """
    return {
        name: Row(name, schedule_text(entry), _due(schedule, name, now), entry.enabled)
        for name, entry in schedule.entries.items()
    }


def advanced(scene: Scene, schedule: Schedule, now: float) -> Scene:
    """Return the scene with the next slot of each entry whose slot has come."""
    past = [row for row in scene.rows.values() if row.due is not None and row.due <= now]
    if not past:
        return scene
    fresh = {row.name: replace(row, due=_due(schedule, row.name, now)) for row in past}
    return replace(scene, rows={**scene.rows, **fresh})


def _due(schedule: Schedule, name: str, now: float) -> float | None:
    try:
        following = schedule.following(schedule.entries[name], datetime.fromtimestamp(now, UTC))
    except Exception:  # noqa: BLE001 - a schedule of the user's own; its beat will complain
        return None
    return None if following is None else following.timestamp()
