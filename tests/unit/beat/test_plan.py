"""Which slots are sent, which are missed and why."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatkit.beat.plan import CHAIN, Move, Plan, Terms, plan
from beatkit.store import Missed


@dataclass(frozen=True)
class Every:
    """Slots at every multiple of a period, from `first` to `last`."""

    period: int
    first: int = 0
    last: int = 10**15

    def next(self, after_ms: int) -> int | None:
        slot = max((after_ms // self.period + 1) * self.period, self.first)
        return slot if slot <= self.last else None

    def previous(self, before_ms: int) -> int | None:
        slot = (before_ms - 1) // self.period * self.period
        slot = min(slot, self.last)
        return slot if slot >= self.first else None


MINUTE = Every(60)
LATEST = Terms()
ALL = Terms(catch_up="all")


def test_nothing_is_due_before_the_next_slot():
    assert plan(MINUTE, LATEST, 60, now=119, able_since=0) == Plan((), 120)


def test_a_slot_is_due_at_its_very_instant():
    assert plan(MINUTE, LATEST, 60, now=120, able_since=0) == Plan(
        (Move(60, 120, "scheduled", 120),), 180
    )


def test_a_backlog_becomes_its_latest_slot_and_a_record_of_the_others():
    assert plan(MINUTE, LATEST, 60, now=310, able_since=305) == Plan(
        (Move(60, 300, "catch_up", 300, Missed(120, 240, 3, "latest")),), 360
    )


def test_all_of_a_backlog_is_sent_in_order_when_the_policy_says_so():
    assert plan(MINUTE, ALL, 60, now=250, able_since=200) == Plan(
        (
            Move(60, 120, "catch_up", 120),
            Move(120, 180, "catch_up", 180),
            Move(180, 240, "scheduled", 240),
        ),
        300,
    )


def test_a_long_backlog_is_decided_in_parts():
    first = plan(MINUTE, ALL, 0, now=60 * CHAIN * 2, able_since=0)
    assert len(first.moves) == CHAIN
    assert first.wake_ms == 60 * (CHAIN + 1)


def test_a_backlog_has_no_more_of_a_batch_than_its_bound_and_its_share():
    def sent(most: int) -> int:
        return len(plan(MINUTE, ALL, 0, now=60 * CHAIN * 2, able_since=0, most=most).moves)

    assert [sent(10 * CHAIN), sent(7), sent(1)] == [CHAIN, 7, 1]


def test_slots_past_their_deadline_are_missed_and_the_others_are_sent():
    terms = Terms(catch_up="all", deadline_ms=70)
    assert plan(MINUTE, terms, 0, now=200, able_since=0) == Plan(
        (
            Move(0, 120, None, 120, Missed(60, 120, 2, "deadline")),
            Move(120, 180, "scheduled", 180),
        ),
        240,
    )


def test_a_slot_at_its_deadline_is_still_sent_and_after_it_is_not():
    terms = Terms(deadline_ms=30)
    assert plan(MINUTE, terms, 0, now=90, able_since=0) == Plan(
        (Move(0, 60, "scheduled", 60),), 120
    )
    assert plan(MINUTE, terms, 0, now=91, able_since=0) == Plan(
        (Move(0, 60, None, 60, Missed(60, 60, 1, "deadline")),), 120
    )


@pytest.mark.parametrize("catch_up", ["latest", "all"])
def test_what_comes_due_during_a_pause_is_missed(catch_up):
    terms = Terms(catch_up=catch_up, paused=True)
    assert plan(MINUTE, terms, 0, now=200, able_since=0) == Plan(
        (Move(0, 180, None, 180, Missed(60, 180, 3, "paused")),), 240
    )


def test_jitter_delays_the_send_and_not_the_slot():
    terms = Terms(jitter=lambda slot: 20)
    assert plan(MINUTE, terms, 0, now=79, able_since=0) == Plan((), 80)
    assert plan(MINUTE, terms, 0, now=80, able_since=0) == Plan(
        (Move(0, 60, "scheduled", 80),), 140
    )


def test_while_the_latest_slot_waits_for_its_jitter_the_one_before_is_the_latest():
    terms = Terms(jitter=lambda slot: 20)
    assert plan(MINUTE, terms, 0, now=185, able_since=0) == Plan(
        (Move(0, 120, "scheduled", 140, Missed(60, 60, 1, "latest")),), 200
    )


def test_a_deadline_shorter_than_the_jitter_gives_up_no_slot_before_its_time():
    terms = Terms(deadline_ms=5, jitter=lambda slot: 20)
    assert plan(MINUTE, terms, 0, now=70, able_since=0) == Plan((), 80)


def test_a_schedule_that_is_over_wants_no_more_attention():
    assert plan(Every(60, last=120), LATEST, 120, now=999, able_since=0) == Plan((), None)
    assert plan(Every(60, last=120), LATEST, 60, now=999, able_since=0) == Plan(
        (Move(60, 120, "scheduled", 120),), None
    )


def test_progress_ahead_of_now_decides_nothing():
    """After a store's clock stepped back, decided slots stay decided."""
    assert plan(MINUTE, LATEST, 6000, now=200, able_since=0) == Plan((), 6060)


terms_strategy = st.builds(
    lambda catch_up, deadline, jitter, paused: Terms(
        catch_up, deadline, lambda slot: slot * 2654435761 % jitter, paused
    ),
    st.sampled_from(["latest", "all"]),
    st.one_of(st.none(), st.integers(0, 300)),
    st.integers(1, 60),
    st.booleans(),
)


@given(
    terms_strategy,
    st.integers(0, 600),
    st.lists(st.integers(0, 400), min_size=1, max_size=8),
)
def test_each_slot_is_decided_exactly_once_over_any_sequence_of_passes(terms, progress, gaps):
    started, now = progress, progress
    decided: list[int] = []
    for gap in gaps:
        now += gap
        wake = 0
        while wake is not None and wake <= now:
            made = plan(MINUTE, terms, progress, now, able_since=0)
            wake = made.wake_ms
            for move in made.moves:
                assert move.after == progress
                assert move.slot > progress
                assert move.not_before <= now
                if move.missed:
                    missed = move.missed
                    skipped = range(missed.first, missed.last + 1, 60)
                    assert len(skipped) == missed.count
                    decided += skipped
                if move.kind:
                    assert terms.deadline_ms is None or move.slot + terms.deadline_ms >= now
                    decided.append(move.slot)
                progress = move.slot
    due = [
        slot
        for slot in range(0, now + 1, 60)
        if started < slot and slot + terms.jitter(slot) <= now
    ]
    assert decided == due
