"""What a beat says, word for word."""

import logging

import pytest

from beatkit.beat import report
from beatkit.beat.outage import Outage
from beatkit.beat.presence import Presence
from beatkit.clock import HostClock
from beatkit.entry import Entry
from beatkit.errors import StoreUnavailable
from beatkit.schedules.celery import every
from beatkit.store import Beat, Missed
from beatkit.store.memory import memory_store

BILLS = Entry("bills", "shop.bill", every(minutes=1))
NOON = 1_800_014_400_000  # 2027-01-15T12:00:00Z


@pytest.fixture(autouse=True)
def _every_level(caplog):
    caplog.set_level(logging.DEBUG)


def said(caplog) -> list[tuple[str, str]]:
    return [(row.levelname, row.getMessage()) for row in caplog.records]


def test_missed_slots(caplog):
    report.missed(BILLS, Missed(NOON, NOON, 1, "deadline"))
    report.missed(BILLS, Missed(NOON, NOON + 120_000, 3, "latest"))
    report.missed(BILLS, Missed(NOON, NOON + 60_500, 2, "paused"))
    assert said(caplog) == [
        ("WARNING", "beat: 'bills' missed slot 2027-01-15T12:00:00Z: past the deadline."),
        (
            "WARNING",
            "beat: 'bills' missed 3 slots, 2027-01-15T12:00:00Z to 2027-01-15T12:02:00Z: "
            "only the latest of those owed is to be sent (catch_up='latest').",
        ),
        (
            "INFO",
            "beat: 'bills' missed 2 slots, 2027-01-15T12:00:00Z to 2027-01-15T12:01:00.500Z: "
            "the entry is paused.",
        ),
    ]


def test_a_slot_that_a_pause_held_back(caplog):
    report.withheld(BILLS, NOON, "paused: migration")
    assert said(caplog) == [
        ("INFO", "beat: 'bills' slot 2027-01-15T12:00:00Z is not sent: paused, 'migration'.")
    ]


def test_an_entry_that_fails_and_is_mended(caplog):
    report.failing(BILLS, "no such queue", 1_000)
    report.mended(BILLS, 4)
    assert said(caplog) == [
        (
            "ERROR",
            "beat: 'bills' cannot be sent: no such queue. Its slots stay owed; trying again in "
            "1 s, and then ever more rarely. Other entries are not affected.",
        ),
        ("INFO", "beat: 'bills' is sent again after 4 failed tries."),
    ]


def test_a_schedule_that_raises():
    complaint = report.no_plan(BILLS, ValueError("no moon"))
    assert complaint == "its schedule every(minutes=1) raised ValueError('no moon')"


def test_an_outage_is_said_once_when_it_begins_and_once_when_it_ends(caplog):
    outage = Outage("broker")
    outage.begin(StoreUnavailable("Broker did not answer"), 1_000)
    outage.begin(StoreUnavailable("Broker did not answer"), 2_000)
    assert outage.lasts
    assert outage.end(4_250)
    assert not outage.end(5_000)
    assert said(caplog) == [
        ("ERROR", "beat: nothing can be sent for now. Broker did not answer"),
        ("INFO", "beat: the broker is back after 3.2 s."),
    ]


class Hands:
    """Clocks that a test sets."""

    def __init__(self) -> None:
        self.steady, self.store = 0.0, float(NOON)

    def host(self) -> HostClock:
        return HostClock(self.steady, NOON + self.steady)

    def now(self) -> int:
        return int(self.store + self.steady)


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def store(hands):
    return memory_store(clock=hands.now)


def presence(hands, store, name="one", revision="new", entries=("bills",)) -> Presence:
    me = Beat(name, f"host-{name}", 1, revision)
    return Presence(me, entries, store, hands.host)


def test_a_clock_that_leaps_and_comes_back(hands, store, caplog):
    beat = presence(hands, store)
    beat.look(0, 0)
    hands.store += 3_600_000
    beat.look(0, 0)
    beat.look(0, 0)
    hands.store -= 3_600_000
    beat.look(0, 0)
    assert said(caplog) == [
        ("INFO", "beat: schedule new is in force."),
        (
            "ERROR",
            "beat: the store's clock leapt forward by 3600.0 s and this host's clock does not "
            "confirm it: going on by the time before the leap.",
        ),
        ("INFO", "beat: the store's clock is back."),
    ]


def test_a_clock_that_steps_back(hands, store, caplog):
    beat = presence(hands, store)
    beat.look(0, 0)
    hands.store -= 60_000
    beat.look(0, 0)
    assert said(caplog)[1:] == [
        ("WARNING", "beat: the store's clock moved by -60.0 s; following it.")
    ]


def test_a_beat_that_stands_by_says_so_once(hands, store, caplog):
    first, second = presence(hands, store), presence(hands, store, "two", "newer", ("bills", "x"))
    first.look(0, 0)
    second.look(0, 0)
    second.look(0, 0)
    assert not second.in_force
    assert said(caplog) == [
        ("INFO", "beat: schedule new is in force."),
        ("INFO", "beat: standing by: schedule new is in force, this beat's is newer."),
    ]
