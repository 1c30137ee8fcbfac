"""Instants and durations, as people write them and as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from beatkit.cli.clocks import remark, shifts
from beatkit.cli.when import (
    aware,
    distance,
    instant,
    later,
    millis,
    roughly,
    seconds,
    stamp,
    until,
    worded,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 24, 21, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-10-24T21:30:00+02:00"),
        ("+90", "2026-10-24T21:31:30+02:00"),
        ("-15m", "2026-10-24T21:15:00+02:00"),
        ("+12h", "2026-10-25T08:30:00+01:00"),  # twelve real hours
        ("+1d", "2026-10-25T20:30:00+01:00"),
        ("4:05", "2026-10-24T04:05:00+02:00"),
        ("2026-10-25 02:30", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30+01:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T01:30Z", "2026-10-25T01:30:00+00:00"),
    ],
)
def test_times_are_read(text: str, meant: str) -> None:
    assert instant(text, NOW).isoformat() == meant


@pytest.mark.parametrize("text", ["noon", "+", "+1y", "25:00", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        instant(text, NOW)


@pytest.mark.parametrize(
    ("text", "meant"), [("90", 90), ("90s", 90), ("1.5h", 5400), ("10min", 600), ("2w", 1209600)]
)
def test_durations_are_read(text: str, meant: float) -> None:
    assert seconds(text) == meant


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=0), "0s"),
        (timedelta(milliseconds=250), "0.25s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=4, seconds=8), "4min 8s"),
        (timedelta(hours=2), "2h"),
        (timedelta(days=3, hours=4, minutes=5), "3d 4h"),
        (timedelta(seconds=-90), "1min 30s ago"),
        (None, "-"),
    ],
)
def test_durations_are_written_in_two_units(span: timedelta | None, text: str) -> None:
    assert distance(span) == text


def test_distances_are_real_time_across_a_change_of_clocks() -> None:
    morning = datetime(2026, 10, 25, 8, 30, tzinfo=BERLIN)
    assert until(morning, NOW) == timedelta(hours=12)
    assert later(NOW, timedelta(hours=12)) == morning


def test_an_instant_is_written_with_its_zone() -> None:
    assert worded(NOW, NOW) == "Sat 24 Oct 21:30 CEST"
    assert worded(NOW.replace(second=5), NOW) == "Sat 24 Oct 21:30:05 CEST"
    assert worded(NOW.replace(year=2031), NOW) == "24 Oct 2031 21:30 CEST"
    assert worded(None, NOW) == "-"


def test_an_instant_for_programs() -> None:
    assert stamp("at", NOW) == {"at": "2026-10-24T21:30:00+02:00", "at_epoch": 1792870200}
    assert stamp("at", datetime(2026, 1, 1, 0, 0, 0, 5000, tzinfo=UTC)) == {
        "at": "2026-01-01T00:00:00.005Z",
        "at_epoch": 1767225600.005,
    }
    assert stamp("at", None) == {"at": None, "at_epoch": None}


def test_milliseconds_there_and_back() -> None:
    assert aware(millis(NOW), BERLIN) == NOW


def test_the_wall_times_that_come_twice_are_remarked() -> None:
    first = aware(millis(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)), BERLIN)
    second = aware(millis(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)), BERLIN)
    assert [remark(first), remark(second), remark(NOW)] == ["first of two", "second of two", ""]


def test_the_jump_is_remarked() -> None:
    jump = aware(millis(datetime(2026, 3, 29, 1, 0, tzinfo=UTC)), BERLIN)
    assert remark(jump) == "the clocks skip 02:00 to 03:00"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Berlin", ["02:00 to 03:00 is skipped", "02:00 to 03:00 comes twice"]),
        ("Australia/Lord_Howe", ["01:30 to 02:00 comes twice", "02:00 to 02:30 is skipped"]),
        ("Africa/Cairo", ["00:00 to 01:00 is skipped", "23:00 to 00:00 comes twice"]),
        ("UTC", []),
    ],
)
def test_changes_of_the_clocks_are_named(zone: str, said: list[str]) -> None:
    start, stop = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    found = shifts(UTC if zone == "UTC" else ZoneInfo(zone), millis(start), millis(stop))
    assert list(map(str, found)) == said


@pytest.mark.parametrize(
    ("seconds_", "text"),
    [(0, "1s"), (0.4, "1s"), (59.9, "59s"), (60, "1min"), (151, "3min"), (5_400, "2h"),
     (86_399, "1d"), (86_400, "1d"), (4_000_000, "46d")],
)  # fmt: skip
def test_a_rough_duration_has_one_unit(seconds_: float, text: str) -> None:
    assert roughly(timedelta(seconds=seconds_)) == text
