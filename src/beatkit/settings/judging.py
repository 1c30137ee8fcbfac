"""From named values to fitted ones: layers, converters, rules; every flaw with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beatkit.settings import kinds
from beatkit.settings.catalog import SETTINGS
from beatkit.settings.naming import Given
from beatkit.settings.problems import Flaw, Problem, Unfit
from beatkit.settings.redaction import Secret, guard
from beatkit.settings.rules import broken_rules

_NEEDED = frozenset({"broker_url"})


@dataclass(frozen=True, slots=True)
class Judged:
    """The settings that are in force, and what is wrong with them.

    Attributes:
        values: Setting -> fitted value, of all that were given.
        extras: Keys of extensions, as they were given.
        given: Setting or key -> what gave it.
        overridden: Setting or key -> what gave it in vain, the nearest first.
        problems: What raises, and what does not.
    """

    values: Mapping[str, Any]
    extras: Mapping[str, Any]
    given: Mapping[str, Given]
    overridden: Mapping[str, Sequence[Given]]
    problems: Sequence[Problem]


def judge(layers: Iterable[Iterable[Given]]) -> Judged:
    """Put layers of settings over one another and judge what is in force.

    Args:
        layers: What each source gives; an earlier one wins over a later one.
    """
    given, overridden = _overlay(layers)
    raw = {name: each.value for name, each in given.items() if not each.extension}
    values, flaws = _fit(raw)
    flaws += broken_rules(values)
    problems = [_problem(flaw, given) for flaw in flaws]
    problems += [p for each in given.values() for p in _notes(each)]
    extras = {name: guard(each.value, name) for name, each in given.items() if each.extension}
    return Judged(values, extras, given, overridden, problems)


def _overlay(
    layers: Iterable[Iterable[Given]],
) -> tuple[dict[str, Given], dict[str, list[Given]]]:
    given: dict[str, Given] = {}
    overridden: dict[str, list[Given]] = {}
    empty: dict[str, Given] = {}
    for each in (each for layer in layers for each in layer):
        if not _is_set(each):
            empty.setdefault(each.name, each)
        elif each.name in given:
            overridden.setdefault(each.name, []).append(each)
        else:
            given[each.name] = each
    # An empty broker_url is surely a slip: os.environ.get() of a variable that is not there.
    return {name: empty[name] for name in _NEEDED & empty.keys() - given.keys()} | given, overridden


def _is_set(each: Given) -> bool:
    """None and empty text mean "not set", except where they are a value."""
    if each.extension:
        return True
    setting = SETTINGS[each.name]
    if isinstance(each.value, str) and not each.value.strip():
        return setting.kind == "Text"
    return each.value is not None or bool(setting.none)


def _fit(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Flaw]]:
    """Convert each value; what cannot be converted is left out, so that rules see the rest."""
    values: dict[str, Any] = _own_backend(raw)
    flaws: list[Flaw] = []
    for name in (name for name in SETTINGS if name in raw and name not in values):
        try:
            values[name] = kinds.fit(SETTINGS[name].kind, raw[name])
        except ValueError as error:
            flaws += _flaws_of(name, error)
    return {name: _guarded(name, value) for name, value in values.items()}, flaws


def _own_backend(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A result backend that override_backends names is known to the user alone."""
    named, backend = raw.get("override_backends"), raw.get("result_backend")
    if isinstance(named, Mapping) and isinstance(backend, str):
        word = backend.partition("://")[0].partition("+")[0]
        return {"result_backend": backend} if word in named else {}
    return {}


def _flaws_of(name: str, error: ValueError) -> list[Flaw]:
    found = error.flaws if isinstance(error, Unfit) else (Flaw("cannot be used"),)
    return [
        Flaw(flaw.said if not SETTINGS[name].secret else "has a value of the wrong kind",
             flaw.kind, flaw.path, flaw.suggestion, flaw.remedy, name)
        for flaw in found
    ]  # fmt: skip


def _guarded(name: str, value: Any) -> Any:
    if SETTINGS[name].secret and isinstance(value, str):
        return Secret(value)
    return guard(value, name)


def _problem(flaw: Flaw, given: Mapping[str, Given]) -> Problem:
    origin = given[flaw.name]
    key = ".".join((origin.key, *flaw.path))
    lines = [f"{key} {flaw.said}", f"  from {_place(origin)}"]
    lines += [f"  {line}" for line in flaw.remedy.splitlines()]
    return Problem(flaw.kind, key, flaw.suggestion, origin.where, "\n".join(lines))


def _place(origin: Given) -> str:
    return origin.where.removeprefix(f"{origin.key} in ")


def _notes(each: Given) -> Iterable[Problem]:
    """What the catalogue knows about a setting, whatever its value."""
    setting = SETTINGS.get(each.name)
    if setting is None:
        return
    if setting.deprecated:
        message = f"{each.key} is deprecated\n  from {_place(each)}\n  write {setting.deprecated}"
        yield Problem("deprecated", each.key, None, each.where, message)
    if setting.since and _celery() < _version(setting.since):
        message = (
            f"{each.key} has no effect: it needs Celery {setting.since} or newer\n"
            f"  from {_place(each)}"
        )
        yield Problem("warning", each.key, None, each.where, message)


def _celery() -> tuple[int, ...]:
    import celery

    return _version(celery.__version__)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])
