"""Zones as spans of constant offset, against `zoneinfo`."""

from __future__ import annotations

import pickle
import sys
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from beatkit.errors import ScheduleError
from beatkit.schedules.tzfile import _parse, _seasons, read_zone
from beatkit.schedules.zone import Zone, tzdata_version, zone, zone_name
from tests.unit.schedules.scan import EPOCH

ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})
FIRST, LAST = -2_000_000_000, 16_000_000_000  # 1906 to 2477


def offset_of(name: str, second: int) -> int:
    local = (EPOCH + timedelta(seconds=second)).astimezone(ZoneInfo(name))
    return int(local.utcoffset().total_seconds())


@given(some.sampled_from(ZONES), some.lists(some.integers(FIRST, LAST), min_size=1, max_size=9))
def test_the_offset_at_any_instant_is_that_of_zoneinfo(name: str, seconds: list[int]) -> None:
    data = read_zone(name)
    fresh = Zone(name, data.first, data.changes, data.seasons)

    assert [fresh.find(second)[2] for second in seconds] == [
        offset_of(name, second) for second in seconds
    ]


@given(some.sampled_from(ZONES), some.integers(FIRST, LAST))
def test_spans_meet_and_change_the_offset_where_they_do(name: str, second: int) -> None:
    start, end, offset, _ = zone(name).find(second)
    following = zone(name).find(end)

    assert start <= second < end
    assert following[0] == end or following == (start, end, offset, _)
    assert following[2] != offset or following == (start, end, offset, _)


def test_a_fresh_zone_asked_for_the_far_future_first_knows_its_season() -> None:
    data = read_zone("Europe/Rome")
    fresh = Zone("Europe/Rome", data.first, data.changes, data.seasons)
    winter = int(datetime(2096, 1, 1, tzinfo=UTC).timestamp())

    start, end, _, _ = fresh.recent

    assert not start <= winter < end
    assert fresh.find(winter)[2] == 3600


def test_seen_is_the_wall_time_that_an_earlier_span_has_reached() -> None:
    second_pass = datetime.fromisoformat("2024-10-27T02:10:00+01:00")

    _, _, offset, seen = zone("Europe/Berlin").find(int(second_pass.timestamp()))

    assert offset == 3600
    assert EPOCH + timedelta(seconds=seen) == datetime(2024, 10, 27, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "year", "changes"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2030, ["2030-03-31T01:00", "2030-10-27T01:00"]),
        ("EST5EDT,M3.2.0,M11.1.0", 2030, ["2030-03-10T07:00", "2030-11-03T06:00"]),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2030, ["2030-03-31T01:00", "2030-10-27T01:00"]),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", 2030, ["2030-03-31T01:00", "2030-10-27T01:00"]),
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2030, ["2030-04-06T15:00", "2030-10-05T15:30"]),
        ("AAA3BBB,J60/0,J300/0", 2028, ["2028-03-01T03:00", "2028-10-27T02:00"]),
        ("AAA3BBB,59/0,299/0:30", 2028, ["2028-02-29T03:00", "2028-10-26T02:30"]),
    ],
)
def test_the_yearly_rule_of_the_far_future(rule: str, year: int, changes: list[str]) -> None:
    seasons = _seasons(rule)

    found = [EPOCH + timedelta(seconds=second) for second, _ in seasons.changes(year)]

    assert [f"{moment:%Y-%m-%dT%H:%M}" for moment in found] == changes


def test_a_zone_without_seasons_has_no_yearly_rule() -> None:
    assert _seasons("JST-9") is None
    assert _seasons("") is None


def test_a_file_of_version_1_is_read_too() -> None:
    header = b"TZif" + b"\0" + bytes(15)
    counts = b"".join(n.to_bytes(4, "big") for n in (0, 0, 0, 1, 2, 4))
    body = (1000).to_bytes(4, "big") + b"\1" + b"\0\0\0\0\0\0" + b"\0\0\x0e\x10\1\0" + b"ABC\0"

    data = _parse(header + counts + body)

    assert (data.first, data.changes, data.seasons) == (0, ((1000, 3600),), None)


def test_zones_are_one_object_each_also_through_pickle() -> None:
    berlin = zone("Europe/Berlin")

    assert zone("Europe/Berlin") is berlin
    assert pickle.loads(pickle.dumps(berlin)) is berlin
    assert repr(berlin) == "zone('Europe/Berlin')"


@pytest.mark.parametrize("value", [UTC, ZoneInfo("UTC")])
def test_utc_is_named_utc(value: object) -> None:
    assert zone_name(value) == "UTC"


def test_a_fixed_offset_has_no_name() -> None:
    with pytest.raises(ScheduleError) as caught:
        zone_name(timezone(timedelta(hours=2)))

    assert str(caught.value) == (
        "the time zone datetime.timezone(datetime.timedelta(seconds=7200)) has no name,"
        " expected a zone of the IANA database\n"
        "  write for example timezone='Europe/Berlin' in the settings"
    )


@pytest.fixture
def look_in() -> Iterator[Callable[[list[str]], None]]:
    """Let `zoneinfo` look in other folders for as long as the test runs."""
    before = zoneinfo.TZPATH
    yield zoneinfo.reset_tzpath
    zoneinfo.reset_tzpath(before)


def test_the_version_of_the_zone_data_is_that_of_the_files_in_use(
    tmp_path: Path, look_in: Callable[[list[str]], None]
) -> None:
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Berlin").write_bytes(b"TZif")
    look_in([str(tmp_path)])
    assert tzdata_version() == "unknown"

    (tmp_path / "+VERSION").write_text("2026b\n", encoding="ascii")
    assert tzdata_version() == "2026b"

    (tmp_path / "tzdata.zi").write_text("# version 2026c\nR A 1916\n", encoding="ascii")
    assert tzdata_version() == "2026c"

    look_in([])
    assert tzdata_version()[:2] == "20"
    assert zone_offsets_without_system_files() == [3600, 7200]


def zone_offsets_without_system_files() -> list[int]:
    data = read_zone("Europe/Berlin")
    fresh = Zone("Europe/Berlin", data.first, data.changes, data.seasons)
    return [fresh.find(second)[2] for second in (1_705_000_000, 1_720_000_000)]


def test_a_host_without_any_zone_data_says_so(
    monkeypatch: pytest.MonkeyPatch, look_in: Callable[[list[str]], None]
) -> None:
    look_in([])
    monkeypatch.setitem(sys.modules, "tzdata", None)

    assert tzdata_version() == "unknown"
    with pytest.raises(ScheduleError) as caught:
        read_zone("Europe/Berlin")
    assert str(caught.value) == (
        "timezone is 'Europe/Berlin', and this host has no zone data at all\n  pip install tzdata"
    )
