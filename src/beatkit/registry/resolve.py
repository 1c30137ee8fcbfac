"""What does one declaration become in one app: its names, its time zone, its arguments?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from beatkit.entry import Entry
from beatkit.errors import ScheduleError
from beatkit.registry.arguments import misfit
from beatkit.registry.declaration import Declaration
from beatkit.registry.module_name import outside_main
from beatkit.registry.problem import Problem, render, shown
from beatkit.registry.serialise import unserialisable
from beatkit.registry.zone import zone_name
from beatkit.schedules.celery import bind


@dataclass(frozen=True, slots=True)
class Ground:
    """What of an app decides how its declarations resolve. Reading conf is slow.

    Attributes:
        complete: Whether every task is registered.
        main: What Celery calls the main module in task names.
        zone: IANA name of the app's time zone.
        serializer: The `task_serializer` setting.
    """

    complete: bool
    main: str | None
    zone: str
    serializer: str


def ground_of(app: Any, *, complete: bool) -> Ground:
    """Read from an app that has been configured how its declarations resolve."""
    return Ground(complete, app.main, zone_name(app.conf), app.conf.task_serializer)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A declaration that cannot work in this app, and why, in whole messages."""

    messages: tuple[str, ...]


def resolve(declaration: Declaration, app: Any, ground: Ground) -> Entry | Unresolved | None:
    """Return the app's entry of a declaration.

    Returns:
        None if it cannot be known before the app is finalized: the name of a task that
        only its proxy knows, the answer of `enabled`.
    """
    known = declaration.target.function is not None and isinstance(declaration.enabled, bool)
    if not (known or ground.complete):
        return None
    problems: list[Problem] = []
    entry = _entry(declaration, app, ground.zone, problems)
    if ground.complete:
        problems += _problems_with_arguments(declaration, entry, app, ground.serializer)
    if problems:
        return Unresolved(
            tuple(render(each, entry=entry.name, source=entry.source) for each in problems)
        )
    return entry


def _entry(declaration: Declaration, app: Any, zone: str, problems: list[Problem]) -> Entry:
    task = declaration.target.name_in(app)
    name = declaration.identity.name or outside_main(task, declaration.target.function)
    return Entry(
        name=name,
        task=task,
        schedule=bound_schedule(declaration.schedule, zone, name, problems),
        args=declaration.args,
        kwargs=declaration.kwargs,
        options=declaration.options,
        policy=declaration.policy,
        description=declaration.description,
        tags=declaration.tags,
        enabled=_enabled(declaration, problems),
        source=declaration.source,
    )


def bound_schedule(schedule: Any, zone: str, name: str, problems: list[Problem]) -> Any:
    """Return a copy of the schedule that knows the app's time zone and the entry's name."""
    try:
        return bind(schedule, timezone=zone, name=name)
    except ScheduleError as error:
        problems.append(Problem.from_error(error))
        return schedule


def _enabled(declaration: Declaration, problems: list[Problem]) -> bool:
    if not callable(declaration.enabled):
        return declaration.enabled
    try:
        answer: object = declaration.enabled()
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        what = f"enabled was asked and raised {type(error).__name__}: {error}"
        problems.append(Problem(what, "let it return True or False"))
        return False
    if not isinstance(answer, bool):  # the text 'false' of a variable would be true
        what = f"enabled was asked and returned {shown(answer)}, expected True or False"
        problems.append(Problem(what, "let it return True or False"))
    return answer is True


def _problems_with_arguments(
    declaration: Declaration, entry: Entry, app: Any, serializer: str
) -> list[Problem]:
    task = app.tasks.get(entry.task)
    found = [unserialisable(entry, task, serializer)]
    # What decoration could not see: a task behind a proxy of another kind, or one that may
    # or may not be handed itself.
    if task is not None and declaration.target.bound is None:
        found.append(misfit(task.run, entry.args, entry.kwargs, bound=False))
    return [problem for problem in found if problem]
