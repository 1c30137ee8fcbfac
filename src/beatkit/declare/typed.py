"""What type checkers and editors know of a decorated function: it keeps its signature."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from celery.result import AsyncResult

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class PeriodicTask(Protocol[P, R_co]):
    """The Celery task that a decorated function has become.

    At run time it is that task (or Celery's proxy of it), with everything a task has.
    """

    @property
    def name(self) -> str:
        """The task's registered name."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Run the function here and now. An `async def` is run to its end."""

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResult:
        """Have a worker run it."""

    def apply_async(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> AsyncResult:
        """Have a worker run it, with Celery's options of a call."""


class Decorator(Protocol):
    """What `periodic(...)` returns."""

    @overload
    def __call__(self, task: Callable[P, Coroutine[Any, Any, R]], /) -> PeriodicTask[P, R]: ...

    @overload
    def __call__(self, task: Callable[P, R], /) -> PeriodicTask[P, R]: ...
