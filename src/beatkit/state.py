"""What does the store keep, and how does it differ from the schedule? Skips, and forgetting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from beatkit.beat.revision import timing
from beatkit.entry import Entry
from beatkit.errors import EntryNotFound
from beatkit.record import ActionError
from beatkit.runtime import owned_entries
from beatkit.schedules.timetable import to_datetime
from beatkit.store import Action, Progress, Store
from beatkit.store.actions import skip_scope

Following = Callable[[Entry, datetime], datetime | None]
"""Gives an entry's first slot after an instant, both aware."""


@dataclass(frozen=True, slots=True)
class Skipping:
    """A slot that will not be sent.

    Attributes:
        entry: The entry's name.
        slot: Which one, as far as it can be told now: if another comes to be decided first,
            it is that one. Aware, in UTC.
    """

    entry: str
    slot: datetime


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What a forget came to, by names of entries.

    Attributes:
        dropped: They are in the schedule no more, and neither in the store now.
        restarted: They are in the schedule: what they owed is dropped, and so are their
            pauses; they go on with the next slot.
    """

    dropped: tuple[str, ...] = ()
    restarted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that code and store do not agree about, or that code does not own.

    Attributes:
        entry: Its name.
        kind: "new": the store has not seen it. "changed": it counts by another schedule
            there. "gone": no code declares it, and beats still serve it. "absent": nor do
            beats. "runtime": it was added while running. "shadowed": it was, and code
            declares one of that name, which counts.
        since: Of an absent one: since when. Of a runtime-owned one: since when it is as it
            is. Aware, in UTC.
        by: Of a runtime-owned one: who put it.
    """

    entry: str
    kind: str
    since: datetime | None = None
    by: str = ""

    @property
    def disagrees(self) -> bool:
        """Whether code and store differ: what is runtime-owned is as it should be."""
        return self.kind != "runtime"


def skip_next(store: Store, entry: Entry, following: Following, action: Action) -> Skipping:
    """Have an entry's next slot withheld; see `Schedule.skip_next`.

    Args:
        store: Where the skip lies until a slot uses it up.
        entry: The entry.
        following: Gives its slots.
        action: Who and why; its scope is found here.
    """
    view = store.read([entry.name])
    known = view.progress.get(entry.name)
    after = view.now if known is None else known.slot
    slot = following(entry, to_datetime(after))
    if slot is None or not entry.enabled:
        raise ActionError(_NOTHING.format(entry.name, "off" if slot is not None else "over"))
    store.act(replace(action, scopes=(skip_scope(entry.name),)))
    return Skipping(entry.name, slot)


def forget(
    store: Store, names: Sequence[str], entries: Mapping[str, Entry], action: Action
) -> Forgetting:
    """Drop what the store keeps of entries; see `Schedule.forget`.

    Args:
        store: The store.
        names: Of entries, in the schedule or not.
        entries: The schedule, runtime-owned entries too.
        action: Who and why; its scopes are found here.
    """
    known = _kept_names(store)
    missing = [name for name in names if name not in known and name not in entries]
    if missing:
        raise EntryNotFound(_UNKNOWN.format(missing[0]))
    unique = list(dict.fromkeys(names))
    scopes = [f"slots:{name}" if name in entries else f"entry:{name}" for name in unique]
    store.act(replace(action, scopes=tuple(scopes)))
    return Forgetting(
        tuple(name for name in unique if name not in entries),
        tuple(name for name in unique if name in entries),
    )


def _kept_names(store: Store) -> set[str]:
    paused = (scope.partition(":") for scope in store.pauses().pauses)
    held = {name for kind, _, name in paused if kind in ("entry", "skip")}
    return held | set(store.read().progress)


def differences(store: Store, code: Mapping[str, Entry]) -> list[Difference]:
    """Compare what code declares with what the store keeps; see `Schedule.differences`."""
    progress = store.read().progress
    owned = {one.name: one for one in owned_entries(store).since(0).entries}
    found = [*_of_code(code, progress), *_left(progress, {*code, *owned})]
    for name, one in owned.items():
        kind = "shadowed" if name in code else "runtime"
        found.append(Difference(name, kind, to_datetime(one.at), one.by))
    return sorted(found, key=lambda one: (one.entry, one.kind))


def _of_code(code: Mapping[str, Entry], progress: Mapping[str, Progress]) -> Iterable[Difference]:
    for name, entry in code.items():
        if not entry.enabled:
            continue
        known = progress.get(name)
        if known is None:
            yield Difference(name, "new")
        elif known.fingerprint != timing(entry):
            yield Difference(name, "changed")


def _left(progress: Mapping[str, Progress], here: set[str]) -> Iterable[Difference]:
    for name, known in progress.items():
        if name in here:
            continue
        if known.absent_since is None:
            yield Difference(name, "gone")
        else:
            yield Difference(name, "absent", to_datetime(known.absent_since))


_NOTHING = (
    "Entry {0!r} is {1}, expected one with a slot to come\n"
    "  there is nothing to skip: see it with celery -A ... schedule show {0}"
)
_UNKNOWN = (
    "Nothing is kept of an entry {0!r}\n"
    "  see what is kept and not in the code with: celery -A ... schedule diff --store"
)
