"""The normal form of a cron expression: the shortest text that means the same."""

from __future__ import annotations

from itertools import pairwise

from beatkit.schedules.dialect import ALIASES
from beatkit.schedules.fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    WEEKDAY,
    Kind,
    read_field,
)

KINDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)


def normal(text: str, seed: int | None = None) -> str:
    """Return a valid expression with numbers for names, in order, as ranges and steps.

    A field that starts with `*` still does, and one that does not still does not: daylight
    saving and the two day fields depend on it. Fields with days such as `L` or `MON#2` stay.

    Args:
        text: One that `beatkit.cron` accepts.
        seed: The hash of the entry's name, for `H`.
    """
    words = ALIASES.get(text.strip().lower(), text).split()
    kinds = KINDS[-len(words) :]
    return " ".join(_field(kind, word, seed) for kind, word in zip(kinds, words, strict=True))


def _field(kind: Kind, word: str, seed: int | None) -> str:
    field = read_field(kind, word, seed)
    if field.specials:
        return word.upper()
    values = field.values
    whole = len(values) == kind.end - kind.low + 1
    if field.starred:
        step = values[1] - values[0] if len(values) > 1 else 0
        stepped = f"*/{step}"
        if whole:
            return "*"
        return stepped if step and read_field(kind, stepped).values == values else word
    return _listed(values)


def _listed(values: tuple[int, ...]) -> str:
    """Write values as numbers and ranges; evenly spaced ones as one range with a step."""
    gaps = {later - earlier for earlier, later in pairwise(values)}
    if len(values) > 3 and len(gaps) == 1 and gaps != {1}:
        return f"{values[0]}-{values[-1]}/{gaps.pop()}"
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ",".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs
    )
