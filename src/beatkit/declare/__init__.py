"""@periodic: an entry of the schedule, declared beside the function that it runs."""

from __future__ import annotations

import sys
from inspect import isfunction
from typing import Any, Unpack

from beatkit.declare.decoration import Use, declare
from beatkit.declare.parameters import Parameters
from beatkit.declare.place import known_as
from beatkit.declare.typed import Decorator, PeriodicTask
from beatkit.entry import Source
from beatkit.errors import DeclarationError
from beatkit.registry import Declarations
from beatkit.registry.below import target_of

__all__ = ["DEFAULT", "Decorator", "Parameters", "PeriodicTask", "Registry", "periodic"]


class Registry:
    """A scope of declarations: the apps made with it have its entries, and no others.

    Most programs need none: `beatkit.periodic` declares in a default registry, which
    `make_app` uses unless told otherwise. Make one for each app where a process has two:
    then `close_day.delay()` goes to the broker of its own app, whichever is current.

        billing = Registry()

        @billing.periodic(cron="0 2 * * *")
        def close_day() -> None: ...

        app = make_app("billing", registry=billing)
    """

    def __init__(self) -> None:
        self.declarations = Declarations()

    def periodic(self, schedule: Any = None, /, **said: Unpack[Parameters]) -> Decorator:
        """Declare that the decorated task runs on a schedule.

        Stands above a plain function (which becomes a Celery task, named as `shared_task`
        would name it), above a task, or above an `async def`. Usable before any app exists,
        and stackable: each use is an entry of its own, under a `name` of its own. Executing
        the same declaration again replaces it.

        Numbers are seconds, and a timedelta may stand wherever a duration does. What is None
        counts as not given.

        Args:
            schedule: `every(...)`, `cron(...)`, `at(...)`, `solar(...)` or one of Celery's
                schedules, in place of the parameters that say when.
            **said: When it is due:
                seconds, minutes, hours, days, weeks: An interval; they add up.
                offset: Shifts the slots of an interval, from 0 up to the interval; "hash"
                    takes a stable share of it by the entry's name.
                cron: A cron expression, or several.
                timezone: IANA name, for `cron`; the app's by default.
                gap: "run" or "skip" what a change of the clocks skips, for `cron`.
                fold: "first" pass or "both" of a repeated hour, for `cron`.
                jitter: Delays each send by up to so much, by a hash of the slot.
            With what:
                args, kwargs: Arguments of each run. They must fit the function.
                queue, priority, routing_key, headers: As `apply_async` takes them.
                expires: No worker starts a run later than that after its slot.
                options: Anything else that `apply_async` takes.
            What may happen to it:
                catch_up: Of the slots that came due while no beat ran, send the "latest"
                    (the default) or "all".
                coalesce: A run is skipped when another of this entry has started since its
                    slot came due; by default True with "latest" and False with "all".
                deadline: No run starts later than that after its slot; in place of expires.
                overlap: When the previous run has not ended: "allow", "skip", "buffer_one".
                even_when_paused: Send it also while a pause of many is in force.
            What it is:
                name: Of the entry; the task's by default.
                description: One line; the docstring's first by default.
                enabled: False, or a callable that an app asks once: it is listed, not sent.
                tags: Labels to select entries by.

        Returns:
            A decorator that returns the task, as a `PeriodicTask` with the function's types.

        Raises:
            DeclarationError: It cannot work: a value, the schedule, the arguments, a name
                that is taken. Lists everything that is wrong with it.
        """
        frame = sys._getframe(1)
        file = frame.f_code.co_filename
        source = Source(known_as(file), frame.f_lineno)
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


DEFAULT = Registry()
DEFAULT.declarations = Declarations(of_current_app=True)
periodic = DEFAULT.periodic
