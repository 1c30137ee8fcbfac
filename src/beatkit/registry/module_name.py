"""What is this module called where `celery -A` imports it?

A module run as a program is `__main__`; the worker beside it imports the same file by its
name. A task named `__main__.hello` would be unknown there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import unwrap
from pathlib import PurePath
from typing import Any

# The second is what multiprocessing calls the program's module in a spawned process.
_MAIN = ("__main__", "__mp_main__")


def module_name(function: Callable[..., Any]) -> str:
    """Return the function's module as an import would name it.

    Returns:
        `__main__` only where there is no file: at the interactive prompt.
    """
    module = getattr(function, "__module__", None) or "__main__"
    if module not in _MAIN:
        return str(module)
    names = getattr(unwrap(function), "__globals__", {})
    spec = names.get("__spec__")
    if spec is not None:  # python -m package.module
        return str(spec.name)
    file = file_of(names)
    return PurePath(file).stem if file else "__main__"


def file_of(names: Mapping[str, Any]) -> str | None:
    """Return the file of the module with these globals; None at the interactive prompt."""
    file = names.get("__file__")
    return None if file is None or file.startswith("<") else str(file)


def outside_main(task: str, function: Callable[..., Any] | None) -> str:
    """Return a task's name with the real module in place of `__main__`."""
    module, _, rest = task.partition(".")
    if module in _MAIN and rest and function is not None:
        return f"{module_name(function)}.{rest}"
    return task
