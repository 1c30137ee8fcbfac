"""Does the app's configuration let the entries through as they were declared?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from beatkit.checks.report import Finding, Severity, about
from beatkit.checks.subject import Subject
from beatkit.destination import destination
from beatkit.entry import Policy
from beatkit.errors import StoreError
from beatkit.registry.binding import Binding, binding_of
from beatkit.schedules.foreign import Tool, flattened
from beatkit.settings.redaction import redact
from beatkit.store.place import file_of, flaw

OURS = "beatkit.beat.scheduler:Scheduler"
ALIASES = (OURS, "beatkit")
KEEPERS: dict[str, Tool] = {"redbeat": "RedBeat", "django_celery_beat": "django-celery-beat"}
"""Schedulers that store schedules in Celery's own fields, by a part of their name."""


def queues(subject: Subject) -> Iterator[Finding]:
    """An entry's messages go to a queue that the configuration does not know."""
    declared = [str(getattr(queue, "name", queue)) for queue in subject.app.conf.task_queues or ()]
    for entry in subject.enabled():
        goal = destination(subject.app, entry)
        if not goal.known:
            yield about(
                entry,
                "unknown-queue",
                "error",
                f"goes to queue {goal.queue!r}, which is not among task_queues"
                f" ({', '.join(declared)}), and task_create_missing_queues is off",
                f"add Queue({goal.queue!r}) to task_queues, or name one of them",
            )
        elif declared and goal.queue not in declared:
            yield about(
                entry,
                "unknown-queue",
                "warning",
                f"goes to queue {goal.queue!r}, which is not among task_queues"
                f" ({', '.join(declared)}): workers started without -Q do not read it",
                f"add Queue({goal.queue!r}) to task_queues, or name one of them",
            )


def store(subject: Subject) -> Iterator[Finding]:
    """The file that beats would share can be no store.

    An app without any store is none of its findings: where it is checked, the broker's URL
    may be missing that production has. `schedule doctor` asks for it.
    """
    url = subject.app.conf.get("beatkit_store_url") or ""
    if not url.startswith("sqlite:") or str(subject.app.conf.beat_scheduler) not in ALIASES:
        return
    try:
        file = file_of(url, "beatkit_store_url")
    except StoreError as error:
        what, _, remedy = str(error).split("\n")
        yield Finding("store", "error", what, remedy.strip())
        return
    found = flaw(file)
    if found is not None:
        severity: Severity = "warning" if found.of_this_host else "error"
        yield Finding("store", severity, f"store {str(file)!r} {found.what}", found.remedy)


def eager(subject: Subject) -> Iterator[Finding]:
    """The app runs tasks where they are called, so there is nothing to send."""
    if subject.app.conf.task_always_eager and subject.entries:
        yield Finding(
            "eager",
            "warning",
            "task_always_eager is True: beat refuses every slot, for it would run the tasks itself",
            "write task_always_eager = False where beat runs",
        )


def dropped(subject: Subject) -> Iterator[Finding]:
    """A late assignment took declared entries out of `conf.beat_schedule`."""
    for name in subject.dropped:
        source = subject.entries[name].source if name in subject.entries else None
        yield Finding(
            "dropped",
            "warning",
            f"Entry {name!r}: conf.beat_schedule was assigned after the decorator had filled it;"
            " beatkit's beat sends it all the same, and no other scheduler does",
            "write conf.beat_schedule.update(...), or assign it before",
            name,
            source,
        )


def spellings(subject: Subject) -> Iterator[Finding]:
    """One setting stands under two names with two values: Celery reads one of them."""
    conf = subject.app.conf
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for layer in reversed(conf.maps[:-1]):
        for key, value in layer.items():
            found[_new_name(key, conf.prefix)][key] = value
    for name, values in found.items():
        first, *others = values.values()
        if any(value != first for value in others):
            shown = " and ".join(f"{key} = {redact(value, key)!r}" for key, value in values.items())
            yield Finding(
                "two-spellings",
                "warning",
                f"Setting {name!r} is set twice: {shown};"
                f" Celery reads {redact(conf.get(name), name)!r}",
                f"write {name} alone",
            )


def _new_name(key: str, prefix: str | None) -> str:
    from celery.app.defaults import _TO_NEW_KEY

    if prefix and key.startswith(prefix):
        return key.removeprefix(prefix).lstrip("_").lower()
    return str(_TO_NEW_KEY.get(key, key))


def shared_registry(subject: Subject) -> Iterator[Finding]:
    """Another app of this process has the same declarations."""
    binding = binding_of(subject.app)
    if binding is None or not len(binding.declarations):
        return
    others = [
        str(other.app.main)
        for other in binding.declarations.listeners()
        if isinstance(other, Binding) and other.app is not subject.app
    ]
    if others:
        yield Finding(
            "shared-registry",
            "warning",
            f"App {subject.app.main!r} shares its registry with {', '.join(map(repr, others))}:"
            " each of them sends every declared entry",
            "give each app a Registry() of its own: make_app(..., registry=...)",
        )


def notices(subject: Subject) -> Iterator[Finding]:
    """What reading the settings noticed: deprecated names, insecure values."""
    settings = getattr(subject.app, "beatkit_settings", None)
    for notice in settings.notices if settings is not None else ():
        severity: Severity = "note" if notice.kind == "warning" else "warning"
        what, _, remedy = notice.message.partition("\n")
        yield Finding("setting", severity, what, remedy.strip())


def other_scheduler(subject: Subject) -> Iterator[Finding]:
    """Another scheduler is configured, which knows less than the entries say."""
    scheduler = str(subject.app.conf.beat_scheduler)
    if scheduler in ALIASES:
        return
    keeper = next((name for part, name in KEEPERS.items() if part in scheduler), None)
    for entry in subject.enabled():
        zone = str(subject.app.timezone)
        lost = flattened(entry.schedule, keeper, zone) if keeper else []
        for sentence in lost:
            yield about(entry, "flattened", "warning", f"under {keeper}, {sentence}",
                        "use beatkit's scheduler, or a schedule that Celery has too")  # fmt: skip
        if entry.policy is not None and entry.policy != Policy(coalesce=entry.policy.coalesce):
            yield about(
                entry,
                "policy-unused",
                "warning",
                f"its policy {entry.policy.to_json()!r} is not followed by the scheduler"
                f" {scheduler!r}",
                "leave beat_scheduler unset: make_app chooses beatkit's",
            )
