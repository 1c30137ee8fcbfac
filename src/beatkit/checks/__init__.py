"""What is wrong with an app's schedule, found before anything starts.

    report.py         findings and the report that lists them
    subject.py        what the rules look at
    tasks.py          tasks, arguments, time limits
    times.py          schedules over the coming two years
    expressions.py    the text of a cron expression
    configuration.py  queues, settings, what gets lost on the way

Each rule is one function from a `Subject` to findings. It connects to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from beatkit.checks import configuration, tasks, times
from beatkit.checks.report import ORDER, Finding, Report
from beatkit.checks.subject import Subject
from beatkit.entry import Entry
from beatkit.operate import now as host_now
from beatkit.registry.binding import binding_of
from beatkit.registry.effective import survey

__all__ = ["CROWD", "Finding", "Report", "check"]

CROWD = 10
"""More entries than this on one instant are worth a warning."""

RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    tasks.declarations,
    tasks.unknown,
    tasks.arguments,
    tasks.overlapping,
    tasks.redelivered,
    tasks.own_publishing,
    times.expressions,
    times.misread_texts,
    times.ended,
    times.asked,
    times.sub_minute,
    times.long_intervals,
    times.jitter,
    times.clock_changes,
    times.crowds,
    configuration.store,
    configuration.queues,
    configuration.eager,
    configuration.dropped,
    configuration.spellings,
    configuration.shared_registry,
    configuration.notices,
    configuration.other_scheduler,
)


def check(
    app: Any,
    *,
    at: datetime | None = None,
    crowd: int = CROWD,
    runtime: Mapping[str, Entry] = MappingProxyType({}),
) -> Report:
    """Find what is wrong with an app's schedule, or probably not meant.

    Imports the app's task modules, and connects to nothing. Calling it again gives an equal
    report. What beats and workers refuse to start with is an error here too, and all of it is
    listed, beside warnings and notes about what does start. `celery -A app schedule check`
    prints the same.

    Args:
        app: A Celery app, made by `make_app`, given to `install`, or plain.
        at: Look at the schedule from this aware instant on; default: the host's present.
        crowd: More entries than this on one instant, within a day, are worth a warning.
        runtime: Runtime-owned entries to look at too, by name; code's of one name counts.

    Returns:
        A report; `report.ok` says whether there is no error.

    Example:
        >>> from celery import Celery
        >>> from celery.schedules import crontab
        >>> from beatkit import check
        >>> app = Celery("shop", set_as_current=False)
        >>> app.conf.beat_schedule = {
        ...     "close": {"task": "celery.backend_cleanup", "schedule": crontab(hour=4)}}
        >>> [finding.rule for finding in check(app).findings]
        ['every-minute']
    """
    subject = _subject(app, host_now() if at is None else at, crowd, runtime)
    added = runtime.keys() - subject.code
    found = [_owned(finding, added) for rule in RULES for finding in rule(subject)]
    found.sort(key=lambda one: (ORDER[one.severity], one.entry or "", one.rule))
    return Report(tuple(dict.fromkeys(found)), len(subject.entries))


def _owned(finding: Finding, added: Collection[str]) -> Finding:
    return replace(finding, owner="runtime") if finding.entry in added else finding


def _subject(app: Any, at: datetime, crowd: int, runtime: Mapping[str, Entry]) -> Subject:
    app.loader.import_default_modules()
    app.finalize()
    binding = binding_of(app)
    # Before the survey, which puts them back.
    dropped = tuple(binding.dropped()) if binding else ()
    entries, problems = survey(app)
    every = {**runtime, **entries}
    return Subject(app, every, tuple(problems), dropped, at, crowd, frozenset(entries))
