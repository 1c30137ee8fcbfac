"""Which entries does somebody mean by names and globs?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from beatkit.entry import Entry
from beatkit.errors import EntryNotFound

SEE_NAMES = "see the names with: celery -A ... schedule list"


def named(entries: Mapping[str, Entry], name: str, schedule: str) -> Entry:
    """Return the entry of a name.

    Args:
        entries: The schedule.
        name: The entry's.
        schedule: The app's name, for the message.

    Raises:
        EntryNotFound: There is none; the message offers the nearest name.
    """
    if name in entries:
        return entries[name]
    raise EntryNotFound(
        f"There is no entry {name!r} in the schedule of app {schedule!r}\n"
        f"  {_remedy(entries, name)}"
    )


def _remedy(names: Iterable[str], name: str) -> str:
    known = list(names)
    meant = [one for one in known if fnmatchcase(one, name)]
    if meant:
        these = f"{', '.join(meant[:3])}{', ...' if len(meant) > 3 else ''}"
        return f"one name is expected here, not a pattern: write one of {these}"
    close = nearest(known, name)
    return f"did you mean {close!r}?" if close else SEE_NAMES


def nearest(names: Iterable[str], name: str) -> str | None:
    """Return the one that was probably meant: a function's name for an entry's, or a slip."""
    known = list(names)
    ends = [each for each in known if each.endswith(f".{name}")]
    return next(iter(ends or difflib.get_close_matches(name, known, n=1)), None)


def matching(entries: Mapping[str, Entry], patterns: Iterable[str], schedule: str) -> list[Entry]:
    """Return the entries whose names match any of some names or globs; all for none.

    Raises:
        EntryNotFound: A pattern matches nothing.
    """
    wanted = list(patterns)
    if not wanted:
        return list(entries.values())
    chosen: dict[str, Entry] = {}
    for pattern in wanted:
        found = {name: one for name, one in entries.items() if fnmatchcase(name, pattern)}
        chosen |= found or {pattern: named(entries, pattern, schedule)}
    return list(chosen.values())
