"""The store's time, carried on a clock that only counts."""

from hypothesis import given
from hypothesis import strategies as st

from beatkit.clock import Anchor, HostClock, StoreClock, read_host, reconcile


def host(steady: float, wall: float | None = None) -> HostClock:
    return HostClock(steady, 1_000_000 + steady if wall is None else wall)


def test_the_first_reading_is_taken_as_it_is():
    assert reconcile(None, 5000, host(10), host(12)) == (Anchor(5000, 12, 2), "carried")


def test_time_goes_on_between_readings():
    clock = StoreClock()
    clock.observe(5000, host(10), host(10))
    assert clock.now_ms(host(310)) == 5300


def test_before_any_reading_the_hosts_clock_has_to_do():
    clock = StoreClock()
    assert not clock.known
    assert clock.now_ms(host(0, wall=777)) == 777


def test_a_slow_answer_that_agrees_moves_nothing():
    anchor = Anchor(5000, 0)
    assert reconcile(anchor, 5100, host(100), host(900)) == (Anchor(5900, 900), "carried")


def test_a_reading_that_was_long_on_its_way_is_corrected_by_the_next():
    """The beat was stopped for half a minute between the store's answer and its arrival."""
    clock = StoreClock()
    clock.observe(5000, host(0), host(30_000))
    assert clock.now_ms(host(30_000)) == 5000
    assert clock.observe(35_000, host(30_000), host(30_000)) == "carried"
    assert clock.now_ms(host(30_000)) == 35_000


def test_drift_is_followed_as_far_as_the_reading_forces_it():
    assert reconcile(Anchor(5000, 0), 6003, host(1000), host(1001)) == (
        Anchor(6003, 1001),
        "carried",
    )
    assert reconcile(Anchor(5000, 0), 5990, host(1000), host(1001)) == (
        Anchor(5991, 1001),
        "carried",
    )


def test_a_step_back_of_the_stores_clock_is_followed():
    anchor, verdict = reconcile(Anchor(7_200_000, 0), 3_600_000, host(0), host(0))
    assert (anchor, verdict) == (Anchor(3_600_000, 0), "followed")


def test_a_leap_forward_that_the_host_does_not_confirm_is_refused():
    anchor, verdict = reconcile(
        Anchor(1_000_000, 0), 4_600_000, host(0, wall=1_000_900), host(1, wall=1_000_901)
    )
    assert (anchor, verdict) == (Anchor(1_000_001, 1), "refused")


def test_a_leap_forward_that_the_host_confirms_is_followed():
    """A machine whose steady clock stood still while it slept."""
    anchor, verdict = reconcile(
        Anchor(1_000_000, 0), 4_600_000, host(0, wall=4_600_900), host(1, wall=4_600_901)
    )
    assert (anchor, verdict) == (Anchor(4_600_000, 1), "followed")


def test_a_stepping_or_wrong_wall_clock_of_the_host_changes_nothing():
    clock = StoreClock()
    clock.observe(1_000_000, host(0, wall=5), host(0, wall=5))
    clock.observe(1_001_000, host(1000, wall=9e12), host(1000, wall=9e12))
    assert clock.now_ms(host(2000, wall=-1)) == 1_002_000


def test_a_leap_that_comes_back_leaves_no_trace():
    clock = StoreClock()
    clock.observe(1_000_000, host(0), host(0))
    assert clock.observe(4_601_000, host(1000), host(1000)) == "refused"
    assert clock.apart_ms == 3_600_000
    assert clock.observe(1_002_000, host(2000), host(2000)) == "carried"
    assert clock.now_ms(host(3000)) == 1_003_000


def test_a_step_back_that_is_undone_leaves_no_trace():
    """Whatever the host's wall clock says of it."""
    clock = StoreClock()
    clock.observe(9_000_000, host(0, wall=0), host(0, wall=0))
    assert clock.observe(5_401_000, host(1000, wall=0), host(1000, wall=0)) == "followed"
    assert clock.now_ms(host(2000)) == 5_402_000
    assert clock.observe(9_003_000, host(3000, wall=0), host(3000, wall=0)) == "followed"
    assert clock.now_ms(host(4000)) == 9_004_000
    assert clock.observe(99_004_000, host(4000, wall=0), host(4000, wall=0)) == "refused"


def test_the_hosts_steady_clock_counts_up():
    assert read_host().steady <= read_host().steady


@given(
    st.floats(-200e-6, 200e-6),
    st.lists(st.tuples(st.floats(1, 5000), st.floats(0, 400), st.floats(0, 1)), max_size=30),
)
def test_the_carried_time_stays_within_the_last_answers_bounds(drift, readings):
    """Whatever the delays, it is never ahead by more than the answer took."""
    clock, steady = StoreClock(), 0.0
    for gap, trip, share in readings:
        asked = steady + gap
        steady = asked + trip
        store = (asked + share * trip) * (1 + drift)
        clock.observe(store, host(asked), host(steady))
        truth = steady * (1 + drift)
        assert store - 1 <= clock._anchor.at(steady) <= store + trip + 1
        assert abs(clock._anchor.at(steady) - truth) <= trip + 1
