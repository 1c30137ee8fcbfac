"""What stands below a @periodic, seen without evaluating it?

A task made by `@app.task` or `@shared_task` is a proxy, and asking it anything finalizes
an app, which must not happen while modules are being imported. So the function is looked
up inside the kinds of proxy that are known; another kind is asked when an app binds.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import getclosurevars, isfunction
from typing import Any

from celery.local import PromiseProxy, Proxy

from beatkit.registry.share import SharedTask
from beatkit.registry.target import Target


def target_of(task: Any) -> Target | None:
    """Look below a task or a proxy of one; None for anything else."""
    kind = type(task)  # not isinstance: it would ask the proxy for its class
    if issubclass(kind, PromiseProxy):
        return target_of(task._get_current_object()) if task.__evaluated__() else _promised(task)
    if issubclass(kind, Proxy):
        return _proxied(task)
    if isinstance(task, dict):
        return None  # a signature: it looks like a task, and what it carries would be lost
    if not isinstance(task, type) and callable(getattr(task, "apply_async", None)):
        return Target(task, getattr(task, "run", None), task.name, bound=False)
    return None


def _promised(task: Any) -> Target:
    """`@app.task` before the app is finalized: the call that will make the task."""
    args = object.__getattribute__(task, "_Proxy__args")
    options = object.__getattribute__(task, "_Proxy__kwargs")
    if len(args) != 1 or not isfunction(args[0]):
        return Target(task, None, None, None)
    return Target(task, args[0], options.get("name"), bool(options.get("bind")))


def _proxied(task: Any) -> Target:
    """A task of beatkit's own, or `@shared_task`: a closure over function and name."""
    made_by = object.__getattribute__(task, "_Proxy__local")
    owner = getattr(made_by, "__self__", None)
    if isinstance(owner, SharedTask):
        return Target(task, owner.function, None, bound=False)
    function, name = _closed_over(made_by)
    return Target(task, function, name, None)


def _closed_over(made_by: Any) -> tuple[Callable[..., Any] | None, str | None]:
    held = getclosurevars(made_by).nonlocals if isfunction(made_by) else {}
    function = held.get("fun")
    return (function, held.get("name")) if isfunction(function) else (None, None)
