"""Do the schedules say what is probably meant, on every day of the coming two years?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from beatkit.checks.expressions import oddities
from beatkit.checks.report import Finding, about, from_message
from beatkit.checks.subject import Subject, crons_of, period_of, shortest_of
from beatkit.entry import Entry
from beatkit.errors import ScheduleError
from beatkit.schedules.convert import oddities as misread
from beatkit.schedules.cron import CronRule
from beatkit.schedules.timetable import to_datetime, to_ms
from beatkit.schedules.zone import zone as spans_of
from beatkit.simulation import upcoming

DAY_MS = 86_400_000
AHEAD_MS = 731 * DAY_MS
CROWDS = 5
"""So many crowds are named, the largest."""

LOOKED_AT = 300_000
"""Slots of all entries that the search for crowds looks at, at most."""


def expressions(subject: Subject) -> Iterator[Finding]:
    """A cron expression is odd: `* 4 * * *`, both day fields, `*/7`."""
    for entry in subject.entries.values():
        for rule in crons_of(entry):
            for odd in oddities(rule.text, rule.mode):
                yield about(entry, odd.rule, odd.severity, odd.what, odd.remedy)


def misread_texts(subject: Subject) -> Iterator[Finding]:
    """Celery accepted a crontab's text and reads it otherwise than it looks."""
    rows = subject.app.conf.beat_schedule or {}
    for entry in subject.entries.values():
        for sentence in misread(_written(rows.get(entry.name))):
            yield about(entry, "misread", "warning", sentence, "write what it means")


def _written(row: Any) -> Any:
    try:
        return row["schedule"]
    except (TypeError, KeyError):
        return getattr(row, "schedule", None)


def ended(subject: Subject) -> Iterator[Finding]:
    """A schedule has no slot to come."""
    start = to_ms(subject.now)
    for entry in subject.enabled():
        rule = getattr(entry.schedule, "rule", None)
        if rule is not None and rule.next(start) is None:
            last = rule.previous(start)
            when = "" if last is None else f": its last was {to_datetime(last):%Y-%m-%d %H:%M} UTC"
            yield about(entry, "never-fires", "warning", f"never fires again{when}",
                        "take it out, or give it a time to come")  # fmt: skip


def asked(subject: Subject) -> Iterator[Finding]:
    """A schedule of the user's own class cannot be asked."""
    start = to_ms(subject.now)
    for entry in subject.enabled():
        if getattr(entry.schedule, "rule", None) is not None:
            continue
        try:
            next(upcoming(entry, start, start + DAY_MS), None)
        except ScheduleError as error:
            yield from_message(str(error), "schedule-raises")


def sub_minute(subject: Subject) -> Iterator[Finding]:
    """An entry of less than a minute has neither deadline nor expiry: a backlog stays whole."""
    for entry in subject.enabled():
        period = _below_a_minute(subject, entry)
        if period is None or _expires(subject, entry):
            continue
        coalesced = entry.policy is not None and entry.policy.coalesce
        plain = "the guard runs one of a backlog" if coalesced else "a backlog runs whole"
        yield about(
            entry,
            "no-deadline",
            "note" if coalesced else "warning",
            f"runs every {period:g}s without deadline or expires: while no worker runs, its"
            f" messages pile up; then {plain}",
            f"write deadline={period:g}" if entry.policy else f"write options: expires {period:g}",
        )


def _below_a_minute(subject: Subject, entry: Entry) -> float | None:
    """Return the distance of slots less than a minute apart; None for all others."""
    period = period_of(entry)
    if period is None and any(len(rule.text.split()) == 6 for rule in crons_of(entry)):
        period = shortest_of(entry, subject.now)
    return period if period is not None and period < 60 else None


def _expires(subject: Subject, entry: Entry) -> bool:
    deadline = entry.policy is not None and entry.policy.deadline is not None
    own = getattr(subject.task(entry), "expires", None)
    return bool(deadline or entry.options.get("expires") or own)


def long_intervals(subject: Subject) -> Iterator[Finding]:
    """An interval of whole days is elapsed time, not a time of day."""
    for entry in subject.enabled():
        period = period_of(entry)
        if period and period % 86_400 == 0:
            yield about(
                entry,
                "elapsed-days",
                "note",
                f"runs every {period / 3600:g} hours, counted in UTC: its local time"
                " moves when the clocks change",
                "write cron('0 4 * * *') for a time of day",
            )


def jitter(subject: Subject) -> Iterator[Finding]:
    """Jitter may delay a slot past its own deadline."""
    for entry in subject.enabled():
        policy = entry.policy
        if policy and policy.deadline is not None and policy.jitter >= policy.deadline:
            yield about(
                entry,
                "jitter-past-deadline",
                "warning",
                f"jitter is {policy.jitter:g}s and deadline {policy.deadline:g}s: slots may be sent"
                " when it is too late for them to run",
                f"write a jitter well below {policy.deadline:g}",
            )


