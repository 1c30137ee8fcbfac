"""How a plain function becomes a task of every app, as `shared_task` makes it.

Celery's own `shared_task` keeps the first function registered under a name. Here a module
that is executed again replaces its tasks, as it replaces its entries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import _state
from celery.local import Proxy

from beatkit.registry.target import Target

_shared: dict[tuple[str, str], SharedTask] = {}
"""The newest task made of each (module, function name), as Celery names tasks."""


class SharedTask:
    """A function that every app, finalized or not, has as a task.

    Args:
        function: What runs; its `__module__` and `__name__` make the task's name.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def name_in(self, app: Any) -> str:
        """Return the task's name in that app."""
        return str(app.gen_task_name(self.function.__name__, self.function.__module__))

    def in_current_app(self) -> Any:
        """Return the current app's task of this function."""
        app = _state.get_current_app()
        return app.tasks[self.name_in(app)]

    def register(self, app: Any) -> None:
        """Make the task in that app."""
        app.task(self.function, shared=False, lazy=False)

    def withdraw(self) -> None:
        """Take the task out of every app, present and future."""
        _state._on_app_finalizers.discard(self.register)
        for app in _finalized_apps():
            app.tasks.pop(self.name_in(app), None)


def _finalized_apps() -> list[Any]:
    return [app for app in tuple(_state._get_active_apps()) if app.finalized]


def task_of(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return the function that now has the task name that this one would take."""
    made = _shared.get((function.__module__, function.__name__))
    return made.function if made else None


def share(function: Callable[..., Any]) -> Target:
    """Make the function a task of every app, in place of an earlier one of its name."""
    key = (function.__module__, function.__name__)
    if key in _shared:
        _shared[key].withdraw()
    made = _shared[key] = SharedTask(function)
    _state.connect_on_app_finalize(made.register)
    for app in _finalized_apps():
        made.register(app)
    return Target(Proxy(made.in_current_app), function, None, bound=False)
