"""What a cron expression probably was not meant to say. Pure: text in, sentences out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from beatkit.checks.report import Rule, Severity
from beatkit.schedules.calendar import DayMode
from beatkit.schedules.dialect import ALIASES
from beatkit.schedules.fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    WEEKDAY,
    Kind,
    read_field,
    uses_hash,
)

KINDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)

SIZES = {SECOND: 60, MINUTE: 60, HOUR: 24, DAY: 31, MONTH: 12, WEEKDAY: 7}
"""How many values a field has, as far as a step that divides it is concerned."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing about an expression that is probably not meant."""

    rule: Rule
    severity: Severity
    what: str
    remedy: str


def oddities(text: str, mode: DayMode = "or") -> Iterator[Oddity]:
    """Yield what is odd about a valid expression.

    Args:
        text: One that `beatkit.cron` accepts.
        mode: How its two day fields are joined; see `beatkit.cron`.
    """
    if text.strip().lower() in ALIASES:
        return
    words = text.split()
    fields = dict(zip(KINDS[-len(words) :], words, strict=True))
    yield from _star(text, fields)
    yield from _both_days(text, fields, mode)
    for kind, word in fields.items():
        yield from _step(text, kind, word)
    yield from _all_hours(text, fields[HOUR])


def _star(text: str, fields: dict[Kind, str]) -> Iterator[Oddity]:
    """A finer field left at `*` beside a coarser one that is set: 60 runs for one."""
    order = [kind for kind in KINDS if kind in fields]
    for place, kind in enumerate(order):
        coarser = next((one for one in order[place + 1 :] if fields[one] != "*"), None)
        if fields[kind] != "*":
            return
        if coarser is None or coarser not in (MINUTE, HOUR, DAY, WEEKDAY):
            continue
        word = fields[coarser]
        span = "-" in word or "/" in word
        zero = " ".join("0" if one is kind else fields[one] for one in order)
        yield Oddity(
            "every-minute",
            "note" if span else "warning",
            f"cron {text!r} has {kind.name} * and {coarser.name} {word}: it runs every {kind.name}"
            " of it",
            f"write {zero!r} if once is meant" if coarser in (MINUTE, HOUR) else "set the time too",
        )
        return


def _both_days(text: str, fields: dict[Kind, str], mode: DayMode) -> Iterator[Oddity]:
    day, weekday = fields[DAY], fields[WEEKDAY]
    if day.startswith("*") or weekday.startswith("*"):
        return
    if mode == "or":
        means = "either is enough, as in Unix cron; Celery's crontab() wants both"
        remedy = "write two entries if that is clearer, or cron(..., days='and') for both"
    else:
        means = "both must match, as in Celery's crontab(); in Unix cron either is enough"
        remedy = "write cron(...) without days='and' for either"
    yield Oddity(
        "both-days",
        "warning",
        f"cron {text!r} sets day of month {day} and weekday {weekday}: {means}",
        remedy,
    )


def _step(text: str, kind: Kind, word: str) -> Iterator[Oddity]:
    if not word.startswith("*/"):
        return
    step = int(word[2:].split(",")[0])
    values = read_field(kind, word).values
    size = SIZES[kind]
    if size % step == 0:
        return
    last, gap = values[-1], size - values[-1] + values[0]
    divisors = [one for one in range(1, size + 1) if size % one == 0]
    near = min(divisors, key=lambda one: abs(one - step))
    if kind is DAY:
        reason, remedy = "the count starts again each month", "write the days one by one"
    else:
        reason = f"after {last} comes {values[0]}, {gap} instead of {step} further on"
        remedy = f"write '*/{near}', or an interval such as every(...) for even distances"
    yield Oddity(
        "uneven-step",
        "warning",
        f"cron {text!r} has {kind.name} {word}, and {step} does not divide {size}: {reason}",
        remedy,
    )


def _all_hours(text: str, hour: str) -> Iterator[Oddity]:
    if hour.startswith("*") or uses_hash(hour) or len(read_field(HOUR, hour).values) < 24:
        return
    yield Oddity(
        "all-hours",
        "note",
        f"cron {text!r} lists all 24 hours without *: it pauses in the hour that clocks repeat",
        "write * for the hour to run in both passes",
    )
