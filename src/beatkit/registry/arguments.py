"""Do an entry's arguments fit the function that it runs?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import Parameter, Signature, signature
from typing import Any

from beatkit.registry.problem import Problem, shown
from beatkit.registry.slot_parameter import slot_parameter

# From 3.14 on annotations are evaluated when asked for, and may name what is imported for
# type checkers only.
_UNEVALUATED: dict[str, Any] = (
    {"annotation_format": import_module("annotationlib").Format.FORWARDREF}
    if sys.version_info >= (3, 14)
    else {}
)


def signature_of(function: Callable[..., Any]) -> Signature | None:
    """Return the function's signature; None for what Python cannot tell, such as builtins."""
    try:
        return signature(function, **_UNEVALUATED)
    except (ValueError, TypeError):
        return None


def misfit(
    function: Callable[..., Any] | None,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    bound: bool | None,
) -> Problem | None:
    """Return why the function cannot be called so; None if it can, or nobody can tell.

    Args:
        function: What the task runs.
        args: Positional arguments of the entry.
        kwargs: Keyword arguments of the entry.
        bound: Whether the function takes the task first. None: not known, and then only
            what fits neither way is reported.
    """
    declared = signature_of(function) if function is not None else None
    if function is None or declared is None:
        return None
    takes = _without(declared, slot_parameter(function, declared))
    reasons = [_reason(takes, (None,) * first + args, kwargs) for first in _firsts(bound)]
    if not all(reasons):
        return None
    return Problem(
        f"{_written(args, kwargs)} do not fit {_shown(function, takes, bound)}: {reasons[0]}",
        _remedy(takes, bound),
    )


def _firsts(bound: bool | None) -> tuple[int, ...]:
    """How many arguments Celery itself may put in front."""
    return (0, 1) if bound is None else (int(bound),)


def _without(declared: Signature, name: str | None) -> Signature:
    kept = [each for each in declared.parameters.values() if each.name != name]
    return declared.replace(parameters=kept)


def _reason(takes: Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    try:
        takes.bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return None


def _written(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    parts = [f"args={shown(list(args))}"] if args or not kwargs else []
    if kwargs:
        parts.append(f"kwargs={shown(dict(kwargs))}")
    return " and ".join(parts)


def _shown(function: Callable[..., Any], takes: Signature, bound: bool | None) -> str:
    wanted = list(takes.parameters.values())[bool(bound) :]
    plain = [each.replace(annotation=Parameter.empty) for each in wanted]
    return f"{getattr(function, '__name__', 'the task')}{Signature(plain)}"


def _remedy(takes: Signature, bound: bool | None) -> str:
    wanted = list(takes.parameters.values())[bool(bound) :]
    if wanted and wanted[0].name == "self" and not bound:
        return "write @app.task(bind=True) below it if self shall be the task, or leave self out"
    positional = [
        each.name for each in wanted if _required(each) and each.kind is not Parameter.KEYWORD_ONLY
    ]
    named = [
        each.name for each in wanted if _required(each) and each.kind is Parameter.KEYWORD_ONLY
    ]
    parts = [f"args=[{', '.join(positional)}]"] if positional else []
    if named:
        parts.append("kwargs={" + ", ".join(f'"{name}": ...' for name in named) + "}")
    return (
        "write " + ", ".join(parts)
        if parts
        else "it needs no arguments: leave out args and kwargs, or make them fit"
    )


def _required(parameter: Parameter) -> bool:
    variadic = parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return parameter.default is Parameter.empty and not variadic
