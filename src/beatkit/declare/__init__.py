"""@periodic: an entry of the schedule, declared beside the function that it runs."""

from __future__ import annotations

import sys
from functools import cache
from inspect import isfunction
from pathlib import Path
from typing import Any, Unpack

from beatkit.declare.decoration import Use, declare
from beatkit.declare.parameters import Parameters
from beatkit.declare.typed import Decorator, PeriodicTask
from beatkit.entry import Source
from beatkit.errors import DeclarationError
from beatkit.registry import Declarations
from beatkit.registry.below import target_of

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
        frame = sys._getframe(1)
        file, shown = _paths(frame.f_code.co_filename)
        source = Source(shown, frame.f_lineno)
        if isfunction(schedule) or target_of(schedule) is not None:
            raise DeclarationError(_NO_PARENTHESES.format(source))
        given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        use = Use(schedule, given, source, file, frame.f_globals)

        def decorate(task: Any, /) -> Any:
            return declare(task, use, self.declarations)

        return decorate


_NO_PARENTHESES = """\
@periodic stands without parentheses
  declared in {}
  write @periodic(seconds=60)"""


@cache
def _paths(file: str) -> tuple[str, str]:
    """Return a file's absolute path, and as people know it: from the current directory."""
    here = Path.cwd()
    path = here / file
    return str(path), str(path.relative_to(here) if path.is_relative_to(here) else path)


DEFAULT = Registry()
periodic = DEFAULT.periodic
