"""Which schedule is this? Fingerprints of an entry's timing and of a whole schedule.

A fingerprint is the same in every process that runs the same code, and so it may not
depend on addresses, on the order of a set, or on Python's own `hash`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from hashlib import blake2b
from json import JSONEncoder
from typing import Any

from beatkit.entry import Entry

_json = JSONEncoder(sort_keys=True, ensure_ascii=True).encode
_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def timing(entry: Entry) -> str:
    """Fingerprint what makes old slots void when it changes: the schedule.

    An entry whose arguments or policies change goes on where it was; one whose schedule
    changes restarts from the moment of change.
    """
    return _digest(_text(_schedule(entry)))


def revision(entries: Iterable[tuple[Entry, str]]) -> str:
    """Fingerprint a schedule as a whole: every definition, in whatever order declared.

    Args:
        entries: Each with its `timing`.
    """
    rows = [
        (
            one.name, one.task, schedule, one.args, one.kwargs, one.options,
            None if one.policy is None else one.policy.to_json(),
        )
        for one, schedule in sorted(entries, key=_name)
    ]  # fmt: skip
    return _digest(_text(rows))


def _name(row: tuple[Entry, str]) -> str:
    return row[0].name


def _schedule(entry: Entry) -> Any:
    rule = getattr(entry.schedule, "rule", None)
    return entry.schedule if rule is None else rule.to_json()


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _text(value: Any) -> str:
    """Write a value down, the same in every process; JSON, which is quick, where it can be."""
    try:
        return _json(value)
    except (TypeError, ValueError):
        return _stable(value)


def _stable(value: Any) -> str:
    kind = type(value)
    if kind in _PLAIN:
        return repr(value)
    if kind is tuple or kind is list:
        return "[" + ",".join(map(_stable, value)) + "]"
    if isinstance(value, Mapping):
        pairs = sorted(f"{_stable(key)}:{_stable(one)}" for key, one in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, Set):
        return "{" + ",".join(sorted(map(_stable, value))) + "}"
    return _ADDRESS.sub("", repr(value))
