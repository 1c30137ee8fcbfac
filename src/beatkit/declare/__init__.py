"""@periodic: the declaration of an entry, beside the function that it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, ParamSpec, Protocol, TypeVar, overload

from beatkit.entry import Policy, Source
from beatkit.registry import Declaration, Declarations
from beatkit.registry.declaration import Identity
from beatkit.registry.share import share
from beatkit.registry.target import target_of

P = ParamSpec("P")
R = TypeVar("R")


class Registry:
    """The scope of declarations."""

    def __init__(self) -> None:
        self.declarations = Declarations()

    def periodic(
        self,
        schedule: Any = None,
        /,
        *,
        seconds: float | timedelta | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> Any:
        frame = sys._getframe(1)
        source = Source(frame.f_code.co_filename, frame.f_lineno)

        def decorate(task: Any) -> Any:
            target = target_of(task) or share(task)
            function = target.function
            self.declarations.add(
                Declaration(
                    identity=Identity(source.file, getattr(function, "__qualname__", ""), name),
                    execution=None,
                    target=target,
                    schedule=_every(seconds),
                    args=tuple(args),
                    kwargs=dict(kwargs or {}),
                    options={},
                    policy=Policy(),
                    description="",
                    tags=(),
                    enabled=True,
                    source=source,
                )
            )
            return target.task

        return decorate


def _every(seconds: Any) -> Any:
    try:
        from beatkit.schedules.celery import every
    except ImportError:
        from celery.schedules import schedule

        return schedule(seconds)
    return every(seconds=seconds)


DEFAULT = Registry()
periodic = DEFAULT.periodic
