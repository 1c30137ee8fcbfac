"""Which pauses does an operator mean, and what is held after that?

A pause has a *scope*: one entry, a tag, or everything. Names, globs and queues are resolved
to entries when the pause is made; an entry that a later release adds is held by a pause of
its tag or of everything, and by no other. Pauses lie in the store, so they survive deploys,
and the claim's own script looks at them: none of it depends on which beats are alive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase

from beatkit.entry import Entry
from beatkit.errors import EntryNotFound, ScheduleError
from beatkit.record import ActionError
from beatkit.schedules.timetable import to_datetime, written
from beatkit.store import Action, Pause, Store, pause_scopes
from beatkit.store.actions import skip_scope

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause in force.

    Attributes:
        scope: What it holds: "entry:NAME", "tag:TAG", or "*" for everything; "skip:NAME" for
            the next slot of an entry alone.
        reason: Why.
        by: Who paused, such as "ann@desk"; "-" if it is not known.
        since: When that was, by the store's clock; aware, in UTC.
        until: When it ends by itself: a slot due then is sent. None: it does not end.
    """

    scope: str
    reason: str
    by: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pausing:
    """What a pause came to.

    Attributes:
        made: The pauses that were made, or made anew.
        spared: Names of entries that a glob or a queue meant too, but whose policy is
            `even_when_paused`; named one by one, they are paused like any other.
    """

    made: tuple[Paused, ...]
    spared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resuming:
    """What a resume came to.

    Attributes:
        lifted: The pauses that were in force before, and are no more.
        still: The pauses that go on holding something of what was meant.
    """

    lifted: tuple[Paused, ...]
    still: tuple[Paused, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What is meant: names and globs, or a queue, or a tag, or everything.

    Raises:
        ActionError: It is none of these, or more than one.
    """

    names: tuple[str, ...] = ()
    queue: str | None = None
    tag: str | None = None
    everything: bool = False

    def __post_init__(self) -> None:
        given = [bool(self.names), self.queue is not None, self.tag is not None, self.everything]
        if sum(given) != 1:
            raise ActionError(_NOT_ONE.format("nothing" if not any(given) else _listed(self)))


_NOT_ONE = (
    "what is meant is given as {0}, expected exactly one of names, a queue, a tag, everything\n"
    "  write it in several calls where several are meant"
)


def _listed(target: Target) -> str:
    said = {
        f"names {list(target.names)}": target.names,
        f"queue {target.queue!r}": target.queue is not None,
        f"tag {target.tag!r}": target.tag is not None,
        "everything": target.everything,
    }
    return " and ".join(text for text, given in said.items() if given)


@dataclass(frozen=True, slots=True)
class Rows:
    """The schedule, as far as choosing needs it.

    Attributes:
        entries: By name.
        select: Entries of names and globs; raises `EntryNotFound`.
        queue_of: The queue that an entry's messages go to.
    """

    entries: Mapping[str, Entry]
    select: Callable[[Iterable[str]], list[Entry]] = field(repr=False)
    queue_of: Callable[[Entry], str] = field(repr=False)


def meant(target: Target, rows: Rows) -> list[Entry]:
    """Return the entries that a target means now.

    Raises:
        EntryNotFound: A name or a glob matches none, or none has that queue or tag.
    """
    if target.names:
        return rows.select(target.names)
    every = list(rows.entries.values())
    if target.everything:
        return every
    if target.tag is not None:
        tags = sorted({tag for entry in every for tag in entry.tags})
        found = [entry for entry in every if target.tag in entry.tags]
        return _some(found, f"has the tag {target.tag!r}", tags)
    found = [entry for entry in every if rows.queue_of(entry) == target.queue]
    queues = sorted({rows.queue_of(entry) for entry in every})
    return _some(found, f"goes to the queue {target.queue!r}", queues)


def _some(found: list[Entry], what: str, there_are: list[str]) -> list[Entry]:
    if found:
        return found
    known = ", ".join(map(repr, there_are)) or "none"
    raise EntryNotFound(f"No entry {what}\n  in this schedule there are: {known}")


def scopes_to_pause(target: Target, rows: Rows) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the scopes that a pause is for, and the names of the entries that it spares.

    Raises:
        EntryNotFound: Nothing is meant.
    """
    chosen = meant(target, rows)
    if target.everything:
        return (EVERYTHING,), ()
    if target.tag is not None:
        return (f"tag:{target.tag}",), ()
    spared = [one.name for one in chosen if _exempt(one) and one.name not in target.names]
    scopes = [f"entry:{one.name}" for one in chosen if one.name not in spared]
    return tuple(scopes), tuple(spared)


def _exempt(entry: Entry) -> bool:
    return entry.policy is not None and entry.policy.even_when_paused


def scopes_to_resume(target: Target, rows: Rows, paused: Mapping[str, Pause]) -> tuple[str, ...]:
    """Return the scopes that a resume is for, also of what has left the schedule since.

    Raises:
        EntryNotFound: Nothing is meant, neither in the schedule nor among the pauses.
    """
    if target.everything:
        return (EVERYTHING,)
    if target.tag is not None:
        scope = f"tag:{target.tag}"
        if scope not in paused:
            meant(target, rows)
        return (scope,)
    if target.queue is not None:
        names = [entry.name for entry in meant(target, rows)]
        return tuple(scope for name in names for scope in (f"entry:{name}", skip_scope(name)))
    scopes: dict[str, None] = {}
    for pattern in target.names:
        held = [
            one for one in paused if one.startswith(("entry:", "skip:")) and _fits(one, pattern)
        ]
        known = [f"entry:{name}" for name in rows.entries if fnmatchcase(name, pattern)]
        scopes |= dict.fromkeys(held + known)
        if not held and not known:
            rows.select([pattern])  # there may be one of just that name; else it says so
            scopes[f"entry:{pattern}"] = None
    return tuple(scopes)


def _fits(scope: str, pattern: str) -> bool:
    kind, _, name = scope.partition(":")
    return kind in ("entry", "skip") and (name == pattern or fnmatchcase(name, pattern))


def still_held(
    target: Target, scopes: tuple[str, ...], rows: Rows, paused: Mapping[str, Pause]
) -> list[str]:
    """Return the scopes of the pauses that hold some of what is meant."""
    if target.everything:
        return list(paused)
    names = {scope.removeprefix("entry:") for scope in scopes}
    entries = [
        entry
        for entry in rows.entries.values()
        if entry.name in names or (target.tag is not None and target.tag in entry.tags)
    ]
    holding = {scope for entry in entries for scope in pause_scopes(entry)}
    return [scope for scope in paused if scope in holding]


def pause(store: Store, target: Target, rows: Rows, action: Action) -> Pausing:
    """Pause what is meant; see `Schedule.pause`.

    Args:
        store: Where pauses lie.
        target: What is meant.
        rows: The schedule.
        action: Who, why and until when; its scopes are found here.
    """
    scopes, spared = scopes_to_pause(target, rows)
    if action.until is not None:
        _check_end(action.until, store.pauses().now)
    if not scopes:
        return Pausing((), spared)
    done = store.act(replace(action, scopes=scopes))
    return Pausing(shown(scopes, done.pauses), spared)


def resume(store: Store, target: Target, rows: Rows, action: Action) -> Resuming:
    """Lift the pauses of what is meant; see `Schedule.resume` and, for the arguments, `pause`."""
    before = store.pauses().pauses
    scopes = scopes_to_resume(target, rows, before)
    after = store.act(replace(action, scopes=scopes)).pauses
    still = still_held(target, scopes, rows, after)
    return Resuming(shown(scopes, before), shown(still, after))


def _check_end(until: int, now: int) -> None:
    """Refuse a pause that would have ended already; both in milliseconds since 1970."""
    if until <= now:
        raise ScheduleError(_PAST.format(written(until), written(now)))


_PAST = (
    "until is {0}, expected a time to come\n"
    "  it is {1} by the store's clock\n"
    "  write a later time, with its date where it is not today"
)


def shown(scopes: Iterable[str], pauses: Mapping[str, Pause]) -> tuple[Paused, ...]:
    """Return those pauses of some scopes that are in force, as people read them."""
    return tuple(_shown(scope, pauses[scope]) for scope in sorted(scopes) if scope in pauses)


def _shown(scope: str, pause: Pause) -> Paused:
    until = None if pause.until is None else to_datetime(pause.until)
    return Paused(scope, pause.reason, pause.by, to_datetime(pause.at), until)
