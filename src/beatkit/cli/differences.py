"""Where Celery's crontab and Unix cron would read a cron expression otherwise.

The facts about both were measured: Celery 5.5 to 5.7, and Debian's cron 3.0pl1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from beatkit.checks.times import AHEAD_MS, changes_of
from beatkit.errors import ScheduleError
from beatkit.schedules.cron import CronRule
from beatkit.schedules.dialect import ALIASES, is_hashed, parse
from beatkit.schedules.fields import DAY, HOUR, MINUTE, MONTH, WEEKDAY, Kind
from beatkit.schedules.timetable import to_datetime
from beatkit.schedules.zone import zone

CELERYS_NAMES = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
KINDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)


def differences(rule: CronRule, now: int) -> Iterator[tuple[str, str]]:
    """Yield pairs of who ("Celery", "Unix cron") and a sentence about what it would do.

    Args:
        rule: What beatkit understands.
        now: Unix milliseconds; examples come after it.
    """
    text = rule.text.strip()
    if text.lower() in ALIASES:
        yield "Celery", f"crontab() has no aliases: give it the fields {ALIASES[text.lower()]!r}"
        return
    words = text.split()
    if len(words) == 6:
        yield "Celery", "crontab() has no seconds"
        yield "Unix cron", "has no seconds: it would take the first field for the minute"
    else:
        yield from _celery(rule, words, now)
    yield from _unix(words[-5:])


def _celery(rule: CronRule, words: list[str], now: int) -> Iterator[tuple[str, str]]:
    from celery.schedules import crontab

    try:
        crontab(**dict(zip(CELERYS_NAMES, words, strict=True)))
    except Exception as error:  # noqa: BLE001  # Celery raises what its parser stumbles over
        yield "Celery", f"crontab() raises {type(error).__name__}: {error}"
        return
    if not (words[2].startswith("*") or words[4].startswith("*")):
        yield "Celery", "crontab() wants both day fields to match" + _example(rule, now)
    yield from _clock_changes(rule, now)


def _example(rule: CronRule, now: int) -> str:
    try:
        both = replace(rule, mode="and").next(now)
    except ScheduleError:
        return ", which never happens"
    either = rule.next(now)
    if both is None or either is None or both == either:
        return ""
    first, second = _day(both, rule), _day(either, rule)
    return f": next on {first}, where here {second} comes first"


def _day(at: int, rule: CronRule) -> str:
    return f"{to_datetime(at).astimezone(ZoneInfo(rule.timezone)):%a %d %b %Y}"


def _unix(words: list[str]) -> Iterator[tuple[str, str]]:
    text = " ".join(words).upper()
    items = [item for word in words for item in word.split(",")]
    if re.search(r"\bL|L\b|W\b|#", text):
        yield "Unix cron", "has no L, W or #"
    if is_hashed(" ".join(words)):
        yield "Unix cron", "has no H"
    if any(re.fullmatch(r"\w+/\d+", item) for item in items):
        yield "Unix cron", "refuses a step after a single value: write a range, such as 5-59/15"
    if any(_wraps(kind, item) for kind, word in zip(KINDS, words, strict=True)
           for item in word.split(",")):  # fmt: skip
        yield "Unix cron", "never runs a range that wraps around: it takes the line all the same"


def _wraps(kind: Kind, item: str) -> bool:
    ends = re.fullmatch(r"(\w+)-(\w+)(?:/\d+)?", item)
    if ends is None:
        return False
    first, last = (_number(kind, end) for end in ends.groups())
    return first > last and not (kind is WEEKDAY and last == 0 and ends[2] == "7")


def _number(kind: Kind, word: str) -> int:
    if word.isdigit():
        return int(word)
    return kind.low + kind.names.index(word.upper())


def _clock_changes(rule: CronRule, now: int) -> Iterator[tuple[str, str]]:
    if zone(rule.timezone).find(now // 1000)[1] * 1000 > now + AHEAD_MS:
        return
    if parse(rule.text, rule.seed, rule.mode).wildcard:
        yield "Celery", "crontab() is silent in the hour that clocks repeat; here both passes run"
    elif any("skip" in sentence for sentence in changes_of(rule, now)):
        yield (
            "Celery",
            "crontab() runs a time that clocks skip later by as much, after the jump; here it runs"
            " at the jump",
        )
