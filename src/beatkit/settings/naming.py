"""Judge the names in one source: which settings they give, and which of them are wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from beatkit.settings import former
from beatkit.settings.catalog import OLD_NAMES, SETTINGS
from beatkit.settings.problems import Kind, Problem
from beatkit.settings.redaction import redact
from beatkit.settings.sources import Source
from beatkit.settings.spelling import (
    Key,
    Spelling,
    group_of,
    plain_name,
    spelling_of,
    suggestion,
    unprefixed,
    with_prefix,
)
from beatkit.settings.values import shown


@dataclass(frozen=True, slots=True)
class Given:
    """A setting that a source gives.

    Attributes:
        name: The setting, or the key of an extension.
        key: As the user wrote it.
        value: As the user wrote it.
        where: Where it stands, for people who do not see the key beside it.
        extension: Whether it is an extension's, to be passed on untouched.
    """

    name: str
    key: str
    value: Any
    where: str
    extension: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """What one source gives, and what is wrong with its names."""

    given: tuple[Given, ...]
    problems: tuple[Problem, ...]


def name_all(source: Source, extensions: Iterable[str] = ()) -> Named:
    """Return the settings that a source gives, by name, and the problems of its keys."""
    spelling = spelling_of(source, extensions)
    named = [key for key in spelling.keys if key.name]
    given = [
        Given(key.name, key.written, source.values[key.written], source.where(key.written),
              key.sort == "extension")
        for key in named
    ]  # fmt: skip
    twice, doubled = _twice(given, source)
    rest = [key for key in spelling.keys if key.written not in doubled]
    problems = [*twice, *_odd(rest, spelling, source), *_strange(rest, spelling, source)]
    problems += _old(rest, spelling, source)
    return Named(tuple(_without_leftovers(given, twice)), tuple(problems))


def _twice(given: list[Given], source: Source) -> tuple[list[Problem], set[str]]:
    """The same setting under two names: a conflict, or a leftover if the values agree."""
    by_name: dict[str, list[Given]] = {}
    for each in given:
        by_name.setdefault(each.name, []).append(each)
    problems: list[Problem] = []
    for name, several in by_name.items():
        if len(several) > 1:
            problems += _conflict(name, several, source)
    return problems, {problem.key for problem in problems} | {
        each.key for several in by_name.values() if len(several) > 1 for each in several
    }


def _conflict(name: str, several: list[Given], source: Source) -> Iterator[Problem]:
    equal = all(each.value == several[0].value for each in several)
    ordered = sorted(several, key=lambda each: (each.key in OLD_NAMES, each.key != name))
    kept = ordered[0].key
    for each in ordered[1:] if equal else several:
        others = " and ".join(other.key for other in several if other is not each)
        if equal:
            message = f"{each.key} says the same as {others}: drop it\n  from {source.label}"
            yield Problem("warning", each.key, kept, source.label, message)
        else:
            message = (
                f"{each.key} is {shown(redact(each.value, name))}, and {others} "
                f"sets {name} too, to another value\n  from {source.label}\n  keep one of them"
            )
            yield Problem("conflict", each.key, None, source.label, message)


def _without_leftovers(given: list[Given], twice: list[Problem]) -> Iterator[Given]:
    dropped = {problem.key for problem in twice if problem.kind == "warning"}
    return (each for each in given if each.key not in dropped)


def _odd(keys: list[Key], spelling: Spelling, source: Source) -> Iterator[Problem]:
    """The keys whose style is not the source's, each with what to write."""
    odd = [key for key in keys if _is_odd(key, spelling)]
    dead = [key for key in odd if _is_dead(key, spelling)]
    for key in dead:
        yield _typo(key.written, spelling.write(key.name), source)
    odd = [key for key in odd if key not in dead]
    # Celery knows CELERY_RESULT_BACKEND, if by an old name; CELERY_BROKER_URL it never sees.
    # Where the first kind is there, it is the mistake, and the second is renamed with it.
    leading = [key for key in odd if key.sort != "prefixed"] or odd
    for key in odd:
        kind: Kind = "mixed" if key in leading else "warning"
        yield _rename(key, kind, spelling, keys, source)


def _is_odd(key: Key, spelling: Spelling) -> bool:
    if key.sort in ("own", "extension", "strange"):
        return False
    if spelling.style == "bare":
        return key.sort != "bare"
    if spelling.style == "prefixed":
        return key.sort in ("old", "bare")
    return key.sort == "prefixed"


def _is_dead(key: Key, spelling: Spelling) -> bool:
    return key.sort == "prefixed" and spelling.style == "old" and key.written in former.DEAD


