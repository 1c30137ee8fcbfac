"""Who acts, and when a revision appears."""

import pytest

from beatkit.beat.peers import Standing, appearance, may_act, share_nothing


def test_the_lead_acts_at_the_send_time():
    assert may_act(Standing(rank=0), send_at=1000, now=1000)


def test_a_standby_acts_a_quarter_of_a_second_a_rank_later():
    assert not may_act(Standing(rank=2), send_at=1000, now=1499)
    assert may_act(Standing(rank=2), send_at=1000, now=1500)


def test_a_standby_waits_while_a_better_ranked_beat_works_through_a_burst():
    busy = Standing(rank=1, claimed=1900)
    assert not may_act(busy, send_at=1000, now=2149)
    assert may_act(busy, send_at=1000, now=2150)


def test_a_standby_loses_patience_with_a_lead_that_leaves_one_slot_behind():
    busy = Standing(rank=1, claimed=10_999)
    assert not may_act(busy, send_at=1000, now=10_999)
    assert may_act(busy, send_at=1000, now=11_000)


@pytest.mark.parametrize(
    ("own", "joined", "in_force", "since", "now", "expected"),
    [
        pytest.param(None, None, False, 70_000, 70_000, 70_000, id="nothing in force: at once"),
        pytest.param(None, None, True, 70_000, 74_999, None, id="on probation"),
        pytest.param(None, None, True, 70_000, 75_000, 75_000, id="proved itself"),
        pytest.param(None, 50_000, True, 70_000, 70_000, 50_000, id="joins its own kind"),
        pytest.param(40_000, None, True, 70_000, 99_000, 40_000, id="stopped, continued"),
        pytest.param(40_000, 50_000, True, 70_000, 99_000, 50_000, id="rolled back to"),
    ],
)
def test_a_revision_appears(own, joined, in_force, since, now, expected):
    assert appearance(own, joined, in_force, since, now) == expected


def test_two_schedules_without_a_common_entry_are_two_projects():
    assert share_nothing(["a", "b"], ["c"])
    assert not share_nothing(["a", "b"], ["b", "c"])


def test_celerys_own_entries_and_empty_schedules_tell_nothing():
    assert share_nothing(["a", "celery.backend_cleanup"], ["c", "celery.backend_cleanup"])
    assert not share_nothing(["celery.backend_cleanup"], ["c"])
    assert not share_nothing(["a"], [])
