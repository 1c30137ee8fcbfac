"""With what: the arguments of each run, and the options of its message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from beatkit.registry.number import duration
from beatkit.registry.problem import Problem, shown

NAMED = ("queue", "priority", "routing_key", "headers", "expires")
"""The options of `apply_async` that have a parameter of their own."""

_REFUSED = {
    "args": "write args= beside options=",
    "kwargs": "write kwargs= beside options=",
    "task_id": "leave it out: each slot has a task id of its own",
    "eta": "leave it out, or write options={'countdown': 10} for a delay after each slot",
    "producer": "leave it out: the beat has its own",
    "connection": "leave it out: the beat has its own",
}


def read_args(said: Mapping[str, Any], problems: list[Problem]) -> tuple[Any, ...]:
    """Return the positional arguments."""
    args = said.get("args")
    if args is None:
        return ()
    if isinstance(args, list | tuple):
        return tuple(own(each) for each in args)
    what = f"args is {shown(args)}, expected a list"
    meant = shown(list(args)) if isinstance(args, set | frozenset) else f"[{shown(args)}]"
    problems.append(Problem(what, f"write args={meant}"))
    return ()


def own(value: Any) -> Any:
    """Return a value of which later changes of its lists and mappings are no part.

    What was declared is what is sent, by every beat alike: a list that a module goes on
    filling would be another one in each process. Objects of other kinds stay themselves.
    """
    kind = type(value)
    if kind in (list, tuple, set):
        return kind(own(each) for each in value)
    return {key: own(each) for key, each in value.items()} if kind is dict else value


def read_kwargs(said: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Return the keyword arguments."""
    kwargs = said.get("kwargs")
    if kwargs is None:
        return {}
    if isinstance(kwargs, Mapping) and all(isinstance(key, str) for key in kwargs):
        return {key: own(value) for key, value in kwargs.items()}
    what = f"kwargs is {shown(kwargs)}, expected a mapping with text keys"
    problems.append(Problem(what, 'write kwargs={"word": "hi"}'))
    return {}


def read_options(said: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Return what `apply_async` gets; durations in seconds."""
    named = {name: said[name] for name in NAMED if said.get(name) is not None}
    more = said.get("options") or {}
    if not isinstance(more, Mapping):
        what = f"options is {shown(more)}, expected a mapping"
        problems.append(Problem(what, 'write options={"compression": "gzip"}'))
        more = {}
    problems += _refused(more)
    problems += [_twice(name) for name in named if name in more]
    options = {key: own(value) for key, value in {**more, **named}.items()}
    problems += _bad_values(options)
    if said.get("deadline") is not None and "expires" in options:
        what = f"has deadline {said['deadline']!r} and expires {options['expires']!r}, expected one"
        problems.append(Problem(what, "write deadline alone: it is the message's expiry too"))
    seconds = duration(options.get("expires"))
    return options if seconds is None else {**options, "expires": seconds}


def _refused(more: Mapping[Any, Any]) -> Iterator[Problem]:
    if not more:
        return
    from beatkit.settings.nearest import nearest
    from beatkit.settings.send_options import SEND

    for key in more:
        near = None if key in SEND else nearest(str(key), SEND)
        if key in _REFUSED:
            yield Problem(f"options has {key!r}, which no entry can have", _REFUSED[key])
        elif near:
            # A name that is near to none may be an overridden apply_async's own.
            yield Problem(
                f"options has {key!r}, which apply_async does not know", f"write {near!r}"
            )


def _twice(name: str) -> Problem:
    return Problem(
        f"has {name} as a parameter and in options, expected one", f"write {name}= alone"
    )


def _bad_values(options: Mapping[Any, Any]) -> Iterator[Problem]:
    for name in ("queue", "routing_key"):
        if name in options and not (isinstance(options[name], str) and options[name]):
            remedy = f'write {name}="reports"'
            yield Problem(f"{name} is {shown(options[name])}, expected a name", remedy)
    if "priority" in options and not _is_priority(options["priority"]):
        what = f"priority is {options['priority']!r}, expected a whole number from 0 to 255"
        yield Problem(what, "write priority=5; most brokers know 0 to 9")
    if "expires" in options and not (duration(options["expires"]) or 0) > 0:
        what = f"expires is {options['expires']!r}, expected seconds above 0, or a timedelta"
        yield Problem(what, "write expires=60, counted from each slot")
    if "headers" in options:
        yield from _bad_headers(options["headers"])


def _is_priority(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255


def _bad_headers(headers: object) -> Iterator[Problem]:
    if not isinstance(headers, Mapping) or not all(isinstance(key, str) for key in headers):
        what = f"headers is {shown(headers)}, expected a mapping with text keys"
        yield Problem(what, 'write headers={"tenant": "acme"}')
        return
    for key in headers:
        if key.startswith("beatkit-"):
            yield Problem(f"headers has {key!r}, a name that beatkit uses", "write another name")
