"""What happens when a decorator is applied: all that can be checked without an app."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import unwrap
from typing import Any

from beatkit.declare.again import execution_of, taken
from beatkit.declare.parameters import NAMES
from beatkit.declare.place import absolute
from beatkit.declare.runnable import runnable, unfit_to_run
from beatkit.declare.when import (
    CRONTAB,
    INTERVAL,
    is_object,
    meant_by,
    read_schedule,
    said_as_crontab,
)
from beatkit.entry import Source
from beatkit.registry import Declaration, Declarations
from beatkit.registry.arguments import misfit, signature_of
from beatkit.registry.below import target_of
from beatkit.registry.declaration import Identity
from beatkit.registry.identity import read_description, read_enabled, read_name, read_tags
from beatkit.registry.module_name import module_name
from beatkit.registry.payload import read_args, read_kwargs, read_options
from beatkit.registry.policy import FIELDS, read_policy
from beatkit.registry.problem import Problem, error_listing, render
from beatkit.registry.share import SharedTask
from beatkit.registry.slot_parameter import problem_with_slot, slot_parameters
from beatkit.registry.target import Target

# What other schedulers call the same thing.
_ELSEWHERE = {
    "every": "seconds", "interval": "seconds", "run_every": "seconds", "crontab": "cron",
    "schedule": "schedule", "tz": "timezone",
}  # fmt: skip
_WHEN = (*INTERVAL, "cron", "schedule")


@dataclass(frozen=True, slots=True)
class Use:
    """One use of @periodic: what was said, and where it stands.

    Attributes:
        schedule: The positional argument; None for none.
        said: The keyword arguments; one that is None counts as not given.
        source: The decorator's file and line.
        file: That file, as Python names it.
        names: The globals of that module.
    """

    schedule: Any
    said: Mapping[str, Any]
    source: Source
    file: str
    names: Mapping[str, Any]


def declare(decorated: Any, use: Use, declarations: Declarations) -> Any:
    """Keep the declaration, and return the task.

    Raises:
        DeclarationError: It cannot work; lists all that is wrong with it. Nothing was kept.
    """
    task_to_share = None
    target = target_of(decorated)
    if target is None:
        _refuse(filter(None, [unfit_to_run(decorated)]), _label(decorated, use), use)
        task_to_share = SharedTask(runnable(decorated), declarations.app)
        target = task_to_share.target
    new, problems = _read(target, use)
    label = _label(target.function or decorated, use, target.name)
    _refuse(problems, label, use)
    _refuse(filter(None, [taken(new, declarations)]), label, use)
    if task_to_share is not None:
        task_to_share.share()
    declarations.add(new)
    return target.task


def _refuse(problems: Iterable[Problem], label: str, use: Use) -> None:
    messages = [render(each, entry=label, source=use.source) for each in problems]
    if messages:
        raise error_listing(messages)


def _read(target: Target, use: Use) -> tuple[Declaration, list[Problem]]:
    said, function = use.said, target.function
    problems: list[Problem] = [*filter(None, [said_as_crontab(said)])]
    problems += [
        _unknown(name, value)
        for name, value in said.items()
        if name not in NAMES and name not in CRONTAB
    ]
    new = Declaration(
        identity=_identity(read_name(said, problems), target, use),
        execution=execution_of(use.names, function),
        target=target,
        schedule=read_schedule(use.schedule, said, problems),
        args=read_args(said, problems),
        kwargs=read_kwargs(said, problems),
        options=read_options(said, problems),
        policy=read_policy({name: said[name] for name in FIELDS if name in said}, problems),
        description=read_description(said, function, problems),
        tags=read_tags(said, problems),
        enabled=read_enabled(said, problems),
        source=use.source,
    )
    return new, problems + _problems_with_function(new, readable=not problems)


def _identity(name: str | None, target: Target, use: Use) -> Identity:
    function = target.function
    code = getattr(unwrap(function), "__code__", None) if function else None
    return Identity(
        declared_in=absolute(use.file),
        defined_in=absolute(getattr(code, "co_filename", use.file)),
        function=getattr(function, "__qualname__", f"line {use.source.line}"),
        task=target.name,
        name=name,
    )


def _problems_with_function(new: Declaration, *, readable: bool) -> list[Problem]:
    function = new.target.function
    signature = signature_of(function) if function is not None else None
    if function is None or signature is None:
        return []
    problem = problem_with_slot(slot_parameters(function, signature))
    if problem is None and readable:
        problem = misfit(function, new.args, new.kwargs, bound=new.target.bound)
    return [problem] if problem else []


def _unknown(name: str, value: Any) -> Problem:
    elsewhere = _ELSEWHERE.get(name)
    near = [elsewhere] if elsewhere else get_close_matches(name, NAMES, n=1, cutoff=0.6)
    if near and (near[0] in _WHEN or is_object(value)):
        remedy = meant_by(near[0], value)
    else:
        remedy = f"write {near[0]}=" if near else "the parameters are " + ", ".join(NAMES)
    return Problem(f"has {name}=, which @periodic does not know", remedy)


def _label(function: Any, use: Use, task: str | None = None) -> str:
    """Return the entry's name as far as it is known: an app may give the task another."""
    name = use.said.get("name")
    if isinstance(name, str) and name:
        return name
    if task:
        return task
    called = getattr(function, "__name__", None) or type(function).__name__
    return f"{module_name(function)}.{called}"
