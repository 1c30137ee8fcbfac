"""Entries that are added while running: put into the store, read from it, taken out.

They are kept apart from code's, which can only be changed in code. Beats see a change within
a second, by the answer to their announcement.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from beatkit.beat.revision import timing
from beatkit.entry import Entry
from beatkit.errors import DeclarationError, EntryNotFound
from beatkit.record import scopes_of
from beatkit.registry.runtime import admitted, entry_from_text, entry_to_text
from beatkit.schedules.timetable import to_datetime
from beatkit.store import Action, Store
from beatkit.store.owned import KeepsOwnedEntries, Owned, OwnedEntries

logger = logging.getLogger("beatkit")


@dataclass(frozen=True, slots=True)
class RuntimeEntry:
    """A runtime-owned entry, and where it came from.

    Attributes:
        entry: Its definition.
        by: Who put it last, such as "ann@desk".
        since: When that was, by the store's clock; aware, in UTC.
    """

    entry: Entry
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Upserting:
    """What became of entries that were put, by their names.

    Attributes:
        added: New ones. They count from now on.
        changed: Those that were there, with another definition. If that is another
            schedule, they count from now on too.
        same: Those that were there just so; nothing happened.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()


def owned_entries(store: Store) -> OwnedEntries:
    """Return a store as the keeper of runtime-owned entries."""
    return cast(KeepsOwnedEntries, store).owned()


def upsert(
    app: Any, store: Store, entries: Sequence[Any], code: Mapping[str, Entry], action: Action
) -> Upserting:
    """Put entries; see `Schedule.upsert`.

    Args:
        app: The Celery app.
        store: Where they are kept.
        entries: What somebody wants to add or change.
        code: The entries that code declares.
        action: Who and why; its scopes are found here.
    """
    rows = [_owned(admitted(app, entry, code), action.by) for entry in entries]
    if not rows:
        return Upserting()
    names = [row.name for row in rows]
    effects = owned_entries(store).put(rows, replace(action, scopes=scopes_of(names)))
    found = dict(zip(names, effects, strict=True))
    return Upserting(*(_of(found, effect) for effect in ("added", "changed", "same")))


def _of(effects: Mapping[str, str], wanted: str) -> tuple[str, ...]:
    return tuple(name for name, effect in effects.items() if effect == wanted)


def _owned(entry: Entry, by: str) -> Owned:
    return Owned(entry.name, entry_to_text(entry), timing(entry) if entry.enabled else "", by)


def remove(
    store: Store, names: Sequence[str], code: Collection[str], action: Action
) -> tuple[str, ...]:
    """Take entries out; see `Schedule.remove` and, for the arguments, `upsert`."""
    kept = owned_entries(store)
    there = kept.get(names)
    missing = [name for name in names if name not in there]
    if missing:
        known = [one.name for one in kept.since(0).entries]
        raise EntryNotFound(_not_there(missing[0], code, known))
    rows = [Owned(name, "") for name in dict.fromkeys(names)]
    kept.put(rows, replace(action, scopes=scopes_of([row.name for row in rows])))
    return tuple(row.name for row in rows)


def _not_there(name: str, code: Collection[str], known: Collection[str]) -> str:
    what = f"There is no runtime-owned entry {name!r}"
    if name in code:
        return f"{what}: the code declares it\n  take it out of the code, or pause it"
    close = difflib.get_close_matches(name, known, n=1)
    listed = ", ".join(map(repr, sorted(known)[:5])) or "none"
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {listed}"
    return f"{what}\n  {hint}"


def read_all(store: Store) -> dict[str, RuntimeEntry]:
    """Return the runtime-owned entries by name; those that cannot be read are logged."""
    found = (_shown(one) for one in owned_entries(store).since(0).entries)
    return {one.entry.name: one for one in found if one is not None}


def read_one(store: Store, name: str) -> RuntimeEntry | None:
    """Return the runtime-owned entry of a name; None if there is none that can be read."""
    found = owned_entries(store).get([name]).get(name)
    return None if found is None else _shown(found)


def _shown(one: Owned) -> RuntimeEntry | None:
    try:
        entry = entry_from_text(one.name, one.text)
    except DeclarationError as error:
        logger.warning("%s", error)
        return None
    return RuntimeEntry(entry, one.by, to_datetime(one.at))
