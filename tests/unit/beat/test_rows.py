"""What an entry's policy means for planning, and how custom schedules are asked."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from beatkit.beat.plan import Move, Plan
from beatkit.beat.rows import Row, terms_of
from beatkit.entry import PLAIN, Entry, Policy
from beatkit.schedules.celery import cron, every
from beatkit.store import Claim, Missed

NOW = 1_800_014_400_000


def test_an_entry_without_a_policy_keeps_celerys_meaning():
    terms = terms_of(Entry("one", "t", every(seconds=1)))
    assert (terms.catch_up, terms.deadline_ms) == (PLAIN.catch_up, None)


def test_the_starting_deadline_holds_for_cron_entries_without_one_of_their_own():
    plain = Entry("one", "t", cron("* * * * *"))
    own = Entry("one", "t", cron("* * * * *"), policy=Policy(deadline=5))
    interval = Entry("one", "t", every(seconds=1))
    found = [terms_of(one, 30.0).deadline_ms for one in (plain, own, interval)]
    assert found == [30_000, 5_000, None]


def test_jitter_is_stable_and_shorter_than_the_distance_to_the_next_slot():
    terms = terms_of(Entry("one", "t", every(seconds=2), policy=Policy(jitter=60)))
    delays = [terms.jitter(NOW + slot * 2_000) for slot in range(50)]
    assert delays == [terms.jitter(NOW + slot * 2_000) for slot in range(50)]
    assert 0 <= min(delays) < max(delays) < 2_000


def test_a_row_backs_off_ever_longer_and_up_to_a_minute():
    row = Row(Entry("one", "t", every(seconds=1)))
    assert [row.fail(0) for _ in range(9)] == [
        1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]  # fmt: skip
    row.succeed()
    assert row.fail(0) == 1_000


def test_a_claim_says_what_a_move_asks_for():
    row = Row(Entry("one", "t", every(seconds=1), tags=("nightly",)))
    missed = Missed(1, 2, 2, "deadline")
    assert row.claim(Move(0, 2, None, 2, missed)) == Claim(
        "one", 0, 2, 2, act="miss", scopes=("entry:one", "tag:nightly", "*"), missed=missed
    )
    assert row.claim(Move(0, 2, "catch_up", 5)) == Claim(
        "one", 0, 2, 5, act="push", kind="catch_up", scopes=("entry:one", "tag:nightly", "*")
    )


class Moody:
    """A custom schedule: it says what it is told to, and keeps what it was asked."""

    def __init__(self, answer, now=None) -> None:
        self.answer = answer
        self.asked: list[datetime] = []
        self._now = now or datetime.now(UTC)

    def now(self) -> datetime:
        return self._now

    def is_due(self, last_run_at: datetime):
        self.asked.append(last_run_at)
        return self.answer


def asked(schedule, paused=False) -> Plan:
    row = Row(Entry("one", "t", schedule))
    row.progress = NOW - 60_000
    return row.plan(NOW, able_since=0, paused=paused, poll_limit_ms=300_000)


def test_a_custom_schedule_that_is_due_makes_a_slot_of_now():
    assert asked(Moody((True, 20))) == Plan(
        (Move(NOW - 60_000, NOW, "scheduled", NOW),), NOW + 20_000
    )


def test_one_that_is_not_due_is_asked_again_when_it_says_and_no_later_than_the_limit():
    assert asked(Moody((False, 7.5))) == Plan((), NOW + 7_500)
    assert asked(Moody((False, 9_999))) == Plan((), NOW + 300_000)
    assert asked(Moody((False, None))) == Plan((), NOW + 300_000)
    assert asked(Moody((False, 0))) == Plan((), NOW + 10)


def test_one_that_says_never_again_is_asked_at_the_limit_and_sent_if_it_is_due():
    assert asked(Moody((False, math.inf))) == Plan((), NOW + 300_000)
    assert len(asked(Moody((True, math.inf))).moves) == 1


def test_one_that_is_paused_is_missed():
    assert asked(Moody((True, 20)), paused=True).moves == (
        Move(NOW - 60_000, NOW, None, NOW, Missed(NOW, NOW, 1, "paused")),
    )


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30))])
def test_it_is_asked_in_its_own_zone(zone):
    schedule = Moody((False, 1), now=datetime.now(zone))
    asked(schedule)
    assert schedule.asked == [datetime.fromtimestamp(NOW / 1000 - 60, zone)]
    assert schedule.asked[0].tzinfo == zone


def test_one_with_a_naive_clock_is_asked_naively():
    schedule = Moody((False, 1), now=datetime(2027, 1, 15))
    asked(schedule)
    assert schedule.asked[0].tzinfo is None


def test_a_yes_is_kept_until_it_is_decided():
    schedule = Moody((True, 20))
    row = Row(Entry("one", "t", schedule))
    row.progress = NOW - 60_000
    yes = Move(NOW - 60_000, NOW, "scheduled", NOW)
    assert row.plan(NOW, 0, False, 300_000).moves == (yes,)
    schedule.answer = (False, 20)
    assert row.plan(NOW + 500, 0, False, 300_000).moves == (yes,)
    row.progress = NOW
    assert row.plan(NOW + 500, 0, False, 300_000) == Plan((), NOW + 20_500)


def test_a_schedule_is_not_asked_in_the_very_millisecond_of_its_progress():
    """Its yes would be no later than what is decided, and lost."""
    schedule = Moody((True, 20))
    row = Row(Entry("one", "t", schedule))
    row.progress = NOW
    assert row.plan(NOW, 0, False, 300_000) == Plan((), NOW + 10)
    assert schedule.asked == []
