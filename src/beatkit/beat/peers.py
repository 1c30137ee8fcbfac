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

SETTLE_MS = 800
"""Where the store may have lost its data, beats that know more have so long to say so."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Which revision a beat last knew to be in force.

    A store that lost its data knows neither that nor who is alive, so a beat that stood by
    may not go by what such a store says.

    Attributes:
        revision: The last one that was in force and had a live beat; "": none was seen.
        silent_ms: For how long none of its beats was heard.
    """

    revision: str = ""
    silent_ms: float = 0.0


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
        if peer.beat.revision == own and was_heard(peer, situation, FRESH_MS):
            better.append(peer.beat.id)
    last = max((claimed.get(beat, 0) for beat in better), default=0)
    return Standing(min(len(better), MAX_RANK), last)


def appearance(
    me: Beat, situation: Situation, served_ms: float, *, hesitates: bool = False
) -> int | None:
    """Return when a beat's revision appeared, for its next announcement; None: not yet.

    What a beat once announced it keeps for as long as its process lives, so one that was
    stopped for an hour does not come back as the newest. A beat that starts takes over what
    the live beats of its revision announce; one whose revision is in force need prove nothing.

    Args:
        me: The beat, as it announced itself.
        situation: What the store answered to that.
        served_ms: For how long this beat has completed passes without a gap.
        hesitates: Others may be about to tell an empty store what they know.
    """
    live = [peer.beat for peer in _live(situation)]
    same = [beat for beat in live if beat.revision == me.revision]
    known = [beat.appeared for beat in (me, *same) if beat.appeared is not None]
    if known:
        return max(known)
    if (hesitates and not situation.revision) or served_ms < _probation(me, situation):
        return None
    # Later than the others also where the store's clock has stepped back since.
    return max(situation.now, *(1 + (beat.appeared or 0) for beat in (me, *live)))


def _probation(me: Beat, situation: Situation) -> int:
    if situation.revision == me.revision:
        return 0
    in_force = any(peer.beat.revision == situation.revision for peer in _live(situation))
    return PROBATION_MS if in_force else 0


def promotion(me: Beat, situation: Situation, memory: Memory) -> Promotion | None:
    """Return the change of the revision in force that this beat must ask for, if any.

    The revision with the highest number, and of those the latest to appear, is to be in
    force; one that has been silent for `ABSENT_MS` never is. Each beat asks for its own
    revision only.

    Args:
        me: The beat, as it announced itself.
        situation: What the store answered to that.
        memory: What this beat knew to be in force. A beat of it that stopped in good order,
            or that has not come back yet to a store that lost its data, is not among the
            peers.
    """
    if me.appeared is None or situation.revision == me.revision:
        return None
    others = [peer.beat for peer in _proven(situation) if peer.beat.revision != me.revision]
    ruled = memory.revision not in ("", me.revision) and memory.silent_ms <= ABSENT_MS
    if ruled and memory.revision not in {beat.revision for beat in others}:
        return None
    if any(_seniority(other) > _seniority(me) for other in others):
        return None
    return Promotion(me.revision, instead_of=situation.revision)


def others_live(me: Beat, situation: Situation) -> bool:
    """Return whether beats of another revision are alive."""
    return any(peer.beat.revision != me.revision for peer in _live(situation))


def silence(situation: Situation) -> int | None:
    """Return for how many milliseconds no proven beat of the revision in force was heard.

    Returns:
        None: none is alive.
    """
    in_force = [one for one in _proven(situation) if one.beat.revision == situation.revision]
    return min((situation.now - peer.seen for peer in in_force), default=None)


def refused_ms(me: Beat, situation: Situation) -> int:
    """Return how far ahead the store's clock is by the word of the beats that were here before.

    A beat that starts has no time of its own to hold against the store's. Those that knew it
    before it leapt do.
    """
    fresh = (peer.beat for peer in situation.peers if was_heard(peer, situation, FRESH_MS))
    return next((beat.refuses_ms for beat in fresh if beat.id != me.id), 0)


def _seniority(beat: Beat) -> tuple[int, int, str]:
    return (beat.number, beat.appeared or 0, beat.revision)


def was_heard(peer: Peer, situation: Situation, within_ms: int) -> bool:
    """Return whether a beat announced itself so recently.

    What was heard in the future is from before a step back of the store's clock.
    """
    return 0 <= situation.now - peer.seen <= within_ms


def _live(situation: Situation) -> list[Peer]:
    return [peer for peer in situation.peers if was_heard(peer, situation, ABSENT_MS)]


def _proven(situation: Situation) -> list[Peer]:
    return [peer for peer in _live(situation) if peer.beat.appeared is not None]


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
