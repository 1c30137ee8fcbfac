"""Which parameter of a task's function does the worker fill in with its Slot?

A keyword-only parameter annotated `Slot | None`, with None as its default: so the task can
still be called by hand, and Celery's own check of arguments knows nothing of it.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from inspect import Parameter, Signature, unwrap
from typing import Any, get_args

from beatkit.entry import Slot
from beatkit.registry.problem import Problem

# What the annotation reads like where it cannot be evaluated, because its names are
# imported for type checkers only.
_WRITTEN = re.compile(
    r"(beatkit\.)?Slot \| None|None \| (beatkit\.)?Slot|(typing\.)?Optional\[(beatkit\.)?Slot\]"
)
_WORD = re.compile(r"\w+")
_REMEDY = "write it as the last parameter: *, slot: Slot | None = None"


def slot_parameters(function: Callable[..., Any], signature: Signature) -> list[Parameter]:
    """Return the parameters whose annotation speaks of beatkit's Slot, right or wrong.

    Their annotations are evaluated.
    """
    names = getattr(unwrap(function), "__globals__", {})
    read = [
        each.replace(annotation=_evaluated(each, names)) for each in signature.parameters.values()
    ]
    return [each for each in read if _mentions_slot(each.annotation)]


def slot_parameter(function: Callable[..., Any], signature: Signature) -> str | None:
    """Return the name of the parameter that the worker fills in, if there is one."""
    found = slot_parameters(function, signature)
    return found[0].name if len(found) == 1 and not problem_with_slot(found) else None


def problem_with_slot(found: list[Parameter]) -> Problem | None:
    """Return what is wrong with the shape of the given Slot parameters."""
    if len(found) > 1:
        names = ", ".join(repr(each.name) for each in found)
        return Problem(f"parameters {names} all ask for the Slot, expected one at most", _REMEDY)
    for each in found:
        if each.kind is not Parameter.KEYWORD_ONLY:
            return Problem(f"Slot parameter {each.name!r} is not keyword-only", _REMEDY)
        if each.default is not None:
            return Problem(f"Slot parameter {each.name!r} has no default of None", _REMEDY)
        if each.annotation is Slot:
            return Problem(f"Slot parameter {each.name!r} does not allow for None", _REMEDY)
        if set(get_args(each.annotation)) != {Slot, types.NoneType}:
            written = str(each.annotation).replace("beatkit.entry.Slot", "Slot")
            what = f"Slot parameter {each.name!r} is annotated {written}, expected Slot | None"
            return Problem(what, _REMEDY)
    return None


def _evaluated(parameter: Parameter, names: dict[str, Any]) -> Any:
    annotation = getattr(parameter.annotation, "__forward_arg__", parameter.annotation)
    while isinstance(annotation, str) and _may_mention_slot(annotation, names):
        try:
            annotation = eval(annotation, names)  # the module's own annotation
        except Exception:  # noqa: BLE001 - it may raise anything, and then it is read as text
            return Slot | None if _WRITTEN.fullmatch(annotation) else annotation
    return annotation


def _may_mention_slot(text: str, names: dict[str, Any]) -> bool:
    """Whether a written annotation is worth its evaluation, which runs the user's module."""
    return "Slot" in text or any(_mentions_slot(names.get(word)) for word in _WORD.findall(text))


def _mentions_slot(annotation: Any) -> bool:
    return annotation is Slot or any(map(_mentions_slot, get_args(annotation)))
