"""Who else is alive: ranks, and when a revision may claim to be in force.

Pure. Every beat announces itself about once a second and reads the announcements of all;
from the same announcements every beat draws the same conclusions. Ranks are a matter of
economy: they keep standbys from doing work that the lead has done, and claims, not ranks,
make a slot be sent once. Which revision is in force does matter: it is a key of the store,
changed by compare-and-set and checked with each claim; this file says who asks for which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from beatkit.store import Beat, Peer, Promotion, Situation

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

ABSENT_MS = 30_000
"""A revision none of whose beats was heard for so long is gone; announcements last so long."""


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


def standing(me: str, situation: Situation, claimed: Mapping[str, int]) -> Standing:
    """Return a beat's place among the fresh beats of its own revision.

    Args:
        me: The beat's id.
        situation: What the store answered to its latest announcement.
        claimed: When each beat last decided a slot, by id.
    """
    own = next((peer.beat.revision for peer in situation.peers if peer.beat.id == me), None)
    better: list[str] = []
    for peer in situation.peers:
        if peer.beat.id == me:
            break
        if peer.beat.revision == own and situation.now - peer.seen <= FRESH_MS:
            better.append(peer.beat.id)
    last = max((claimed.get(beat, 0) for beat in better), default=0)
    return Standing(min(len(better), MAX_RANK), last)


def appearance(me: Beat, situation: Situation, since: int) -> int | None:
    """Return when a beat's revision appeared, for its next announcement; None: not yet.

    What a beat once announced it keeps for as long as its process lives, so one that was
    stopped for an hour does not come back as the newest. A beat that starts takes over what
    the live beats of its revision announce.

    Args:
        me: The beat, as it announced itself.
        situation: What the store answered to that.
        since: Since when this beat has completed passes without a gap.
    """
    same = [peer.beat for peer in _live(situation) if peer.beat.revision == me.revision]
    known = [beat.appeared for beat in (me, *same) if beat.appeared is not None]
    if known:
        return max(known)
    if not _in_force(situation) or situation.now - since >= PROBATION_MS:
        return situation.now
    return None


def promotion(me: Beat, situation: Situation, heard: int) -> Promotion | None:
    """Return the change of the revision in force that this beat must ask for, if any.

    The revision with the highest number, and of those the latest to appear, is to be in
    force; one that has been silent for `ABSENT_MS` never is. Each beat asks for its own
    revision only.

    Args:
        me: The beat, as it announced itself.
        situation: What the store answered to that.
        heard: When this beat last heard of a beat of the revision in force; 0: never. A
            beat that stopped in good order is no longer among the peers, and may be
            about to start again.
    """
    if me.appeared is None or situation.revision == me.revision:
        return None
    mine = _seniority(me)
    if situation.revision and not _in_force(situation) and situation.now - heard <= ABSENT_MS:
        return None
    others = [peer.beat for peer in _live(situation) if peer.beat.revision != me.revision]
    if any(other.appeared is not None and _seniority(other) > mine for other in others):
        return None
    return Promotion(me.revision, instead_of=situation.revision)


def others_live(me: Beat, situation: Situation) -> bool:
    """Return whether beats of another revision are alive."""
    return any(peer.beat.revision != me.revision for peer in _live(situation))


def heard(situation: Situation) -> int:
    """Return when a beat of the revision in force was heard last; 0: none is known."""
    return max((peer.seen for peer in _in_force(situation)), default=0)


def _seniority(beat: Beat) -> tuple[int, int, str]:
    return (beat.number, beat.appeared or 0, beat.revision)


def _live(situation: Situation) -> list[Peer]:
    return [peer for peer in situation.peers if situation.now - peer.seen <= ABSENT_MS]


def _in_force(situation: Situation) -> list[Peer]:
    return [peer for peer in _live(situation) if peer.beat.revision == situation.revision]


def share_nothing(mine: Iterable[str], theirs: Iterable[str]) -> bool:
    """Return whether two schedules share no entry, so that they are two projects.

    Celery's own entries (`celery.*`) count for neither, and an empty schedule may be
    anybody's.
    """
    own, other = _named(mine), _named(theirs)
    return bool(own and other) and not own & other


def _named(names: Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith("celery.")}


def other_zone_data(me: Beat, situation: Situation) -> dict[str, str]:
    """Return the hosts whose time zone data is of another version, and which.

    Two versions may disagree about an instant (2025b and 2026f do, for Casablanca and
    Havana), and then two beats compute different slots. Versions that a host cannot tell
    are left out.
    """
    silent = ("", "unknown", me.zones)
    beats = (peer.beat for peer in situation.peers)
    if me.zones in ("", "unknown"):
        return {}
    return {beat.host: beat.zones for beat in beats if beat.zones not in silent}
