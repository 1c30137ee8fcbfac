"""What does one declaration become in one app: its names, time zone and messages?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from beatkit.entry import Entry
from beatkit.registry.declaration import Declaration
from beatkit.registry.zone import zone_name


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A declaration that cannot work in this app, and why."""

    problem: str


def resolve(declaration: Declaration, app: Any) -> Entry | Unresolved | None:
    """Return the app's entry of a declaration.

    Returns:
        None if it cannot be known before the app is finalized.
    """
    if declaration.target.function is None and not app.finalized:
        return None
    task = declaration.target.name_in(app)
    name = declaration.identity.name or task
    return Entry(
        name=name,
        task=task,
        schedule=_bind(declaration.schedule, zone_name(app.conf), name),
        args=declaration.args,
        kwargs=declaration.kwargs,
        options=declaration.options,
        policy=declaration.policy,
        description=declaration.description,
        tags=declaration.tags,
        enabled=declaration.enabled() if callable(declaration.enabled) else declaration.enabled,
        source=declaration.source,
    )


def _bind(schedule: Any, timezone: str, name: str) -> Any:
    try:
        from beatkit.schedules.celery import bind
    except ImportError:
        return schedule
    return bind(schedule, timezone=timezone, name=name)
