"""Who else is alive: ranks, and when a revision may claim to be in force.

Pure. Every beat announces itself about once a second and reads the announcements of all;
from the same announcements every beat draws the same conclusions. Ranks are a matter of
economy: they keep standbys from doing work that the lead has done, and claims, not ranks,
make a slot be sent once. Which revision is in force does matter, and so the store decides
it (see `beatkit.store`); this file only says what a beat asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ANNOUNCE_MS = 1_000
"""A beat announces itself this often."""

FRESH_MS = 3_500
"""A beat that has not passed for so long has no rank: three announcements missed."""

STEP_MS = 250
"""Each rank waits so much longer than the one before it."""

MAX_RANK = 8
"""Ranks above count as this one, so that the last of many still acts within 2 s."""

PATIENCE_MS = 10_000
"""A slot later than this is acted on even while better-ranked beats claim others:
whatever keeps them from this one may not concern us."""

PROBATION_MS = 5_000
"""A revision appears when a beat of it has completed passes for so long."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A beat's place among the others.

    Attributes:
        rank: How many fresh beats of the same revision started earlier, at most `MAX_RANK`.
        claimed: When one of those last won a claim, on the store's clock; 0: never.
    """

    rank: int = 0
    claimed: int = 0

    @property
    def delay_ms(self) -> int:
        """How long after its send time this beat acts on a slot."""
        return self.rank * STEP_MS


def may_act(standing: Standing, send_at: int, now: int) -> bool:
    """Return whether a beat acts on a slot now.

    Args:
        standing: Its place.
        send_at: The slot's send time.
        now: The store's time.
    """
    if now - send_at < standing.delay_ms:
        return False
    return now - standing.claimed >= standing.delay_ms or now - send_at >= PATIENCE_MS


def appearance(
    own: int | None, joined: int | None, in_force: bool, since: int, now: int
) -> int | None:
    """Return when a beat's revision appeared, as the beat announces it; None: not yet.

    Args:
        own: What this beat announced before. It is kept for as long as the process lives,
            so a beat that was stopped for an hour does not come back as the newest.
        joined: The latest appearance that a live beat of the same revision announces.
        in_force: Whether any revision is in force.
        since: Since when this beat has completed passes without a gap.
        now: The store's time.
    """
    known = [at for at in (own, joined) if at is not None]
    if known:
        return max(known)
    if not in_force or now - since >= PROBATION_MS:
        return now
    return None


def share_nothing(mine: Iterable[str], theirs: Iterable[str]) -> bool:
    """Return whether two schedules share no entry, so that they are two projects.

    Celery's own entries (`celery.*`) count for neither, and an empty schedule may be
    anybody's.
    """
    own, other = _named(mine), _named(theirs)
    return bool(own and other) and not own & other


def _named(names: Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith("celery.")}
