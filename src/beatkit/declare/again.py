"""Is this the same declaration once more, or another one under its name?

A module that is executed again (a reload, a second import path, a notebook's cell) replaces
what it declared. Within one execution nothing may take another's place unseen: a task that
bills people must not vanish because a later one has the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import unwrap
from typing import Any

from beatkit.registry import Declaration, Declarations
from beatkit.registry.declaration import Execution
from beatkit.registry.module_name import file_of
from beatkit.registry.problem import Problem


def execution_of(declaring: Mapping[str, Any], function: Callable[..., Any] | None) -> Execution:
    """Return which execution of its modules a declaration belongs to.

    Args:
        declaring: The globals of the module with the decorator.
        function: What is decorated; None if it cannot be seen.
    """
    defining = getattr(unwrap(function), "__globals__", declaring) if function else declaring
    return Execution((_of_module(declaring), _of_module(defining)))


def _of_module(names: Mapping[str, Any]) -> object:
    if file_of(names) is None:
        return object()  # an interactive prompt: each input is an execution of its own
    # Importing and reloading give a module a new spec; a program's main module has none.
    return names.get("__spec__")


def taken(new: Declaration, declarations: Declarations) -> Problem | None:
    """Return why the declaration cannot stand beside those there are, or take one's place."""
    same = declarations.get(new.identity)
    if same is not None:
        again = not same.execution.is_that_of(new.execution) or _repeats(new, same)
        return None if again else _stands_already(new, same)
    function = new.target.function
    other = declarations.of_task(function) if function is not None else None
    if other is None or other.target.function == function:
        return None
    if other.target.name != new.target.name:
        return None
    return _task_taken(new, other) if other.execution.is_that_of(new.execution) else None


def _repeats(new: Declaration, same: Declaration) -> bool:
    """One decorator executed twice, as in an application factory that is called twice."""
    return new.source == same.source and _content(new) == _content(same)


def _content(declaration: Declaration) -> tuple[object, ...]:
    return (
        declaration.schedule,
        declaration.args,
        declaration.kwargs,
        declaration.options,
        declaration.policy,
    )


def _stands_already(new: Declaration, same: Declaration) -> Problem:
    if new.identity.name is not None:
        what = f"is declared already, in {same.source}"
    elif new.target.function == same.target.function:
        what = f"is one of several schedules of this task; another stands in {same.source}"
    else:
        what = f"has the name of another task, declared in {same.source}"
    return Problem(what, 'write a name of its own: name="..."')


def _task_taken(new: Declaration, other: Declaration) -> Problem:
    name = getattr(new.target.function, "__name__", "")
    what = f"runs a {name!r} whose task name another {name!r} has, declared in {other.source}"
    return Problem(what, "write functions with different names, or one function with args=")
