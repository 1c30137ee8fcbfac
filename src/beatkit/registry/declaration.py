"""What was declared: one Declaration for each use of @periodic, and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakValueDictionary

from celery._state import get_current_app

from beatkit.entry import Policy, Source
from beatkit.registry.target import Target


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two declarations the same one, executed again.

    Attributes:
        declared_in: Absolute path of the file with the decorator.
        defined_in: Absolute path of the file with the function.
        function: Qualified name of the function.
        task: The task's name as written; None where each app makes it.
        name: The entry's name as written; None for the default.
    """

    declared_in: str
    defined_in: str
    function: str
    task: str | None
    name: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Execution:
    """One execution of the modules that declare: an import, a reload, a notebook's cell.

    Attributes:
        modules: Objects that each execution has anew; compared by identity.
    """

    modules: tuple[object, ...]

    def is_that_of(self, other: Execution) -> bool:
        """Whether both were declared without any module being executed in between."""
        return all(mine is theirs for mine, theirs in zip(self.modules, other.modules, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """What one use of @periodic said, checked as far as it can be without an app.

    Attributes:
        identity: Which declaration this is, whenever it is executed.
        execution: Tells a second use from the same one executed again.
        target: The decorated task.
        schedule: Not yet bound to an app's time zone.
        args: Positional arguments of each run.
        kwargs: Keyword arguments of each run.
        options: What `apply_async` takes.
        policy: What may happen to a late, missed or overtaken slot.
        description: One line for people.
        tags: Labels to select entries by.
        enabled: A callable is asked when an app binds the declaration.
        source: Where it stands.
    """

    identity: Identity
    execution: Execution
    target: Target
    schedule: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    options: Mapping[str, Any]
    policy: Policy
    description: str
    tags: tuple[str, ...]
    enabled: bool | Callable[[], bool]
    source: Source


class Listener(Protocol):
    """What wants to hear of declarations made after it has read the list: an app's binding."""

    app: Any

    def added(self, declaration: Declaration) -> None:
        """A module declared something new."""

    def replaced(self) -> None:
        """A module was executed again and declared anew what was known."""


class Declarations:
    """The declarations of one registry, in the order in which they were made.

    Args:
        of_current_app: Whether calls of its tasks go through whatever app is current, as
            those of `shared_task` do; else through an app that has these declarations.
    """

    def __init__(self, *, of_current_app: bool = False) -> None:
        self._of_current_app = of_current_app
        self._by_identity: dict[Identity, Declaration] = {}
        self._by_function: dict[tuple[str, str], Declaration] = {}
        self._listeners: WeakValueDictionary[int, Listener] = WeakValueDictionary()

    def __iter__(self) -> Iterator[Declaration]:
        return iter(tuple(self._by_identity.values()))

    def __len__(self) -> int:
        return len(self._by_identity)

    def get(self, identity: Identity) -> Declaration | None:
        """Return the declaration made under that identity, if any."""
        return self._by_identity.get(identity)

    def of_task(self, function: Callable[..., Any]) -> Declaration | None:
        """Return the newest declaration whose function Celery would name as this one."""
        return self._by_function.get((function.__module__, function.__name__))

    def add(self, declaration: Declaration) -> None:
        """Keep a declaration; one of the same identity is replaced."""
        again = self._by_identity.pop(declaration.identity, None)
        self._by_identity[declaration.identity] = declaration
        function = declaration.target.function
        if function is not None:
            self._by_function[function.__module__, function.__name__] = declaration
        for listener in self.listeners():
            listener.replaced() if again else listener.added(declaration)

    def listeners(self) -> tuple[Listener, ...]:
        """Return who is told of later declarations: the bindings of living apps."""
        return tuple(self._listeners.values())

    def tell(self, listener: Listener) -> None:
        """Tell `listener` of later declarations, for as long as it lives."""
        self._listeners[id(listener)] = listener

    def app(self) -> Any:
        """Return the app through which its tasks are called here and now.

        Returns:
            The current app if it has these declarations, else the newest that has them.
        """
        current = get_current_app()
        apps = [] if self._of_current_app else [each.app for each in self.listeners()]
        return current if not apps or current in apps else apps[-1]
