"""What the rules look at: the app, its entries, the present, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise
from typing import Any

from beatkit.entry import Entry
from beatkit.schedules.cron import CronRule
from beatkit.schedules.rules import IntervalRule, Rule, UnionRule
from beatkit.schedules.timetable import to_ms
from beatkit.simulation import upcoming

SAMPLE = 60
AHEAD_MS = 32 * 86_400_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked.

    Attributes:
        app: The Celery app, its task modules imported.
        entries: Those that can work, by name.
        problems: Whole messages about those that cannot.
        dropped: Names that a late assignment took out of `conf.beat_schedule`.
        now: The present, aware, in UTC.
        crowd: More entries than this on one instant are a crowd.
        code: Names of those that code declares; the others were added while running.
    """

    app: Any
    entries: Mapping[str, Entry]
    problems: tuple[str, ...]
    dropped: tuple[str, ...]
    now: datetime
    crowd: int
    code: frozenset[str] = frozenset()

    def enabled(self) -> Iterator[Entry]:
        """Yield the entries that send something."""
        return (entry for entry in self.entries.values() if entry.enabled)

    def task(self, entry: Entry) -> Any:
        """Return the entry's registered task; None for a remote or unknown one."""
        return self.app.tasks.get(entry.task)

    def setting(self, entry: Entry, name: str) -> Any:
        """Return what holds for an entry: its option, its task's attribute, or the setting."""
        if entry.options.get(name) is not None:
            return entry.options[name]
        own = getattr(self.task(entry), name, None)
        return self.app.conf.get(f"task_{name}") if own is None else own

    def time_limit(self, entry: Entry) -> float | None:
        """Return how many seconds a run may take; None without a limit."""
        hard, soft = self.setting(entry, "time_limit"), self.setting(entry, "soft_time_limit")
        limit = hard or soft
        return float(limit) if limit else None


def shortest_of(entry: Entry, now: datetime) -> float | None:
    """Return the least distance between two of the coming slots, in seconds.

    Looks at `SAMPLE` slots of a cron expression. None for fewer than two slots, and for a
    schedule of the user's own class.
    """
    if period_of(entry) is not None:
        return period_of(entry)
    if not hasattr(entry.schedule, "rule"):
        return None
    start = to_ms(now)
    slots = islice(upcoming(entry, start, start + AHEAD_MS), SAMPLE)
    distances = [later - earlier for earlier, later in pairwise(slots)]
    return min(distances) / 1000 if distances else None


def rules_of(entry: Entry) -> Iterator[Rule]:
    """Yield the rules of an entry's schedule, those of a union one by one."""
    rule = getattr(entry.schedule, "rule", None)
    if isinstance(rule, UnionRule):
        yield from rule.rules
    elif rule is not None:
        yield rule


def crons_of(entry: Entry) -> Iterator[CronRule]:
    """Yield the cron expressions of an entry's schedule."""
    return (rule for rule in rules_of(entry) if isinstance(rule, CronRule))


def period_of(entry: Entry) -> float | None:
    """Return the seconds of a plain interval; None for any other schedule."""
    rule = getattr(entry.schedule, "rule", None)
    return rule.period_ms / 1000 if isinstance(rule, IntervalRule) else None
