"""Which task does an entry run, and what is it called in which app?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A task that may not exist yet.

    Attributes:
        task: What the decorated name is bound to: a task, or a proxy of one.
        function: The function that runs; None if only the task knows it.
        name: The task's name where it was given; None: each app makes it.
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
