"""Is this a policy? One reader for decorators and for `beatkit_policies`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from beatkit.entry import CatchUp, Overlap, Policy
from beatkit.registry.number import duration
from beatkit.registry.problem import Problem

FIELDS: tuple[str, ...] = Policy.__slots__
_CHOICES: dict[str, tuple[str, ...]] = {"catch_up": get_args(CatchUp), "overlap": get_args(Overlap)}


def read_policy(values: Mapping[str, Any], problems: list[Problem]) -> Policy:
    """Return the policy that the given fields make, the rest by default.

    Args:
        values: Fields of `Policy`, durations in seconds or as timedelta. None means not
            given.
        problems: Takes what is wrong.
    """
    given = {name: value for name, value in values.items() if value is not None}
    found = list(_problems(given))
    problems += found
    if found:
        return Policy()
    for name in ("deadline", "jitter"):
        if name in given:
            given[name] = duration(given[name])
    given.setdefault("coalesce", given.get("catch_up", "latest") == "latest")
    return Policy(**given)


def _problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    for name, choices in _CHOICES.items():
        if name in given and given[name] not in choices:
            yield _not_one_of(name, given[name], choices)
    for name in ("coalesce", "even_when_paused"):
        if name in given and not isinstance(given[name], bool):
            yield Problem(
                f"{name} is {given[name]!r}, expected True or False", f"write {name}=True"
            )
    if "deadline" in given and not (duration(given["deadline"]) or 0) > 0:
        yield Problem(
            f"deadline is {given['deadline']!r}, expected seconds above 0, or a timedelta",
            "write deadline=300, or leave it out for no limit",
        )
    if "jitter" in given and not _at_least_zero(given["jitter"]):
        yield Problem(
            f"jitter is {given['jitter']!r}, expected seconds from 0, or a timedelta",
            "write jitter=30, or leave it out for none",
        )


def _at_least_zero(value: object) -> bool:
    seconds = duration(value)
    return seconds is not None and seconds >= 0


def _not_one_of(name: str, value: object, choices: tuple[str, ...]) -> Problem:
    listed = ", ".join(repr(choice) for choice in choices)
    return Problem(f"{name} is {value!r}, expected one of {listed}", f"write {name}={choices[0]!r}")
