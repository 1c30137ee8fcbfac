"""Who acts, and which revision is in force."""

from dataclasses import replace

from beatkit.beat.peers import (
    Memory,
    Standing,
    appearance,
    may_act,
    promotion,
    refused_ms,
    share_nothing,
    standing,
)
from beatkit.store import Beat, Peer, Promotion, Situation


def a_beat(name="me", revision="new", appeared=None, number=0):
    return Beat(name, "host", 1, revision, number, appeared)


def situation(*peers, now=100_000, revision="old"):
    listed = tuple(Peer(beat, started=0, seen=seen) for beat, seen in peers)
    return Situation(now, "identity", revision, listed, {}, ())


RULED = Memory("old", 1_000)


# --- ranks


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


def test_rank_counts_the_fresh_beats_of_the_same_revision_that_started_earlier():
    seen = situation(
        (a_beat("gone"), 96_000),
        (a_beat("lead"), 99_000),
        (a_beat("stranger", revision="old"), 99_900),
        (a_beat("me"), 100_000),
        (a_beat("junior"), 99_900),
    )
    claimed = {"lead": 99_500, "junior": 99_990, "stranger": 99_995}
    assert standing("me", seen, claimed) == Standing(rank=1, claimed=99_500)


def test_a_beat_that_is_alone_leads():
    assert standing("me", situation((a_beat("me"), 100_000)), {}) == Standing(0, 0)


def test_no_rank_is_above_eight():
    crowd = [(a_beat(f"beat-{n}"), 100_000) for n in range(20)]
    assert standing("me", situation(*crowd, (a_beat("me"), 100_000)), {}).delay_ms == 2000


# --- revisions


def test_the_first_revision_appears_at_once():
    me = a_beat()
    assert appearance(me, situation((me, 100_000), revision=""), 0) == 100_000


def test_a_revision_appears_at_once_where_the_one_in_force_has_no_live_beat():
    me, old = a_beat(), a_beat("old", "old", 10)
    seen = situation((old, 69_999), (me, 100_000))
    assert appearance(me, seen, 0) == 100_000


def test_a_revision_beside_a_live_one_appears_after_five_seconds_of_passes():
    me, old = a_beat(), a_beat("old", "old", 10)
    seen = situation((old, 99_000), (me, 100_000))
    assert appearance(me, seen, 4_999) is None
    assert appearance(me, seen, 5_000) == 100_000


def test_a_beat_takes_over_when_its_revision_appeared():
    me, sibling = a_beat(), a_beat("sibling", "new", 50_000)
    assert appearance(me, situation((sibling, 71_000), (me, 100_000)), 0) == 50_000


def test_a_beat_that_was_stopped_for_long_does_not_come_back_as_the_newest():
    me, other = a_beat(appeared=40_000), a_beat("other", "old", 50_000)
    seen = situation((other, 99_000), (me, 100_000))
    assert appearance(me, seen, 0) == 40_000
    assert promotion(me, seen, Memory("old", 1_000)) is None


def test_the_latest_revision_to_appear_asks_to_be_in_force():
    me, old = a_beat(appeared=90_000), a_beat("old", "old", 10)
    assert promotion(me, situation((old, 99_000), (me, 100_000)), RULED) == Promotion("new", "old")


def test_a_higher_number_goes_before_a_later_appearance():
    me, old = a_beat(appeared=90_000, number=1), a_beat("old", "old", 10, number=2)
    assert promotion(me, situation((old, 99_000), (me, 100_000)), RULED) is None


def test_a_revision_comes_back_when_the_one_in_force_has_been_silent_for_thirty_seconds():
    me, newer = a_beat(appeared=10), a_beat("newer", "old", 50_000)
    seen = situation((newer, 69_999), (me, 100_000))
    assert promotion(me, seen, Memory("old", 30_000)) is None
    assert promotion(me, seen, Memory("old", 30_001)) == Promotion("new", "old")


def test_a_beat_that_stopped_in_good_order_is_given_as_long_to_start_again():
    me = a_beat(appeared=10)
    assert promotion(me, situation((me, 100_000)), Memory("old", 30_000)) is None
    assert promotion(me, situation((me, 100_000)), Memory("old", 30_001)) == Promotion("new", "old")


def test_a_beat_that_never_heard_of_the_revision_in_force_does_not_wait_for_it():
    me = a_beat(appeared=100_000)
    assert promotion(me, situation((me, 100_000)), Memory()) == Promotion("new", "old")


def test_a_revision_that_has_not_appeared_asks_for_nothing():
    assert promotion(a_beat(), situation(revision=""), Memory()) is None


def test_a_revision_in_force_asks_for_nothing():
    assert promotion(a_beat(appeared=5), situation(revision="new"), Memory()) is None


def test_after_a_wipe_a_beat_that_stood_by_lets_the_revision_in_force_come_back():
    me = a_beat(appeared=10)
    wiped = situation((me, 100_000), revision="")
    assert promotion(me, wiped, Memory("other", 30_000)) is None
    assert promotion(me, wiped, Memory("other", 30_001)) == Promotion("new", "")


def test_after_a_wipe_a_beat_of_the_revision_in_force_does_not_wait():
    me = a_beat(appeared=10)
    wiped = situation((me, 100_000), revision="")
    assert promotion(me, wiped, Memory("new", 500)) == Promotion("new", "")


def test_a_backup_of_an_older_revision_is_not_waited_for():
    me = a_beat(appeared=10)
    restored = situation((me, 100_000), revision="of last year")
    assert promotion(me, restored, Memory("new", 500)) == Promotion("new", "of last year")


def test_on_an_empty_store_a_beat_hesitates_where_others_may_know_more():
    me = a_beat()
    empty = situation((me, 100_000), revision="")
    assert appearance(me, empty, 0, hesitates=True) is None
    assert appearance(me, situation((me, 100_000)), 0, hesitates=True) == 100_000


def test_a_beat_of_the_revision_in_force_that_starts_again_has_appeared_already():
    me, other = a_beat(), a_beat("other", "old", 50_000)
    seen = situation((other, 99_000), (me, 100_000), revision="new")
    assert appearance(me, seen, 0) == 100_000


def test_a_revision_appears_later_than_the_others_whatever_the_stores_clock_did():
    me, other = a_beat(), a_beat("other", "old", 3_700_000)
    seen = situation((other, 99_000), (me, 100_000))
    assert appearance(me, seen, 5_000) == 3_700_001


def test_what_was_heard_in_the_future_is_not_alive():
    me, other = a_beat(), a_beat("other", "old", 50_000)
    seen = situation((other, 3_700_000), (me, 100_000))
    assert standing("me", seen, {}) == Standing(0, 0)
    assert appearance(me, seen, 0) == 100_000


def test_a_beat_that_starts_believes_those_that_refuse_the_stores_clock():
    refusing = replace(a_beat("other"), refuses_ms=3_600_000)
    assert refused_ms(a_beat(), situation((refusing, 99_000), (a_beat(), 100_000))) == 3_600_000
    assert refused_ms(a_beat(), situation((refusing, 69_000), (a_beat(), 100_000))) == 0


# --- projects


def test_two_schedules_without_a_common_entry_are_two_projects():
    assert share_nothing(["a", "b"], ["c"])
    assert not share_nothing(["a", "b"], ["b", "c"])


def test_celerys_own_entries_and_empty_schedules_tell_nothing():
    assert share_nothing(["a", "celery.backend_cleanup"], ["c", "celery.backend_cleanup"])
    assert not share_nothing(["celery.backend_cleanup"], ["c"])
    assert not share_nothing(["a"], [])
