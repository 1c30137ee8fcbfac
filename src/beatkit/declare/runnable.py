"""How does a plain function become one that a Celery task can run?"""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import isasyncgenfunction, iscoroutinefunction, isfunction, isgeneratorfunction, unwrap
from typing import Any

from beatkit.registry.module_name import module_name
from beatkit.registry.problem import Problem
from beatkit.worker.coroutine import run_in_worker


def unfit_to_run(decorated: object) -> Problem | None:
    """Return why no task can be made of what stands below @periodic; None if one can."""
    if isinstance(decorated, type) and hasattr(decorated, "apply_async"):
        name = decorated.__name__
        what = f"decorates the class {name}, expected the task that Celery makes of it"
        return Problem(what, f"write periodic(...)(app.register_task({name}()))")
    if not isfunction(decorated) or decorated.__name__ == "<lambda>":
        what = f"decorates {decorated!r}, expected a function or a task"
        return Problem(what, "write a function with def or async def, at the top of a module")
    if isgeneratorfunction(decorated) or isasyncgenfunction(decorated):
        what = (
            f"decorates the generator {decorated.__name__!r}, and a worker would run nothing of it"
        )
        return Problem(what, "write a function without yield that does the work")
    if _is_method(decorated):
        what = f"decorates the method {decorated.__qualname__!r}, and a worker has no object of it"
        return Problem(what, "write a function at the top of a module, or put @staticmethod above")
    return None


def _is_method(function: Callable[..., Any]) -> bool:
    owner = function.__qualname__.rpartition(".")[0]
    first = function.__code__.co_varnames[:1] if function.__code__.co_argcount else ()
    return bool(owner) and not owner.endswith("<locals>") and first in (("self",), ("cls",))


def runnable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what the task runs: the function itself, where nothing is in the way.

    An `async def`, also below a decorator that returns its coroutine, is run to its end on
    the worker's event loop. A function of the program's main module says the module's real
    name, by which `celery -A` knows the task.
    """
    run = run_in_worker(function) if iscoroutinefunction(unwrap(function)) else function
    module = module_name(function)
    if module == function.__module__:
        return run
    if run is function:
        run = _calling(function)
    run.__module__ = module
    return run


def _calling(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return run
