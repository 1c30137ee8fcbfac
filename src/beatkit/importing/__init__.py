"""What do other schedulers hold, and what of it can be kept as runtime-owned entries?

    redbeat.py    the keys of redbeat in a Redis
    django.py     the tables of django-celery-beat
    crontab.py    the lines of a crontab

Each only reads, and yields a `Candidate` for everything it finds: with an entry, or with why
there can be none. `judged` then asks of each entry what `Schedule.upsert` will ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from beatkit.entry import Entry
from beatkit.errors import BeatkitError, DeclarationError, StoreUnavailable
from beatkit.registry.runtime import admitted

CLEANUP = "celery.backend_cleanup"
ADDED_ANYWAY = "beats add it themselves where results are kept"
RUNS_ANEW = "when it ran last: it counts from its import"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that was found.

    Attributes:
        name: What it is called there, and shall be called here.
        entry: What it becomes; None: it cannot be imported.
        refused: Why it cannot.
        loses: What of it cannot be kept, a sentence each; the entry works without it.
    """

    name: str
    entry: Entry | None = None
    refused: str = ""
    loses: tuple[str, ...] = ()


class NotReadable(BeatkitError):
    """What is to be imported cannot be read."""


class SourceUnavailable(NotReadable, StoreUnavailable):
    """The server that is to be imported from does not answer."""


def judged(app: Any, found: Iterable[Candidate], code: Mapping[str, Entry]) -> list[Candidate]:
    """Return candidates in the order of their names; what `upsert` would refuse, refused.

    Args:
        app: The Celery app, its task modules imported.
        found: What was found.
        code: The entries that code declares.
    """
    seen: set[str] = set()
    result = []
    for one in sorted(found, key=lambda each: each.name):
        result.append(_judged(app, one, code, one.name in seen))
        seen.add(one.name)
    return result


def _judged(app: Any, one: Candidate, code: Mapping[str, Entry], twice: bool) -> Candidate:
    if one.entry is None:
        return one
    if twice:
        return _refuse(one, "another of this name was found before")
    if one.name in code:
        return _refuse(one, "the code declares an entry of this name, which counts")
    try:
        return replace(one, entry=admitted(app, one.entry, code))
    except DeclarationError as error:
        first, *more = str(error).splitlines()
        remedy = more[-1].strip() if more else ""
        what = first.removeprefix(f"Entry {one.name!r}: ")
        return _refuse(one, f"{what}; {remedy}" if remedy else what)


def _refuse(one: Candidate, why: str) -> Candidate:
    return replace(one, entry=None, refused=why)
