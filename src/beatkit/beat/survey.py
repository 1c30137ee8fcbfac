"""How are an app's beats, and what is overdue? Told from the store, without any beat's help.

What is overdue is computed from the code's own schedule and the store's progress, so it is
found also where no beat lives, and where every beat believes that all is well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from beatkit.beat import peers
from beatkit.beat.revision import revision
from beatkit.beat.rows import Row
from beatkit.store import Beat, Peer, Progress, Situation, Store
from beatkit.store.owned import KeepsOwnedEntries, Owned

Role = Literal["lead", "standby", "suspended", "silent"]

ASKER = "status"
"""Who looks: an announcement withdrawn at once, under an id that no beat has."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """A slot that was to be sent and is not decided.

    Attributes:
        entry: The entry's name.
        due: When it was to be sent, Unix milliseconds by the store's clock.
    """

    entry: str
    due: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What the store says.

    Attributes:
        situation: Beats, revision in force, pauses and pendings.
        roles: Of each of the beats, in their order.
        revision: Of the schedule in the code at hand.
        overdue: What is, the longest overdue first.
        unknown: Entries of the code that the store has not seen.
        changed: Entries whose schedule in the code is another than the one served.
        foreign: Entries that the store serves and neither the code has nor anybody added.
        owned: How many entries were added while running.
        two_projects: The store's schedule and the code's share no entry.
    """

    situation: Situation
    roles: tuple[Role, ...]
    revision: str
    overdue: tuple[Overdue, ...]
    unknown: tuple[str, ...]
    changed: tuple[str, ...]
    foreign: tuple[str, ...]
    owned: int
    two_projects: bool

    @property
    def sends(self) -> bool:
        """Whether a beat lives that sends."""
        return "lead" in self.roles

    @property
    def well(self) -> bool:
        """Whether a beat sends and nothing is overdue."""
        return self.sends and not self.overdue

    @property
    def last_tick(self) -> int | None:
        """When a beat was heard last, Unix milliseconds; None: none is known."""
        return max((peer.seen for peer in self.situation.peers), default=None)

    @property
    def last_send(self) -> int | None:
        """When one of the known beats sent last, Unix milliseconds; None: none did."""
        return max((peer.beat.sent for peer in self.situation.peers), default=0) or None


def survey(
    rows: Sequence[Row],
    store: Store,
    grace_ms: int,
    owned: Callable[[Owned], Row | None] = lambda _: None,
) -> Survey:
    """Look at the store.

    Args:
        rows: The entries of the code at hand, as a beat would serve them.
        store: Where progress is.
        grace_ms: A slot is overdue when it was to be sent longer ago.
        owned: Makes the row of a runtime-owned entry; None of one that cannot be served.

    Raises:
        StoreError: The store does not answer, or refuses.
    """
    situation = store.announce(Beat(ASKER, "", 0, ""), expires=0)
    known = {
        name: found
        for name, found in store.read().progress.items()
        if found.absent_since is None
    }  # fmt: skip
    names = [row.entry.name for row in rows]
    added = {one.name: one for one in cast(KeepsOwnedEntries, store).owned().since(0).entries}
    theirs = [owned(one) for name, one in added.items() if name not in names]
    served = [*rows, *(row for row in theirs if row is not None)]
    return Survey(
        situation=situation,
        roles=roles(situation),
        revision=revision((row.entry, row.fingerprint) for row in rows),
        overdue=tuple(overdue(served, known, situation.now - grace_ms)),
        unknown=tuple(name for name in names if name not in known),
        changed=tuple(row.entry.name for row in rows if _differs(row, known)),
        foreign=tuple(sorted(known.keys() - names - added.keys())),
        owned=len(added),
        two_projects=peers.share_nothing(names, known.keys() - added.keys()),
    )


def roles(situation: Situation) -> tuple[Role, ...]:
    """Return what each announced beat is; the first fresh one in force is the lead."""
    found: list[Role] = []
    for peer in situation.peers:
        found.append(_role(peer, situation, taken="lead" in found))
    return tuple(found)


def _role(peer: Peer, situation: Situation, *, taken: bool) -> Role:
    if not peers.was_heard(peer, situation, peers.FRESH_MS):
        return "silent"
    if peer.beat.revision != situation.revision:
        return "suspended"
    return "standby" if taken else "lead"


def overdue(rows: Iterable[Row], known: Mapping[str, Progress], until: int) -> list[Overdue]:
    """Return what was to be sent before an instant and is not decided, the oldest first.

    Left out: entries that the store does not know or serves by another schedule, and custom
    schedules, which only a beat may ask.
    """
    late = []
    for row in rows:
        found = known.get(row.entry.name)
        if found is None or row.rule is None or found.fingerprint != row.fingerprint:
            continue
        row.progress = found.slot
        due = row.wake(until)
        if due is not None and due < until:
            late.append(Overdue(row.entry.name, due))
    return sorted(late, key=lambda one: (one.due, one.entry))


def _differs(row: Row, known: Mapping[str, Progress]) -> bool:
    found = known.get(row.entry.name)
    return found is not None and found.fingerprint != row.fingerprint
