"""What is wrong with settings: the values `Flaw` and `Problem`, and the error that lists all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from celery.exceptions import ImproperlyConfigured

from beatkit.errors import BeatkitError

__all__ = ["Flaw", "Kind", "Problem", "SettingsError", "Unfit"]

Kind = Literal[
    "mixed",
    "typo",
    "unknown",
    "type_error",
    "url_error",
    "conflict",
    "removed",
    "misplaced",
    "warning",
    "deprecated",
    "insecure",
]

NOTICES: frozenset[Kind] = frozenset({"warning", "deprecated", "insecure"})
"""The kinds that do not raise: they are returned in `Settings.notices` and logged."""

_HEADINGS: dict[Kind, str] = {
    "mixed": "two naming styles in one source",
    "conflict": "one setting with two values",
    "typo": "misspelt names",
    "unknown": "unknown names",
    "removed": "names and values that no longer do anything",
    "misplaced": "names that are no settings",
    "type_error": "values that cannot work",
    "url_error": "URLs that cannot work",
    "insecure": "insecure",
    "warning": "to be renamed too",
    "deprecated": "old names, to be renamed too",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one value, before it is known where the value came from.

    Attributes:
        said: The rest of a sentence that starts with the key: "is 0, expected ...".
        kind: As in `Problem`.
        path: Where inside the value: ("tick", "schedule") for an entry of beat_schedule.
        suggestion: What to write instead, where that is one exact word.
        remedy: A line that says what to do, without a full stop.
        name: The setting, once known.
    """

    said: str
    kind: Kind = "type_error"
    path: tuple[str, ...] = ()
    suggestion: str | None = None
    remedy: str = ""
    name: str = ""


class Unfit(ValueError):
    """A value cannot be made to fit its setting. Carries all its flaws, and no value."""

    def __init__(self, flaws: Iterable[Flaw] | Flaw) -> None:
        self.flaws: tuple[Flaw, ...] = (flaws,) if isinstance(flaws, Flaw) else tuple(flaws)
        super().__init__("; ".join(flaw.said for flaw in self.flaws))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with settings, or worth knowing about them.

    Attributes:
        kind: What sort of problem. warning, deprecated and insecure never raise.
        key: The key as it was written; inside a value, with a dotted path after it.
        suggestion: The exact name (of a mixed or typo problem) or word to write instead.
        source: Where it came from, such as "CELERY_TIMEZONE in the environment".
        message: The whole story in one or more lines. Never shows a secret.
    """

    kind: Kind
    key: str
    suggestion: str | None
    source: str
    message: str

    @property
    def raises(self) -> bool:
        """Whether this keeps the app from starting."""
        return self.kind not in NOTICES

    def __str__(self) -> str:
        return self.message


class SettingsError(BeatkitError, ImproperlyConfigured, ValueError):
    """Settings that cannot work. Lists every problem of every source at once.

    Attributes:
        problems: What has to change before the app can start.
        notices: What is worth knowing besides.
    """

    problems: list[Problem]
    notices: list[Problem]

    def __init__(self, problems: Sequence[Problem], notices: Sequence[Problem] = ()) -> None:
        self.problems = list(problems)
        self.notices = list(notices)
        super().__init__(_report(self.problems, self.notices))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems, self.notices)

    def errors(self) -> list[dict[str, str | None]]:
        """Return the problems as plain mappings, ready for `json.dumps`."""
        names = ("kind", "key", "suggestion", "source", "message")
        return [{name: getattr(problem, name) for name in names} for problem in self.problems]


# Tracebacks name the place that users import it from.
SettingsError.__module__ = "beatkit.errors"


def _report(problems: Sequence[Problem], notices: Sequence[Problem]) -> str:
    lines = [f"{len(problems)} problem{'s' * (len(problems) != 1)} in the settings"]
    mixed = {problem.source for problem in problems if problem.kind == "mixed"}
    groups: dict[Kind, list[Problem]] = {kind: [] for kind in _HEADINGS}
    # Of the notices only renames belong here: they are part of the same edit.
    for each in (*problems, *(notice for notice in notices if notice.suggestion)):
        renamed_with = each.kind == "warning" and each.suggestion and each.source in mixed
        groups["mixed" if renamed_with else each.kind].append(each)
    for kind, group in groups.items():
        if group:
            lines += ["", f"  {_HEADINGS[kind]}", *_told_together(group)]
    return "\n".join(lines)


def _told_together(group: Sequence[Problem]) -> Iterable[str]:
    """The messages of a group; what neighbours have in common after the first line, once."""
    told = [problem.message.splitlines() for problem in group]
    for index, (first, *rest) in enumerate(told):
        yield f"    {first}"
        following = told[index + 1][1:] if index + 1 < len(told) else None
        if rest != following:
            yield from (f"    {line}".rstrip() for line in rest)
