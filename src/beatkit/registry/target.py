"""What stands below a @periodic: which function, and which task name in which app.

A task made by `@app.task` or `@shared_task` is a proxy, and asking it anything finalizes
an app, which must not happen while modules are being imported. So the function is looked
up inside the two kinds of proxy; a proxy of another kind is asked when an app binds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import getclosurevars
from typing import Any

from celery.local import PromiseProxy, Proxy


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A task that may not exist yet.

    Attributes:
        task: What the decorated name is bound to: a task or a proxy of one.
        function: The function that runs; None if only the task knows it.
        name: The task's name where it was given; None: the app makes it.
        bound: Whether the function takes the task as its first argument; None: unknown.
    """

    task: Any
    function: Callable[..., Any] | None
    name: str | None
    bound: bool | None

    def name_in(self, app: Any) -> str:
        """Return the name under which this task stands in that app's registry."""
        if self.name is not None:
            return self.name
        if self.function is None:
            return str(self.task.name)
        return str(app.gen_task_name(self.function.__name__, self.function.__module__))


def target_of(task: Any) -> Target | None:
    """Look below a task or a proxy of one, evaluating nothing; None for anything else."""
    if issubclass(type(task), PromiseProxy) and not task.__evaluated__():
        return _promised(task)
    if issubclass(type(task), PromiseProxy):
        return target_of(task._get_current_object())
    if issubclass(type(task), Proxy):
        return _shared(task)
    if callable(getattr(task, "apply_async", None)) and getattr(task, "name", None):
        return Target(task, getattr(task, "run", None), task.name, bound=False)
    return None


def _promised(task: Any) -> Target:
    """`@app.task` before the app is finalized: the call that will make the task."""
    args = object.__getattribute__(task, "_Proxy__args")
    options = object.__getattribute__(task, "_Proxy__kwargs")
    if len(args) != 1 or not callable(args[0]):
        return Target(task, None, None, None)
    return Target(task, args[0], options.get("name"), bool(options.get("bind")))


def _shared(task: Any) -> Target:
    """`@shared_task`: a closure over the function and the name, if one was given."""
    made_by = object.__getattribute__(task, "_Proxy__local")
    held = getclosurevars(made_by).nonlocals if hasattr(made_by, "__closure__") else {}
    function = held.get("fun")
    if not callable(function):
        return Target(task, None, None, None)
    return Target(task, function, held.get("name"), None)
