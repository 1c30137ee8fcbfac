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

_newest: dict[tuple[str, str], SharedTask] = {}
"""The newest task made of each (module, function name), as Celery names tasks."""


class SharedTask:
    """A function that every app, finalized or not, has as a task.

    Args:
        function: What runs; its `__module__` and `__name__` make the task's name.
        home: Says through which app a call goes.
    """

    def __init__(self, function: Callable[..., Any], home: Callable[[], Any]) -> None:
        self.function = function
        self.home = home
        self.target = Target(Proxy(self.at_home), function, None, bound=False)

    def at_home(self) -> Any:
        """Return the task of this function in the app through which a call goes."""
        app = self.home()
        return app.tasks[self.target.name_in(app)]

    def share(self) -> None:
        """Register with every app, in place of an earlier function of that name."""
        key = (self.function.__module__, self.function.__name__)
        if key in _newest:
            _newest[key].withdraw()
        _newest[key] = self
        _state.connect_on_app_finalize(self._register)
        for app in _finalized_apps():
            self._register(app)

    def withdraw(self) -> None:
        """Take the task out of every app, present and future."""
        _state._on_app_finalizers.discard(self._register)
        for app in _finalized_apps():
            app.tasks.pop(self.target.name_in(app), None)

    def _register(self, app: Any) -> None:
        app.task(self.function, shared=False, lazy=False)


def _finalized_apps() -> list[Any]:
    return [app for app in tuple(_state._get_active_apps()) if app.finalized]
