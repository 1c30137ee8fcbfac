"""One beat's life, without Celery: announce, plan, send, advance, and so on.

The scheduler ticks it on the host's clock; the simulation ticks several of this very class
on a virtual one. See the note at the top of `beatkit.beat`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from beatkit.beat import peers, report
from beatkit.beat.outage import Outage
from beatkit.beat.owned import OwnedRows
from beatkit.beat.plan import Move
from beatkit.beat.presence import Presence
from beatkit.beat.roster import Roster
from beatkit.beat.rows import Row
from beatkit.beat.seeding import Seeding
from beatkit.clock import HostClock
from beatkit.entry import Entry
from beatkit.errors import StoreError, StoreUnavailable
from beatkit.sending import BrokerUnavailable, Way
from beatkit.store import RESERVED_MS, Answer, Situation, Store

RETRY_S = 0.25
"""While the store is away, it is tried again after this."""

AGAIN_S = 0.1
"""While the entries are not known to the store, that is tried again after this."""

STANDBY_PACE_MS = 100
"""A standby looks at what is due at most this often: it works in lots, not slot by slot."""


class Passes:
    """Ticks: each does a bounded batch of work and says when to be called again.

    Args:
        presence: This beat among the others.
        rows: The entries it serves.
        store: Where progress is.
        way: How messages are sent.
        read_host: The host's clocks.
        on_sent: Called with each entry and slot that this beat sent, after the fact.
        poll_limit_ms: How long a custom schedule may be left unasked.
        owned: The runtime-owned entries, which join the rows; None: there are none.
    """

    def __init__(
        self,
        presence: Presence,
        rows: Iterable[Row],
        store: Store,
        way: Way,
        *,
        read_host: Callable[[], HostClock],
        on_sent: Callable[[Entry, int], None],
        poll_limit_ms: int,
        owned: OwnedRows | None = None,
    ) -> None:
        self.roster = Roster(rows)
        self.presence = presence
        self.outage = Outage("store")
        self.broker_outage = Outage("broker")
        self._unanswered: dict[str, int] = {}  # slots claimed whose answer never came
        self._seeding = Seeding(self.roster.rows, store)
        self._owned = owned
        self._store = store
        self._way = way
        self._read_host = read_host
        self._on_sent = on_sent
        self._poll_limit_ms = poll_limit_ms
        self._last_sent = 0
        self._rest_until = 0.0  # on the steady clock

    def tick(self) -> float:
        """Do what is due, a bounded batch of it; errors of stores and entries stay inside.

        Returns:
            Seconds until the next call is wanted; 0: there is more to do.
        """
        try:
            if self.presence.next_look() <= 0:
                self._look()
            if (self.presence.in_force or self.presence.hesitates) and not self._seeding.done:
                self.presence.look_again()
                return AGAIN_S
            wait_ms = self._serve()
            if self.outage.end(self._read_host().steady):
                self.presence.able_since = self.presence.now()
        except BrokerUnavailable as error:
            self.broker_outage.begin(error, self._read_host().steady)
            return RETRY_S
        except StoreError as error:
            self.outage.begin(error, self._read_host().steady)
            self.presence.look_again()
            return RETRY_S
        return max(0.0, min(wait_ms, self.presence.next_look())) / 1000

    def leave(self, store: Store) -> None:
        """Withdraw, through a store whose connection no pass uses.

        What was claimed and not published yet is given back, for the next beat to publish.
        """
        if self.presence.situation is None:
            return
        me = self.presence.me.id
        self._way.leave(store)
        situation = self.presence.leave(store)
        mine = [pending for pending in situation.pendings if pending.by == me]
        if mine:
            store.hand_over(mine, to="")

    def _look(self) -> None:
        situation = self.presence.look(self._last_sent, len(self.roster.failing))
        now = min(situation.now, self.presence.now())  # the store's own may have leapt ahead
        if not self.presence.in_force:
            self._seeding.void()
            return
        self._renew(situation)
        if self._seeding.wanted(situation, self._read_host().steady):
            self._seed(now)
        elif self.presence.stepped:
            self.roster.plan_afresh(now)
        for row in self._seeding.pay(self.presence.writer, now) if self._seeding.done else ():
            self.roster.put_by_progress(row, now)
        if self._seeding.done:
            self._way.attend(self.presence.writer, situation, self._find)

    def _renew(self, situation: Situation) -> None:
        """Take in which runtime-owned entries were added, changed and removed."""
        if self._owned is None:
            return
        turn = self._owned.refresh(self.presence.writer, situation)
        for name in turn.dropped:
            self.roster.drop(name)
            self._unanswered.pop(name, None)
        for row in turn.rows:
            self.roster.add(row)
        self._seeding.owe(turn.rows, turn.gone)

    def _seed(self, now: int) -> None:
        steady, unserved = self._read_host().steady, self._owned.unserved if self._owned else ()
        hesitates = self.presence.hesitates
        if not self._seeding.run(self.presence.writer, now, steady, hesitates, unserved):
            return
        self.roster.plan_afresh(now)
        if self._seeding.after_loss:
            self._rest_until = steady + peers.SETTLE_MS

    def _find(self, name: str) -> Entry | None:
        row = self.roster.rows.get(name)
        return None if row is None else row.entry

    def _serve(self) -> float:
        """Send a batch of what is due; return milliseconds until there is more."""
        now, delay = self.presence.now(), self.presence.standing().delay_ms
        if self._due_in(now, delay) > 0:
            return self._due_in(now, delay)
        try:
            self._take_up(self.roster.take(now - delay, self._way.batch), now)
        finally:
            self.roster.put_back(now)
        return self._due_in(self.presence.now(), delay)

    def _due_in(self, now: int, delay: int) -> float:
        first = self.roster.first() if self._seeding.done else None
        if first is None:
            return peers.ANNOUNCE_MS
        return max(0.0, first + delay - now, self._rest_until - self._read_host().steady)

    def _take_up(self, rows: list[Row], now: int) -> None:
        standing = self.presence.standing()
        if standing.rank:
            rows = self._left_undone(rows, now)
            self._rest_until = self._read_host().steady + STANDBY_PACE_MS
        # Of a batch, where backlogs would fill it.
        share = max(1, self._way.batch // max(1, len(rows)))
        jobs = [(row, move) for row in rows for move in self._plan(row, now, share)]
        if jobs:
            self._send(jobs, now)

    def _left_undone(self, rows: list[Row], now: int) -> list[Row]:
        """Return the rows on which a standby must act: not decided, and nobody is at it."""
        view = self._store.read([row.entry.name for row in rows])
        self.presence.take_in(view.claimed)
        standing = self.presence.standing()
        chosen: list[Row] = []
        for row in rows:
            found = view.progress.get(row.entry.name)
            if not self._take_progress(row, None if found is None else found.slot, now):
                continue
            due_at = row.wake(now - standing.delay_ms)
            if due_at is not None and peers.may_act(standing, due_at, now):
                chosen.append(row)
            else:
                self.roster.put(row, due_at)
        return chosen

    def _plan(self, row: Row, now: int, most: int) -> tuple[Move, ...]:
        paused = self.presence.paused(row.scopes)
        barred = self.outage.lasts or self.broker_outage.lasts
        able_since = now if barred else self.presence.able_since
        try:
            made = row.plan(now, able_since, paused, self._poll_limit_ms, most)
        except Exception as error:  # noqa: BLE001 - a schedule may be anybody's code
            self.roster.fail(row, now, report.no_plan(row.entry, error))
            return ()
        if not made.moves:
            self.roster.put(row, made.wake_ms)
        return made.moves

    def _send(self, jobs: list[tuple[Row, Move]], now: int) -> None:
        batch = [(row.entry, row.claim(move)) for row, move in jobs]
        self._unanswered |= {row.entry.name: move.slot for row, move in jobs if move.kind}
        decision = self._way.send(self.presence.writer, batch)
        if self.broker_outage.end(self._read_host().steady):
            self.presence.able_since = now
        for (row, move), answer in zip(jobs, decision.answers, strict=True):
            if _is_full(answer):
                continue  # put back, like all that is still in hand, when this is raised below
            if self.roster.holds(row):  # a row's first setback settles it
                self._take_answer(row, move, answer, now)
        full = next(filter(_is_full, decision.answers), None)
        if full is not None:
            raise StoreUnavailable(f"The broker takes no messages: {full.detail}")
        turn = now - self.presence.standing().delay_ms
        for row in {row.entry.name: row for row, _ in jobs}.values():
            if self.roster.holds(row):
                self.roster.put_by_progress(row, now, behind=turn)

    def _take_answer(self, row: Row, move: Move, answer: Answer, now: int) -> None:
        match answer.outcome:
            case "sent" | "pending" | "missed" | "withheld":
                self._done(row, move, answer, now)
            case "decided" | "moved":
                if answer.by == self.presence.me.id:
                    self._answered_late(row, answer.progress)
                if self._take_progress(row, answer.progress, now):
                    self.roster.put_by_progress(row, now)
            case "early":
                self.roster.put(row, max(answer.until, now + 1))
                self.presence.look_again()  # the store's clock is behind what is carried
            case "taken":  # `until` is by the store's clock, which may have leapt
                self.roster.put(row, min(max(answer.until, now + 1), now + RESERVED_MS))
            case "not_in_force" | "lost":
                self.roster.put(row, now)
                self._seeding.void()
                self.presence.look_again()
            case _:
                self.roster.fail(row, now, answer.detail)

    def _done(self, row: Row, move: Move, answer: Answer, now: int) -> None:
        row.progress = move.slot
        self._unanswered.pop(row.entry.name, None)
        self.roster.succeed(row)
        withheld = answer.outcome == "withheld"
        if move.missed is not None and not (withheld and move.missed.first == move.slot):
            report.missed(row.entry, move.missed)
        if withheld:
            report.withheld(row.entry, move.slot, answer.detail)
        elif answer.outcome != "missed":
            self._last_sent = now
            self._on_sent(row.entry, move.slot)

    def _answered_late(self, row: Row, progress: int | None) -> None:
        """Report a slot that was sent although the reply was lost."""
        if progress is not None and self._unanswered.pop(row.entry.name, None) == progress:
            self._on_sent(row.entry, progress)

    def _take_progress(self, row: Row, found: int | None, now: int) -> bool:
        """Take in the store's progress of a row; False if all must be looked at again."""
        if self._seeding.take_in(self.presence.writer, row, found, now):
            return True
        self.presence.look_again()
        return False


def _is_full(answer: Answer) -> bool:
    """Whether a slot failed for what ails the whole server, and no fault of its entry."""
    return answer.outcome == "failed" and answer.detail.lstrip("-").startswith("OOM")
