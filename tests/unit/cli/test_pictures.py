"""A day as a picture: what is in it, that it is well-formed, and that nothing overlaps."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from beatkit.cli.pictures.day import HOUR, MINUTE, Day, Lane, Load, Pile, arranged
from beatkit.cli.pictures.page import page
from beatkit.cli.pictures.svg import WIDTH, draw, place, spans
from beatkit.cli.when import millis

BERLIN = ZoneInfo("Europe/Berlin")
START = millis(datetime(2026, 11, 23, tzinfo=BERLIN))


def every(minutes: float, start: int = START, hours: int = 24) -> tuple[int, ...]:
    return tuple(range(start, start + hours * HOUR, round(minutes * MINUTE)))


def a_day(*lanes: Lane, start: int = START, now: int = 0, crowd: int = 10) -> Day:
    return Day(start, start + 24 * HOUR, BERLIN, arranged(lanes), now, crowd)


def lane(name: str, *slots: int, queue: str = "celery") -> Lane:
    return Lane(name, "* * * * *", queue, slots)


def of_zone(zone: str, *when: int) -> Day:
    start = millis(datetime(*when, tzinfo=ZoneInfo(zone)))  # type: ignore[arg-type,misc]
    return Day(start, start + 24 * HOUR, ZoneInfo(zone), (), 0)


def test_lanes_stand_by_queue_and_then_by_their_first_run() -> None:
    lanes = arranged([lane("late", START + HOUR), lane("never"), lane("b", START, queue="a"),
                      lane("early", START)])  # fmt: skip
    assert [one.name for one in lanes] == ["b", "early", "late", "never"]


def test_the_load_of_a_queue() -> None:
    day = a_day(lane("a", START, START + 30_000, START + 2 * HOUR), lane("b", START + 2 * HOUR))
    assert day.load("celery", 4) == Load("celery", (4, 0, 0, 0), 4, 2, START)
    assert day.load("none", 2) == Load("none", (0, 0), 0, 0, None)


def test_pile_ups_are_entries_and_not_runs() -> None:
    busy = lane("busy", START, START + 1000, START + 2000)
    assert a_day(busy, crowd=1).piles() == []


def test_pile_ups_of_the_same_entries_are_one() -> None:
    day = a_day(lane("a", *every(60)), lane("b", *every(60)), lane("c", START), crowd=1)
    assert day.piles() == [
        Pile((START,), "celery", ("a", "b", "c")),
        Pile(tuple(START + hour * HOUR for hour in range(1, 24)), "celery", ("a", "b")),
    ]


def test_the_hours_of_the_axis_follow_the_wall_clock() -> None:
    autumn = of_zone("Europe/Berlin", 2026, 10, 25)
    assert [autumn.wall(at).hour for at in autumn.hours()][:5] == [0, 1, 2, 2, 3]
    kolkata = of_zone("Asia/Kolkata", 2026, 10, 25, 0, 30)
    assert {kolkata.wall(at).minute for at in kolkata.hours()} == {0}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo"])
def test_there_are_about_24_hours_on_every_day_of_a_year(zone: str) -> None:
    for month in range(1, 13):
        for day in (1, 8, 15, 22, 26):
            assert 23 <= len(of_zone(zone, 2026, month, day).hours()) <= 26


def test_runs_that_would_touch_are_joined() -> None:
    day = a_day()
    assert spans(day, (START, START + 1000, START + HOUR)) == [
        (START, START + 1000, 2),
        (START + HOUR, START + HOUR, 1),
    ]
    assert len(spans(day, every(15))) == 96
    assert len(spans(day, every(1))) == 1


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)


SVG = "{http://www.w3.org/2000/svg}"


def crowded() -> Day:
    lanes = [lane(f"app.module_{n}.task_number_{n}", *every(5 + n * 7), queue=f"queue-{n % 4}")
             for n in range(60)]  # fmt: skip
    return a_day(*lanes, now=START + 3 * HOUR)


@pytest.mark.parametrize("day", [a_day(), a_day(lane("a", START)), crowded()])
def test_the_svg_is_well_formed_and_lies_within_its_frame(day: Day) -> None:
    root = parsed(draw(day, "shop", "what"))
    height = float(root.attrib["height"])
    for shape in root.iter():
        for name, most in (
            ("x", WIDTH),
            ("x1", WIDTH),
            ("x2", WIDTH),
            ("y", height),
            ("y2", height),
        ):
            assert 0 <= float(shape.attrib.get(name, 0)) <= most
    texts = {text.attrib.get("class", "") for text in root.iter(f"{SVG}text")}
    assert "title" in texts


def test_no_two_texts_of_the_left_column_overlap() -> None:
    root = parsed(draw(crowded(), "shop", "what"))
    lines = sorted({float(text.attrib["y"]) for text in root.iter(f"{SVG}text")
                    if float(text.attrib["x"]) < 60})  # fmt: skip
    assert min(below - above for above, below in pairwise(lines)) >= 16


def test_names_are_escaped() -> None:
    day = a_day(lane("<b>&\"'", START, queue="a&b"))
    assert "<b>" not in draw(day, "<t>", "s").replace("&lt;b>", "")
    assert parsed(draw(day, "<t>", "s")) is not None
    assert "<script" not in page(a_day(lane("<script>", START)), "t", "s")


def test_each_run_has_a_tooltip_and_many_become_a_labelled_bar() -> None:
    text = draw(a_day(lane("nightly", START + 2 * HOUR), lane("often", *every(0.25))), "t", "s")
    assert "<title>nightly Mon 23 Nov 02:00:00 CET</title>" in text
    assert "5,760 runs" in text


def test_the_hour_that_comes_twice_is_shaded() -> None:
    start = millis(datetime(2026, 10, 25, tzinfo=BERLIN))
    day = a_day(lane("a", start), start=start)
    two, four = (place(day, millis(datetime(2026, 10, 25, hour, tzinfo=UTC))) for hour in (0, 2))
    shades = [shape for shape in parsed(draw(day, "t", "s")).iter(f"{SVG}rect")
              if shape.attrib.get("class") == "shift"]  # fmt: skip
    assert [float(shade.attrib["x"]) for shade in shades] == [two, two]
    assert {round(float(shade.attrib["width"]), 1) for shade in shades} == {round(four - two, 1)}
    assert "02:00 to 03:00 comes twice" in draw(day, "t", "s")


def test_the_hour_that_is_skipped_is_marked() -> None:
    start = millis(datetime(2026, 3, 29, tzinfo=BERLIN))
    text = draw(a_day(lane("a", start), start=start), "t", "s")
    assert "02:00 to 03:00 is skipped" in text
    assert 'class="jump"' in text


def test_the_page_has_the_picture_and_the_same_as_a_table() -> None:
    text = page(a_day(lane("nightly", START + 2 * HOUR)), "shop", "what")
    assert text.startswith("<!doctype html>")
    assert "<td>nightly<td><code>* * * * *</code>" in text
    assert "<script" not in text
