"""The nearest known name to a misspelt one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

# Below this beat_schema, an extension's own key, is taken for beat_schedule.
CUTOFF = 0.82


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set of known names."""
    return frozenset(text.split())


def normal(name: str) -> str:
    """Return a name in lower case, with an underscore between its words."""
    return re.sub(r"[-.\s_]+", "_", name.strip().lower())


def closeness(name: str, known: str) -> float:
    """Return how alike two names are, from 0 to 1."""
    return SequenceMatcher(None, normal(name), normal(known)).ratio()


def nearest(name: str, known: Iterable[str], cutoff: float = CUTOFF) -> str | None:
    """Return the known name that a misspelt one most likely means, if any is near.

    Case, dashes and the order of words are forgiven first; then letters, by difflib.
    """
    plain = normal(name)
    candidates = {each.lower(): each for each in known}
    if plain in candidates:
        return candidates[plain]
    parts = words(plain.replace("_", " "))
    for lower, each in candidates.items():
        if words(lower.replace("_", " ")) == parts:
            return each
    near = get_close_matches(plain, candidates, 1, cutoff)
    # One letter too few or too many weighs heavily in a short word: arg, tsk, que.
    near = near or (get_close_matches(plain, candidates, 1, 0.75) if len(plain) < 6 else [])
    return candidates[near[0]] if near else None
