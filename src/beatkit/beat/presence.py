"""One beat among the others: what it announces, and what time and standing it learns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from beatkit.beat import peers
from beatkit.clock import HostClock, StoreClock
from beatkit.errors import StoreError
from beatkit.store import Beat, Promotion, Situation, Store, Writer

logger = logging.getLogger("beatkit.beat")

GAP_MS = 3 * peers.ANNOUNCE_MS
"""A beat that did not announce itself for so long was stopped, or the store was away."""

FOREIGN_CHECK_MS = 10_000
"""While another project seems to use the prefix, look again this often."""


class Presence:
    """Announces a beat and keeps what the store answered.

    Args:
        me: What the beat says of itself.
        names: The entries of its schedule.
        store: Where it announces itself.
        read_host: The host's clocks.
        spared: Returns names that tell no project from another: of runtime-owned entries.
    """

    def __init__(
        self,
        me: Beat,
        names: Collection[str],
        store: Store,
        read_host: Callable[[], HostClock],
        spared: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self.me = me
        self.situation: Situation | None = None
        self.able_since = 0
        self._names = names
        self._spared = spared
        self._store = store
        self._read_host = read_host
        self._clock = StoreClock()
        self._looked: float | None = None  # steady time of the latest answer
        self._claimed: Mapping[str, int] = {}
        self._was_away = False  # when this beat asked for the first time
        self._hesitates_until = 0.0  # on the steady clock, as are the next four
        self._serving_since = 0.0
        self._ruled_by = ""
        self._ruled_at = 0.0
        self._foreign_until = 0.0
        self._said = ""
        self._zones_said: set[str] = set()

    def now(self) -> int:
        """Return the store's time, Unix milliseconds."""
        return self._clock.now_ms(self._read_host())

    def next_look(self) -> float:
        """Return in how many milliseconds the next announcement is due; 0: now."""
        if self._looked is None:
            return 0.0
        waited = self._read_host().steady - self._looked
        return max(0.0, peers.ANNOUNCE_MS - waited)

    def look_again(self) -> None:
        """Make the next announcement due at once: what is believed proved wrong."""
        self._looked = None

    @property
    def stepped(self) -> bool:
        """Whether the time was moved by the latest look: what was planned by it is void."""
        return self._clock.verdict == "followed"

    @property
    def hesitates(self) -> bool:
        """Whether other beats may be about to tell an empty store what they know."""
        return self._read_host().steady < self._hesitates_until

    @property
    def in_force(self) -> bool:
        """Whether this beat's schedule is the one that is sent."""
        return self.situation is not None and self.situation.revision == self.me.revision

    @property
    def writer(self) -> Writer:
        """Who writes, and what it believes."""
        assert self.situation is not None
        return Writer(self.me.id, self.situation.identity, self.me.revision)

    def standing(self) -> peers.Standing:
        """Return this beat's place among those that are alive."""
        assert self.situation is not None
        return peers.standing(self.me.id, self.situation, self._claimed)

    def paused(self, scopes: Iterable[str]) -> bool:
        """Return whether a pause in force holds an entry; see `beatkit.store.pause_scopes`."""
        paused = self.situation.paused if self.situation is not None else {}
        found = [paused[scope] for scope in scopes if scope in paused] if paused else []
        return any(pause.holds(self.now()) for pause in found)

    def take_in(self, claimed: Mapping[str, int]) -> None:
        """Take in when each beat last claimed."""
        self._claimed = claimed

    def look(self, sent: int, owed: int) -> Situation:
        """Announce this beat and look around; ask to be in force where that is due."""
        asked = self._read_host()
        gap = self._looked is None or asked.steady - self._looked > GAP_MS
        self.me = replace(self.me, passed=0 if gap else self.now(), sent=sent, owed=owed)
        situation = self._announced()
        answered = self._read_host()
        if self.situation is None and (self._was_away or len(situation.peers) > 1):
            self._hesitates_until = answered.steady + peers.SETTLE_MS
        self._observe(situation, asked, answered)
        self._looked = answered.steady
        if gap:
            self._serving_since = answered.steady
        if gap or self.stepped:
            self.able_since = self.now()
        self.situation = self._contend(situation)
        self._say_whether_in_force()
        self._say_whose_zones_differ(situation)
        return self.situation

    def _announced(self) -> Situation:
        try:
            return self._store.announce(self.me, expires=peers.ABSENT_MS)
        except StoreError:
            self._was_away = True
            raise

    def leave(self, store: Store) -> Situation:
        """Withdraw the announcement, through a store whose connection is not in use."""
        return store.announce(self.me, expires=0)

    def _contend(self, situation: Situation) -> Situation:
        steady = self._read_host().steady
        appeared = peers.appearance(
            self.me, situation, steady - self._serving_since, hesitates=self.hesitates
        )
        self.me = replace(self.me, appeared=appeared)
        wanted = peers.promotion(self.me, situation, self._remember(situation, steady))
        if wanted is None or self._is_empty_beside_others(situation) or self._is_foreign(situation):
            return situation
        return self._promote(wanted)

    def _remember(self, situation: Situation, steady: float) -> peers.Memory:
        silence = peers.silence(situation)
        if silence is not None:
            self._ruled_by, self._ruled_at = situation.revision, steady - silence
        return peers.Memory(self._ruled_by, steady - self._ruled_at)

    def _is_empty_beside_others(self, situation: Situation) -> bool:
        """Whether this schedule has no entry and others live: more likely a mistake than a wish.

        If it is a wish, the others are gone after the deployment.
        """
        return not self._names and peers.others_live(self.me, situation)

    def _promote(self, wanted: Promotion) -> Situation:
        situation = self._store.announce(self.me, expires=peers.ABSENT_MS, promote=wanted)
        if situation.revision == self.me.revision:
            self.able_since = self.now()
        return situation

    def _is_foreign(self, situation: Situation) -> bool:
        """Whether live beats under this prefix serve a schedule that shares no entry."""
        if not peers.others_live(self.me, situation):
            return False
        if self._read_host().steady < self._foreign_until:
            return True
        known, spared = self._store.read().progress, self._spared()
        theirs = [
            name for name, row in known.items() if row.absent_since is None and name not in spared
        ]
        if not peers.share_nothing(self._names, theirs):
            return False
        self._foreign_until = self._read_host().steady + FOREIGN_CHECK_MS
        self._complain_of(situation, theirs)
        return True

    def _complain_of(self, situation: Situation, theirs: Collection[str]) -> None:
        other = next(peer.beat for peer in situation.peers if peer.beat.id != self.me.id)
        self._say(
            logging.ERROR,
            "beat: another project uses this store under the same key prefix: beat %s on "
            "%s serves %r and others, this one %r and others, and they share none. This "
            "beat sends nothing.\n  set beatkit_key_prefix to another text in one of them",
            other.id,
            other.host,
            min(theirs),
            min(self._names),
        )

    def _observe(self, situation: Situation, asked: HostClock, answered: HostClock) -> None:
        before = self._clock.verdict
        if not self._clock.known:
            self._clock.begin(situation.now - peers.refused_ms(self.me, situation), asked, answered)
        verdict = self._clock.observe(situation.now, asked, answered)
        self.me = replace(self.me, refuses_ms=self._clock.refuses_ms)
        apart = self._clock.apart_ms / 1000
        if verdict == "refused" != before:
            logger.error(
                "beat: the store's clock leapt forward by %.1f s and this host's clock does "
                "not confirm it: going on by the time before the leap.",
                apart,
            )
        elif verdict == "followed":
            logger.warning("beat: the store's clock moved by %+.1f s; following it.", apart)
        elif before == "refused" and verdict == "carried":
            logger.info("beat: the store's clock is back.")

    def _say_whether_in_force(self) -> None:
        if self.in_force:
            self._say(logging.INFO, "beat: schedule %s is in force.", self.me.revision)
        elif self.situation is not None and self._read_host().steady >= self._foreign_until:
            self._say(
                logging.INFO,
                "beat: standing by: schedule %s is in force, this beat's is %s.",
                self.situation.revision or "none",
                self.me.revision,
            )

    def _say(self, level: int, text: str, *args: object) -> None:
        """Log what differs from what was said last."""
        said = text % args
        if said != self._said:
            self._said = said
            logger.log(level, text, *args)

    def _say_whose_zones_differ(self, situation: Situation) -> None:
        for host, version in peers.other_zone_data(self.me, situation).items():
            if host not in self._zones_said:
                self._zones_said.add(host)
                logger.warning(
                    "beat: host %s has time zone data %s, this one %s: where the two disagree, "
                    "so may their slots.\n  update tzdata on both",
                    host,
                    version,
                    self.me.zones,
                )