def _rename(key: Key, kind: Kind, spelling: Spelling, keys: list[Key], source: Source) -> Problem:
    new = spelling.write(key.name)
    lines = [f"{key.written}: write {new}"]
    if spelling.style == "prefixed" and not spelling.declared:
        also = with_prefix(key.name, spelling.prefix)
        lines[0] += f" and drop {spelling.prefix} from the other names, or write {also}"
    lines.append(f"  {_beside(keys, spelling)} in {source.label}")
    lines += [] if source.keywords else _apart(keys, spelling)
    return Problem(kind, key.written, new, source.label, "\n".join(lines))


def _beside(keys: list[Key], spelling: Spelling) -> str:
    """Name keys that have the style of the source, for comparison."""
    right = _in_style(keys, spelling)
    if spelling.declared:
        return f"names start with {spelling.prefix}"
    style = {"bare": "new", "prefixed": f"{spelling.prefix}...", "old": "old"}[spelling.style]
    return f"beside the {style} name{'s' * (len(right) > 1)} {_some(right)}"


def _in_style(keys: list[Key], spelling: Spelling) -> list[str]:
    usual = [key for key in keys if key.name and key.sort not in ("own", "extension")]
    return [key.written for key in usual if not _is_odd(key, spelling)]


def _some(names: list[str]) -> str:
    listed = ", ".join(names[:3])
    return f"{listed} ..." if len(names) > 3 else listed


def _apart(keys: list[Key], spelling: Spelling) -> list[str]:
    """The other way out: names of one style stay where they are, the new ones move."""
    odd = {key.sort for key in keys if _is_odd(key, spelling)}
    if spelling.style != "bare" or {"prefixed", "old"} <= odd:
        return []
    bare = _in_style(keys, spelling)
    one = len(bare) == 1
    return [f"  or leave {'it' if one else 'them'} out there and give "
            f"{_some(bare)} to make_app as {'a keyword' if one else 'keywords'}"]  # fmt: skip


def _old(keys: list[Key], spelling: Spelling, source: Source) -> Iterator[Problem]:
    """Old names that stand together load, with a notice for each."""
    if spelling.style == "old":
        for key in keys:
            if key.sort in ("old", "both"):
                new = spelling.write(key.name)
                message = f"{key.written}: write {new}, its name since Celery 4"
                yield Problem("deprecated", key.written, new, source.label, message)


def _strange(keys: list[Key], spelling: Spelling, source: Source) -> Iterator[Problem]:
    return (_unknown(key.written, spelling, source) for key in keys if key.sort == "strange")


def _unknown(key: str, spelling: Spelling, source: Source) -> Problem:
    """Say what a key is that means no setting: gone, misplaced, misspelt, or unknown."""
    value = source.values[key]
    where = f"  from {source.label}"
    gone = former.removed(key)
    if gone:
        message = f"{key} no longer does anything\n  {gone}\n{where}"
        return Problem("removed", key, None, source.label, message)
    place = former.misplaced(plain_name(key, spelling.prefix))
    if place:
        return Problem("misplaced", key, None, source.label, f"{key} {place}\n{where}")
    group = group_of(key, value)
    if group and not unprefixed(key, spelling.prefix):
        return Problem("unknown", key, None, source.label, _table(key, group, value) + f"\n{where}")
    meant = suggestion(key, spelling.prefix)
    if meant:
        return _typo(key, spelling.fitting(meant), source)
    return Problem("unknown", key, None, source.label, f"{_no_setting(key, source)}\n{where}")


def _typo(key: str, meant: str, source: Source) -> Problem:
    message = f"{key}: did you mean {meant}?\n  from {source.label}"
    return Problem("typo", key, meant, source.label, message)


def _table(key: str, group: str, value: Any) -> str:
    names = [f"{group}{inner}" for inner in value if f"{group}{inner}" in SETTINGS]
    example = names[0] if names else next(name for name in SETTINGS if name.startswith(group))
    return f"{key} is a table, and settings have flat names\n  write {example} = ..."


def _no_setting(key: str, source: Source) -> str:
    if key.lower().startswith("flower_"):
        return (
            f"{key} is no setting: Flower does not read Celery's configuration\n"
            "  set it in flowerconfig.py, or as FLOWER_... in the environment"
        )
    value = source.values[key]
    if isinstance(value, Mapping) and not SETTINGS.keys().isdisjoint(value):
        return f"{key} is a table of settings, and no setting\n  call it CELERY, or load it alone"
    lines = [f"{key} is no setting, and nothing known is near it"]
    if not source.environment:
        lines.append(f"  if an extension reads it: load(..., extensions=[{key!r}])")
    if not source.shared and not source.keywords:
        lines.append("  if other programs' settings stand beside Celery's: load(..., shared=True)")
    return "\n".join(lines)
