"""Do the entries' tasks exist, do their arguments fit, and may a run take as long as it does?"""

from __future__ import annotations

from collections.abc import Iterator

from beatkit.checks.report import Finding, Rule, about, from_message
from beatkit.checks.subject import Subject, shortest_of
from beatkit.entry import Entry
from beatkit.registry.arguments import misfit
from beatkit.registry.problem import Problem
from beatkit.registry.serialise import unserialisable
from beatkit.registry.unknown import unknown_tasks
from beatkit.sending.effects import is_celerys_own

KINDS: tuple[tuple[str, Rule], ...] = (
    ("is declared twice", "duplicate-name"),
    ("is declared by a decorator and stands in", "duplicate-name"),
    (" do not fit ", "arguments"),
    ("cannot carry", "serialisation"),
    ("never fires", "never-fires"),
)
"""By which words a message of the registry is told to be of which rule."""

VISIBILITY = {"redis": 3600, "rediss": 3600, "sentinel": 3600, "valkey": 3600, "sqs": 1800}
"""Seconds after which these transports of kombu give an unacknowledged message to another."""


def declarations(subject: Subject) -> Iterator[Finding]:
    """What keeps an entry from being bound: duplicate names, arguments, schedules ..."""
    for message in subject.problems:
        found: Iterator[Rule] = (rule for words, rule in KINDS if words in message)
        yield from_message(message, next(found, "declaration"))


def unknown(subject: Subject) -> Iterator[Finding]:
    """An entry names a task that no imported module defines."""
    for entry in subject.entries.values():
        for message in unknown_tasks(subject.app, {entry.name: entry}):
            yield from_message(message, "unknown-task")


def arguments(subject: Subject) -> Iterator[Finding]:
    """Arguments of an entry of `beat_schedule` do not fit its task, or cannot travel."""
    for entry in subject.entries.values():
        task = subject.task(entry)
        if task is not None:
            yield from _problem(entry, "arguments", misfit(task.run, entry.args, entry.kwargs,
                                                           bound=False))  # fmt: skip
        serializer = subject.app.conf.task_serializer
        yield from _problem(entry, "serialisation", unserialisable(entry, task, serializer))


def _problem(entry: Entry, rule: Rule, problem: Problem | None) -> Iterator[Finding]:
    if problem is not None:
        yield about(entry, rule, "error", problem.what, problem.write)


def overlapping(subject: Subject) -> Iterator[Finding]:
    """Slots are nearer to each other than the time limit, so that runs may overlap."""
    for entry in subject.enabled():
        limit = subject.time_limit(entry)
        if not limit or (entry.policy is not None and entry.policy.overlap != "allow"):
            continue
        period = shortest_of(entry, subject.now)
        if period and limit > period:
            yield about(
                entry,
                "overlapping",
                "warning",
                f"runs every {period:g}s, and a run may take {limit:g}s by its time limit:"
                " runs can overlap",
                f"write {_overlap(entry)}, a longer interval, or a shorter time_limit",
            )


def _overlap(entry: Entry) -> str:
    if entry.policy is not None:
        return "overlap='skip'"
    return f"beatkit_policies = {{{entry.name!r}: {{'overlap': 'skip'}}}}"


def redelivered(subject: Subject) -> Iterator[Finding]:
    """The broker gives a message to another worker while the task may still run."""
    transport = _transport(subject)
    if transport not in VISIBILITY:
        return
    options = subject.app.conf.broker_transport_options or {}
    visibility = float(options.get("visibility_timeout", VISIBILITY[transport]))
    for entry in subject.enabled():
        limit = subject.time_limit(entry)
        if limit and limit > visibility and subject.setting(entry, "acks_late"):
            yield about(
                entry,
                "redelivered",
                "warning",
                f"acknowledges late and may run {limit:g}s, and the broker's visibility timeout"
                f" is {visibility:g}s: a long run starts a second time beside the first",
                "write broker_transport_options = {'visibility_timeout':"
                f" {limit + 60:g}}}, or a shorter time_limit",
            )


def _transport(subject: Subject) -> str:
    url = subject.app.conf.broker_write_url
    first = url if isinstance(url, str) else next(iter(url or ()), "")
    return first.partition("://")[0].partition("+")[0]


def own_publishing(subject: Subject) -> Iterator[Finding]:
    """A task publishes by code of its own, which beats cannot make one step with the claim."""
    for entry in subject.enabled():
        if subject.task(entry) is not None and not is_celerys_own(subject.app, entry):
            yield about(
                entry,
                "own-publishing",
                "note",
                f"apply_async of {entry.task!r} is not Celery's own: if it publishes by a producer"
                " of its own, a slot may be sent twice",
                "let it call super().apply_async(...) with the arguments it was given",
            )
