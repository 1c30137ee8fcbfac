"""@periodic: an entry of the schedule, declared beside the function that it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Unpack

from beatkit.declare.decoration import Use, declare
from beatkit.declare.parameters import Parameters
from beatkit.declare.typed import Decorator, PeriodicTask
from beatkit.entry import Source
from beatkit.registry import Declarations

__all__ = ["DEFAULT", "Decorator", "Parameters", "PeriodicTask", "Registry", "periodic"]


class Registry:
    """A scope of declarations: the apps made with it have its entries, and no others.

    Most programs need none: `beatkit.periodic` declares in a default registry, which
    `make_app` uses unless told otherwise. Make one for each app where a process has two.

        billing = Registry()

        @billing.periodic(cron="0 2 * * *")
        def close_day() -> None: ...

        app = make_app("billing", registry=billing)
    """

    def __init__(self) -> None:
        self.declarations = Declarations()

    def periodic(self, schedule: Any = None, /, **said: Unpack[Parameters]) -> Decorator:
        """Declare that the decorated task runs on a schedule."""
        given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        frame = sys._getframe(1)
        file = Path.cwd() / frame.f_code.co_filename
        source = Source(_shown(file), frame.f_lineno)
        use = Use(schedule, given, source, str(file), frame.f_globals)

        def decorate(task: Any, /) -> Any:
            return declare(task, use, self.declarations)

        return decorate


def _shown(file: Path) -> str:
    """Return the path as people know it: relative, if it lies below the current directory."""
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


DEFAULT = Registry()
periodic = DEFAULT.periodic
