"""solar(): Celery's instants, but each of them one and the same however it is asked."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from celery import Celery
from celery.schedules import solar as celery_solar

from beatkit.errors import ScheduleError
from beatkit.schedules.celery import solar
from beatkit.schedules.sun import EVENTS

PLACES = {
    "Berlin": (52.5, 13.4),
    "Sydney": (-33.9, 151.2),
    "Tromso": (69.6, 18.9),
    "the date line": (0, -179.9),
    "Reykjavik": (64.1, -21.9),
}
START = datetime(2026, 1, 1, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("event", EVENTS)
def test_the_instants_are_celerys(event: str, place: str) -> None:
    if place == "Tromso" and not hasattr(celery_solar, "max_search_days"):
        pytest.skip("before 5.7 Celery gives the time to look again as if it were the event")
    moment = START
    app = Celery(set_as_current=False)
    theirs = celery_solar(event, *PLACES[place], nowfun=lambda: START, app=app)
    theirs.cal.horizon = EVENTS[event][1]  # Celery 5.5 has 18 for -18 at dusk

    for slot in islice(solar(event, *PLACES[place]).iter(START), 60):
        expected = START + theirs.remaining_estimate(moment)
        assert abs(expected - slot) < timedelta(seconds=0.5)
        moment = slot + timedelta(hours=1)  # asked at once, Celery finds the same event again


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("event", ["sunrise", "solar_noon", "dusk_civil"])
def test_previous_retraces_next_and_neither_depends_on_where_one_asks(
    event: str, place: str
) -> None:
    schedule = solar(event, *PLACES[place])
    slots = list(islice(schedule.iter(START), 40))

    for earlier, later in pairwise(slots):
        between = earlier + (later - earlier) / 3
        assert schedule.next(earlier) == schedule.next(between) == later
        assert schedule.previous(later) == schedule.previous(between) == earlier


def test_in_polar_night_the_sun_rises_next_in_january() -> None:
    sunrise = solar("sunrise", *PLACES["Tromso"])

    assert sunrise.next(datetime(2025, 12, 1, tzinfo=UTC)).date().isoformat() == "2026-01-15"


def test_an_event_that_does_not_come_within_a_year_has_no_slot() -> None:
    at_the_pole = solar("dawn_astronomical", -90, 0)

    assert at_the_pole.next(START) is None
    assert at_the_pole.previous(START) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("moonrise", 52.5, 13.4),
            "solar event is 'moonrise', expected one of dawn_astronomical, dawn_nautical,"
            " dawn_civil, sunrise, solar_noon, sunset, dusk_civil, dusk_nautical,"
            " dusk_astronomical\n"
            "  write for example solar('sunrise', lat=52.5, lon=13.4)",
        ),
        (
            ("sunrise", 91, 0),
            "lat is 91, expected degrees from -90 to 90\n"
            "  write for example solar('sunrise', lat=52.5, lon=13.4)",
        ),
        (
            ("sunrise", 0, "13.4"),
            "lon is '13.4', expected degrees from -180 to 180\n"
            "  write for example solar('sunrise', lat=52.5, lon=13.4)",
        ),
    ],
    ids=str,
)
def test_a_place_off_the_globe_is_refused(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        solar(*arguments)

    assert str(caught.value) == message


def test_without_ephem_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ephem", None)

    with pytest.raises(ScheduleError) as caught:
        solar("sunrise", 52.5, 13.4)

    assert str(caught.value) == (
        "solar() needs the package ephem, which is not installed\n  pip install 'beatkit[solar]'"
    )
