"""What other tools keep of a schedule when they read it as one of Celery's own.

RedBeat and django-celery-beat store a `crontab` as five texts and an interval as seconds; Sentry
Crons is told the same. What does not fit is lost without a word, so `check` says it.
"""

from __future__ import annotations

from typing import Any, Literal

from beatkit.schedules.celery import at, cron, every, solar
from beatkit.schedules.dialect import parse

Tool = Literal["RedBeat", "django-celery-beat"]


def flattened(schedule: Any, tool: Tool = "RedBeat", timezone: str | None = None) -> list[str]:
    """Return what is lost when a tool keeps only Celery's own fields, a sentence each.

    Args:
        schedule: Any; nothing is lost of one that is not beatkit's.
        tool: Who stores it.
        timezone: IANA name of the app's zone, which an entry may say without losing it.
    """
    if isinstance(schedule, every):
        return _of_interval(schedule, tool)
    if isinstance(schedule, at) or (isinstance(schedule, solar) and tool == "RedBeat"):
        return ["it cannot be stored"]
    return _of_cron(schedule, tool, timezone) if isinstance(schedule, cron) else []


def _of_interval(schedule: every, tool: Tool) -> list[str]:
    seconds = schedule.run_every.total_seconds()
    lost = ["the offset is lost: slots depend on the last run"] if schedule.offset else []
    if tool == "django-celery-beat" and seconds % 1:  # its column holds whole numbers
        lost.append(f"the interval of {seconds:g}s is stored as {int(seconds)}s")
    return lost


def _of_cron(schedule: cron, tool: Tool, timezone: str | None) -> list[str]:
    first = parse(schedule.texts[0], schedule.seed, schedule.days)
    either = schedule.days == "or" and not (first.day.starred or first.weekday.starred)
    special = first.day.specials or first.weekday.specials
    zone_lost = tool == "RedBeat" and schedule.timezone not in (None, timezone)
    found = {
        f"only the first of {len(schedule.texts)} expressions is kept": len(schedule.texts) > 1,
        "the seconds are lost": first.second.values != (0,),
        "L, W and # in the day fields are not understood": special,
        "the day fields must both match, where here either is enough": either,
        "the time zone is lost: the app's counts": zone_lost,
        "gap and fold are lost": (schedule.gap, schedule.fold) != ("run", "first"),
    }
    return [sentence for sentence, holds in found.items() if holds]