def clock_changes(subject: Subject) -> Iterator[Finding]:
    """A fixed time lies in an hour that clocks skip or repeat within two years."""
    start = to_ms(subject.now)
    for entry in subject.enabled():
        if (getattr(entry.schedule, "gap", "run"), getattr(entry.schedule, "fold", "first")) != (
            "run",
            "first",
        ):
            continue  # somebody has thought about it
        sentences = [text for rule in crons_of(entry) for text in changes_of(rule, start)]
        if sentences:
            yield about(
                entry,
                "clock-change",
                "note",
                "; ".join(dict.fromkeys(sentences)),
                "write another time, gap='skip' or fold='both', or timezone='UTC'",
            )


def changes_of(rule: CronRule, start: int) -> Iterator[str]:
    """Say what becomes of the first skipped and the first repeated match."""
    spans = spans_of(rule.timezone)
    said: set[bool] = set()
    at = spans.find(start // 1000)[1] * 1000
    while at < start + AHEAD_MS:
        moved = spans.find(at // 1000)[2] - spans.find(at // 1000 - 1)[2]
        text = _skipped(rule, at, moved) if moved > 0 else _repeated(rule, at, -moved)
        if text and (moved > 0) not in said:
            said.add(moved > 0)
            yield text
        at = spans.find(at // 1000)[1] * 1000


def _skipped(rule: CronRule, at: int, moved: int) -> str:
    if rule.next(at - 1) != at or _at_the_jump(rule, at):
        return ""
    jump = _wall(at, rule)
    before = jump.replace(tzinfo=None) - timedelta(seconds=moved)
    return (
        f"on {jump:%d %b %Y} clocks skip {before:%H:%M} to {jump:%H:%M}, and what cron"
        f" {rule.text!r} would run then runs once, at {jump:%H:%M %Z}"
    )


def _at_the_jump(rule: CronRule, at: int) -> bool:
    return replace(rule, gap="skip").next(at - 1) == at


def _repeated(rule: CronRule, at: int, moved: int) -> str:
    again = replace(rule, fold="both").next(at - 1)
    if again is None or again >= at + moved * 1000 or rule.next(at - 1) == again:
        return ""
    wall = _wall(again, rule)
    return f"on {wall:%d %b %Y} {wall:%H:%M} comes twice, and cron {rule.text!r} runs at the first"


def _wall(at: int, rule: CronRule) -> datetime:
    return to_datetime(at).astimezone(ZoneInfo(rule.timezone))


def crowds(subject: Subject) -> Iterator[Finding]:
    """Many entries come due at the same instant."""
    instants: dict[int, list[str]] = defaultdict(list)
    # Of what runs within each minute every instant has some; and other people's schedules
    # are not asked a day long.
    entries = [
        entry
        for entry in subject.enabled()
        if hasattr(entry.schedule, "rule") and (period_of(entry) or 60) >= 60
    ]
    start = to_ms(subject.now)
    each = LOOKED_AT // max(len(entries), 1) + 1
    for entry in entries:
        for slot in islice(upcoming(entry, start, start + DAY_MS), each):
            instants[slot].append(entry.name)
    groups: dict[tuple[str, ...], int] = {}
    for slot, due in sorted(instants.items()):
        if len(due) > subject.crowd:
            groups.setdefault(tuple(due), slot)
    largest = _largest_first(groups)
    for names, slot in largest[:CROWDS]:
        yield Finding(
            "crowd",
            "warning",
            f"{len(names)} entries come due at {to_datetime(slot):%Y-%m-%d %H:%M:%S} UTC:"
            f" {', '.join(names[:5])} and {len(names) - 5} more",
            "spread them: H in the minute of cron, offset='hash' of an interval, or jitter",
        )
    if len(largest) > CROWDS:
        more = f"{len(largest) - CROWDS} smaller crowds of more than {subject.crowd} entries"
        yield Finding("crowd", "note", f"{more} within a day", "see them with: schedule timeline")


def _largest_first(groups: dict[tuple[str, ...], int]) -> list[tuple[tuple[str, ...], int]]:
    """Leave out the crowds that are part of a larger one: `0 * * * *` within midnight's."""
    found: list[tuple[tuple[str, ...], int]] = []
    for names, slot in sorted(groups.items(), key=lambda group: (-len(group[0]), group[1])):
        if not any(set(names) <= set(larger) for larger, _ in found):
            found.append((names, slot))
    return found
