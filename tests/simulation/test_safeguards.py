"""Each safeguard is needed: with it taken out, a history that it guards against fails."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from beatkit.beat import passes, peers, presence, rows, seeding
from beatkit.clock import StoreClock
from beatkit.sending import atomic
from beatkit.sending.claimed import ClaimedWay
from beatkit.store import Answer, rules
from tests.simulation import test_coming_back, test_compound, test_dangers, test_everything
from tests.simulation.test_dangers import EACH
from tests.simulation.test_histories import hosts
from tests.simulation.world import World

Patch = pytest.MonkeyPatch
judge, seeded, refusal = rules.judge, rules.seeded, rules.refusal


def no_claim_need_follow_the_progress(patch: Patch) -> None:
    def lax(claim: Any, progress: Any, *rest: Any) -> Answer:
        known = None if progress is None else replace(progress, slot=claim.after)
        return judge(claim, known, *rest)

    patch.setattr(rules, "judge", lax)


def no_claim_waits_for_the_servers_clock(patch: Patch) -> None:
    patch.setattr(rules, "judge", lambda claim, *rest: judge(replace(claim, not_before=0), *rest))


def no_claim_looks_at_pauses(patch: Patch) -> None:
    patch.setattr(rules, "judge", lambda claim, *rest: judge(replace(claim, scopes=()), *rest))


def no_write_names_the_revision(patch: Patch) -> None:
    patch.setattr(rules, "refusal", lambda who, identity, _: refusal(who, identity, who.revision))


def seeds_tell_nothing_that_is_known(patch: Patch) -> None:
    patch.setattr(rules, "seeded", lambda seed, *rest: seeded(replace(seed, known=None), *rest))


def an_entry_that_was_gone_goes_on_where_it_was(patch: Patch) -> None:
    patch.setattr(seeding, "FORGET_MS", 10**12)
    patch.setattr(rules, "FORGET_MS", 10**12)


def an_entry_that_changed_goes_on_where_it_was(patch: Patch) -> None:
    patch.setattr(rows, "timing", lambda _: "same")


def a_release_need_prove_nothing(patch: Patch) -> None:
    patch.setattr(peers, "PROBATION_MS", 0)


def beats_of_a_silent_release_are_not_waited_for(patch: Patch) -> None:
    patch.setattr(presence.Presence, "_remember", lambda *_: peers.Memory())


def no_beat_hesitates(patch: Patch) -> None:
    patch.setattr(presence.Presence, "hesitates", False)


def all_rank_first(patch: Patch) -> None:
    patch.setattr(peers, "standing", lambda *_: peers.Standing())


def standbys_do_not_wait_through_a_burst(patch: Patch) -> None:
    patch.setattr(passes.peers, "may_act", lambda *_: True)


def leaps_are_followed(patch: Patch) -> None:
    patch.setattr("beatkit.clock.LEAP_MS", 10**12)


def a_beat_that_starts_believes_the_store(patch: Patch) -> None:
    patch.setattr(peers, "refused_ms", lambda *_: 0)


def what_was_planned_stands_after_a_step_back(patch: Patch) -> None:
    patch.setattr(presence.Presence, "stepped", False)


def the_hosts_clock_is_gone_by(patch: Patch) -> None:
    patch.setattr(StoreClock, "now_ms", lambda _, host: int(host.wall))


def what_was_heard_in_the_future_counts(patch: Patch) -> None:
    patch.setattr(peers, "was_heard", lambda peer, seen, within: seen.now - peer.seen <= within)


def a_slot_is_never_resent(patch: Patch) -> None:
    patch.setattr(seeding, "RESEND_MS", 0)


def slow_code_is_begun_at_any_time(patch: Patch) -> None:
    patch.setattr(atomic, "BUILDING_MS", 10**12)


def what_others_left_is_not_taken_over(patch: Patch) -> None:
    patch.setattr(ClaimedWay, "_abandoned", lambda *_: [])


def a_step_back_of_the_stores_clock_sends_nothing_early() -> None:
    world = World(14)
    world.start(*hosts(2, [EACH]))
    for second in range(1, 20):
        world.at(second + 0.9, lambda: setattr(world, "store_offset", world.store_offset - 300))
    world.run(30)
    assert all(one.at >= one.slot for one in world.sent)


def slow_code_runs_once_beside_another_beat() -> None:
    world = test_everything.a_history_of_everything(89560)
    assert test_everything.nobody_ran_the_same_code_beside_another(world) == []


def of(module: Any, name: str, *arguments: Any) -> Callable[[], None]:
    return lambda: getattr(module, name)(*arguments)


DANGERS, COMPOUND, BACK = test_dangers, test_compound, test_coming_back

NEEDED: dict[Callable[[Patch], None], Callable[[], None]] = {
    no_claim_need_follow_the_progress: of(
        DANGERS, "test_a_beat_stopped_for_a_minute_inside_a_pass_sends_nothing_twice"
    ),
    no_claim_waits_for_the_servers_clock: a_step_back_of_the_stores_clock_sends_nothing_early,
    no_claim_looks_at_pauses: of(DANGERS, "test_after_a_long_pause_nothing_of_it_is_sent", "all"),
    no_write_names_the_revision: of(DANGERS, "test_a_rolling_deployment_is_invisible"),
    seeds_tell_nothing_that_is_known: of(
        DANGERS, "test_a_beat_that_knows_nothing_lets_the_others_speak_first", 0
    ),
    an_entry_that_was_gone_goes_on_where_it_was: of(
        DANGERS, "test_an_entry_removed_and_added_again_later_catches_up_nothing"
    ),
    an_entry_that_changed_goes_on_where_it_was: of(
        DANGERS, "test_an_entry_whose_schedule_changes_counts_from_the_moment_of_change"
    ),
    a_release_need_prove_nothing: of(
        DANGERS, "test_a_crash_looping_release_never_comes_into_force"
    ),
    beats_of_a_silent_release_are_not_waited_for: of(
        BACK,
        "test_a_beat_that_comes_back_after_a_release_catches_up_nothing_of_entries_forgotten",
        False,
    ),
    no_beat_hesitates: of(
        COMPOUND,
        "test_a_beat_that_starts_in_an_outage_lets_those_that_know_more_speak_first",
        1,
        False,
    ),
    all_rank_first: of(DANGERS, "test_a_burst_of_many_entries_is_sent_by_the_lead_alone", 0),
    standbys_do_not_wait_through_a_burst: of(
        DANGERS, "test_five_beats_send_each_slot_once_and_one_of_them_does_the_work"
    ),
    leaps_are_followed: of(
        COMPOUND,
        "test_a_beat_that_starts_while_the_stores_clock_has_leapt_sends_nothing_early",
    ),
    a_beat_that_starts_believes_the_store: of(
        COMPOUND,
        "test_a_beat_that_starts_while_the_stores_clock_has_leapt_sends_nothing_early",
    ),
    what_was_planned_stands_after_a_step_back: of(
        COMPOUND, "test_what_was_put_off_under_a_leapt_clock_is_not_put_off_for_an_hour"
    ),
    the_hosts_clock_is_gone_by: of(DANGERS, "test_a_hosts_clock_that_steps_changes_nothing"),
    what_was_heard_in_the_future_counts: of(
        COMPOUND, "test_beats_that_died_before_the_stores_clock_stepped_back_are_not_waited_for"
    ),
    a_slot_is_never_resent: of(
        DANGERS,
        "test_where_a_replica_took_over_young_slots_are_sent_again_and_old_ones_are_not",
    ),
    slow_code_is_begun_at_any_time: slow_code_runs_once_beside_another_beat,
    what_others_left_is_not_taken_over: of(
        COMPOUND, "test_a_pending_is_taken_over_although_the_stores_clock_stepped_back"
    ),
}


@pytest.mark.parametrize("without", NEEDED, ids=lambda one: one.__name__)
def test_with_a_safeguard_taken_out_a_history_fails(without, monkeypatch):
    without(monkeypatch)
    with pytest.raises(AssertionError):
        NEEDED[without]()
