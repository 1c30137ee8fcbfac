"""What a beat keeps of each entry that it serves, and how one row is planned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from beatkit.beat.plan import CHAIN, Move, Plan, Terms, next_send, no_jitter, plan
from beatkit.beat.revision import timing
from beatkit.entry import PLAIN, CatchUp, Entry
from beatkit.schedules.rules import Rule
from beatkit.schedules.spread import jitter_ms
from beatkit.store import Claim, Missed, pause_scopes
from beatkit.store.texts import shared

BACK_OFF_MS = (1_000, 60_000)
"""An entry that fails is tried again after the first, doubling up to the second."""

POLL_MS = 10
"""A custom schedule that is not due is asked again after this at the soonest."""


class Row:
    """One entry, how far it is, and whether it is failing.

    Attributes:
        entry: Its definition.
        rule: Yields its slots; None for a custom schedule, which is asked.
        terms: The part of its policy that decides which slots are sent.
        fingerprint: Of its schedule; a change makes it count anew.
        progress: The last slot decided, as far as this beat knows; -1: never read.
        failures: How often it failed in a row.
        complaint: The error that was last logged, so that it is logged once.
        yes: What a custom schedule's latest yes asks for.
        owned: Of one that was added while running, the version that was read; 0 of others.
    """

    __slots__ = (
        "complaint",
        "entry",
        "failures",
        "fingerprint",
        "owned",
        "progress",
        "rule",
        "terms",
        "yes",
    )

    def __init__(
        self, entry: Entry, starting_deadline: float | None = None, *, owned: int = 0
    ) -> None:
        self.entry = entry
        self.owned = owned
        self.rule: Rule | None = getattr(entry.schedule, "rule", None)
        self.terms = terms_of(entry, starting_deadline)
        self.fingerprint = shared(timing(entry))  # equal schedules are many
        self.progress = -1
        self.failures = 0
        self.complaint = ""
        self.yes: Move | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """The pauses that hold it. Made when asked for: kept, they were a fifth of a row."""
        return pause_scopes(self.entry)

    def plan(
        self, now: int, able_since: int, paused: bool, poll_limit_ms: int, most: int = CHAIN
    ) -> Plan:
        """Return what to decide now, `most` slots to send; raises what a broken schedule raises."""
        if self.rule is None:
            return self._ask(now, paused, poll_limit_ms)
        terms = self.terms
        if paused:
            terms = Terms(terms.catch_up, terms.deadline_ms, terms.jitter, paused=True)
        return plan(self.rule, terms, self.progress, now, able_since, most)

    def _ask(self, now: int, paused: bool, poll_limit_ms: int) -> Plan:
        """Ask a custom schedule, as Celery does: its slots are the moments it says yes.

        A yes is kept until it is decided: who asks again may be told no.
        """
        if self.yes is not None and self.yes.after == self.progress:
            return Plan((self.yes,), now + POLL_MS)
        if now <= self.progress:
            return Plan((), self.progress + POLL_MS)
        schedule = self.entry.schedule
        due, delay = schedule.is_due(_like(schedule.now(), self.progress))
        seconds = delay if isinstance(delay, int | float) else poll_limit_ms / 1000
        wake = now + round(min(max(POLL_MS, seconds * 1000), poll_limit_ms))  # it may be infinite
        if not due:
            return Plan((), wake)
        missed = Missed(now, now, 1, "paused") if paused else None
        self.yes = Move(self.progress, now, None if paused else "scheduled", now, missed)
        return Plan((self.yes,), wake)

    def wake(self, now: int) -> int | None:
        """Return when the row wants attention, by its progress alone."""
        return now if self.rule is None else next_send(self.rule, self.terms, self.progress)

    def claim(self, move: Move) -> Claim:
        """Return what to ask of the store to make a move."""
        return Claim(
            self.entry.name,
            move.after,
            move.slot,
            move.not_before,
            act="push" if move.kind else "miss",
            kind=move.kind or "scheduled",
            scopes=self.scopes,
            missed=move.missed,
            fingerprint=self.fingerprint if self.owned else "",
        )

    def fail(self, now: int) -> int:
        """Count a failure; return when to try again."""
        first, most = BACK_OFF_MS
        self.failures += 1
        return int(now + min(first * 2 ** min(self.failures - 1, 10), most))

    def succeed(self) -> None:
        """Forget past failures."""
        self.failures = 0
        self.complaint = ""


def terms_of(entry: Entry, starting_deadline: float | None = None) -> Terms:
    """Return what an entry's policy means for planning.

    Args:
        entry: The entry.
        starting_deadline: `beat_cron_starting_deadline` in seconds, for cron entries that
            have no deadline of their own.
    """
    policy = entry.policy or PLAIN
    deadline = policy.deadline
    if deadline is None and starting_deadline is not None and _is_cron(entry.schedule):
        deadline = starting_deadline
    ruled = getattr(entry.schedule, "rule", None) is not None
    jitter = _jitter(entry) if policy.jitter and ruled else no_jitter
    deadline_ms = None if deadline is None else round(deadline * 1000)
    if jitter is not no_jitter:
        return Terms(policy.catch_up, deadline_ms, jitter)
    return _smooth(policy.catch_up, deadline_ms)


@cache
def _smooth(catch_up: CatchUp, deadline_ms: int | None) -> Terms:
    """Return the one object of equal terms: most entries of a schedule have the same."""
    return Terms(catch_up, deadline_ms)


def _jitter(entry: Entry) -> Callable[[int], int]:
    name, seconds, rule = entry.name, (entry.policy or PLAIN).jitter, entry.schedule.rule
    return lambda slot: jitter_ms(name, slot, seconds, rule.next(slot))


def _is_cron(schedule: Any) -> bool:
    from celery.schedules import crontab

    return isinstance(schedule, crontab)


def _like(sample: datetime, instant_ms: int) -> datetime:
    """Return an instant in the zone of `sample`, naive if that is (old `nowfun`s are)."""
    if sample.tzinfo is None:
        return datetime.fromtimestamp(instant_ms / 1000)
    return datetime.fromtimestamp(instant_ms / 1000, UTC).astimezone(sample.tzinfo)
