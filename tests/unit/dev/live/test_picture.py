"""How the live view looks, as a function of scene, time and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from beatkit.dev.events import Event, Kind
from beatkit.dev.live.picture import Share, page, picture, plain, shares
from beatkit.dev.live.scene import Row, Scene, held, seen, stopping, told

NOW = datetime(2026, 3, 2, 12, 0, 0).timestamp()


def run(kind: Kind, name: str, ago: float, seconds: float | None, text: str = "") -> Event:
    return Event(kind, f"{name}{kind}", name, NOW - ago, 0.0, text, seconds)


ROWS = {
    "shop.count_stock": Row("shop.count_stock", "every 2s", NOW + 1.2),
    "shop.report": Row("shop.report", "30 22 * * MON-FRI", NOW + 3_700.0),
    "shop.off": Row("shop.off", "every 3s", NOW + 1, enabled=False),
}
SCENE = Scene("shop:app", rows=ROWS)
for each in (
    run("started", "shop.report", 7.0, None),
    run("ran", "shop.count_stock", 3.0, 0.008),
    run("failed", "shop.report", 1.0, 1.5, "ValueError: no such customer"),
):
    SCENE = seen(SCENE, each)


def nothing(_count: int) -> Sequence[str]:
    return ()


def shown(
    scene: Scene, width: int, height: int, printed: Sequence[str] = (), now: float = NOW
) -> str:
    lines = picture(scene, lambda count: printed[-count:] if count else (), now, width, height)
    return "\n".join(line.plain.rstrip() for line in lines)


def test_a_screen_of_80_columns() -> None:
    assert shown(SCENE, 80, 20, ["counting", "a second line"]) == (
        "beatkit dev shop:app · 3 entries · 1 running · 1 ran · 1 failed\n"
        "     IN  NAME              SCHEDULE           LAST RUN\n"
        "     2s  shop.count_stock  every 2s           ran 8 ms\n"
        "1h 1min  shop.report       30 22 * * MON-FRI  running 7s\n"
        "    off  shop.off          every 3s           -\n"
        "\n"
        "RAN AT            NAME               TOOK  WHY\n"
        "11:59:59  failed  shop.report       1.5 s  ValueError: no such customer\n"
        "11:59:57  ran     shop.count_stock   8 ms  -\n"
        "─ output ───────────────────────────────────────────────────────────────────────\n"
        "counting\n"
        "a second line\n"
        + "\n" * 7
        + "↑↓ choose  t trigger  p pause or resume  o output only  q quit"
    )


def test_a_screen_of_40_columns_leaves_out_what_matters_least() -> None:
    assert shown(SCENE, 40, 16, ["counting"]) == (
        "beatkit dev shop:app · 3 entries · 1 ru…\n"
        "     IN  NAME              LAST RUN\n"
        "     2s  shop.count_stock  ran 8 ms\n"
        "1h 1min  shop.report       running 7s\n"
        "    off  shop.off          -\n"
        "\n"
        "RAN AT            NAME              TOOK\n"
        "11:59:59  failed  shop.report      1.5 s\n"
        "11:59:57  ran     shop.…unt_stock   8 ms\n"
        "─ output ───────────────────────────────\n"
        "counting\n" + "\n" * 4 + "↑↓  t trigger  p pause  o out  q quit"
    )


def test_a_low_screen_has_no_runs_and_the_lowest_only_entries() -> None:
    assert shown(SCENE, 60, 8, ["counting"]) == (
        "beatkit dev shop:app · 3 entries · 1 running · 1 ran · 1 fa…\n"
        "     IN  NAME              SCHEDULE           LAST RUN\n"
        "     2s  shop.count_stock  every 2s           ran 8 ms\n"
        "1h 1min  shop.report       30 22 * * MON-FRI  running 7s\n"
        "─ output ───────────────────────────────────────────────────\n"
        "counting\n"
        "\n"
        "↑↓ choose  t trigger  p pause  o output  q quit"
    )
    assert shown(SCENE, 60, 3) == (
        "beatkit dev shop:app · 3 entries · 1 running · 1 ran · 1 fa…\n"
        "2s  shop.count_stock  every 2s  ran 8 ms\n"
        "↑↓ choose  t trigger  p pause  o output  q quit"
    )


def test_before_anything_ran_it_says_so() -> None:
    assert shown(Scene("shop:app"), 60, 14) == (
        "beatkit dev shop:app · 0 entries\n"
        "The schedule is empty.\n\n\n"
        "No run has ended yet.\n\n\n"
        "─ output ───────────────────────────────────────────────────\n"
        "\n\n\n\n\n"
        "↑↓ choose  t trigger  p pause  o output  q quit"
    )


def test_output_only() -> None:
    assert shown(replace(SCENE, only_output=True), 60, 6, ["1", "2", "3", "4", "5"]) == (
        "beatkit dev shop:app · 3 entries · 1 running · 1 ran · 1 fa…\n"
        "─ output ───────────────────────────────────────────────────\n"
        "3\n4\n5\n"
        "↑↓ choose  t trigger  p pause  o output  q quit"
    )


def test_a_long_line_of_output_is_folded_and_the_newest_lines_stay() -> None:
    folded = shown(replace(SCENE, only_output=True), 40, 6, ["first", "x" * 90])
    assert folded.splitlines()[2:5] == ["x" * 40, "x" * 40, "x" * 10]


@pytest.mark.parametrize(
    ("row", "countdown"),
    [
        (Row("a", "", NOW + 2), "2s"),
        (Row("a", "", NOW + 1.001), "2s"),
        (Row("a", "", NOW + 0.2), "1s"),
        (Row("a", "", NOW), "now"),
        (Row("a", "", NOW - 5), "now"),
        (Row("a", "", NOW + 90_000), "1d 1h"),
        (Row("a", "", NOW + 2, paused=True), "paused"),
        (Row("a", "", NOW + 2, enabled=False), "off"),
        (Row("a", "", None), "ended"),
    ],
)
def test_the_countdown(row: Row, countdown: str) -> None:
    screen = shown(Scene("shop:app", rows={"a": row}), 80, 10).splitlines()
    assert screen[2].strip().split("  ")[0] == countdown


@pytest.mark.parametrize("kind", ["ran", "failed", "retried", "skipped", "rejected", "revoked"])
def test_each_outcome_has_its_colour(kind: Kind) -> None:
    colours = {"ran": "green", "failed": "red"}
    scene = seen(Scene("shop:app"), run(kind, "a", 1.0, 1.5))
    line = picture(scene, nothing, NOW, 80, 24)[5]
    assert (line.plain.split()[1], line.style) == (kind, colours.get(kind, "yellow"))


def test_the_chosen_entry_is_reversed_over_the_whole_line() -> None:
    line = picture(replace(SCENE, chosen="shop.off"), nothing, NOW, 80, 24)[3]
    assert (line.plain.split(), line.style, line.cell_len) == (
        ["off", "shop.off", "every", "3s", "-"],
        "reverse",
        80,
    )


def test_the_last_line_tells_what_matters_most() -> None:
    scene = told(SCENE, "paused shop.report\n  by you", NOW)
    assert shown(scene, 80, 9).splitlines()[-1] == "paused shop.report by you"
    assert shown(scene, 80, 9, now=NOW + 8).splitlines()[-1].endswith("q quit")
    stop = shown(stopping(scene, again=False), 80, 9).splitlines()[-1]
    assert stop == "Stopping: 1 run may finish; Ctrl-C ends them now."
    start = shown(stopping(scene, again=True), 80, 9).splitlines()[-1]
    assert start == "Starting again: 1 run may finish; Ctrl-C stops instead."
    assert shown(stopping(Scene("a"), again=False), 80, 9).splitlines()[-1] == "Stopping."


def test_paused_entries_are_said_to_be_so() -> None:
    assert "paused  shop.count_stock" in shown(held(SCENE, ["shop.count_stock"]), 80, 24)


@pytest.mark.parametrize(
    ("height", "entries", "share"),
    [
        (24, 2, Share(3, 5, 14)),
        (24, 30, Share(8, 5, 9)),
        (24, 200, Share(8, 5, 9)),
        (60, 200, Share(23, 14, 21)),
        (10, 30, Share(3, 0, 5)),
        (6, 30, Share(4, 0, 0)),
        (1, 30, Share(0, 0, 0)),
    ],
)
def test_lines_are_shared_out(height: int, entries: int, share: Share) -> None:
    assert shares(height, entries) == share
    assert sum((share.entries, share.runs, share.output)) == max(height - 2, 0)
    assert page(Scene("a", rows={str(n): Row(str(n), "") for n in range(entries)}), height) == max(
        share.entries - 1, 1
    )


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("as it is ä 名", "as it is ä 名"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[2J\x1b[Hcleared\x1b[?25l", "cleared"),
        ("\x1b]0;a title\x07text", "text"),
        ("10 %\r20 %\r", "20 %"),
        ("a\tb", "a       b"),
        ("bell\x07\x00\x7f\x9b", "bell"),
        ("\x1bcreset", "reset"),
    ],
)
def test_what_would_move_the_cursor_is_taken_out(printed: str, kept: str) -> None:
    assert plain(printed) == kept


@pytest.mark.parametrize("width", [1, 20, 40, 80, 120])
@pytest.mark.parametrize("height", [1, 2, 5, 12, 24, 60])
@pytest.mark.parametrize("entries", [0, 2, 30, 200])
@pytest.mark.parametrize("chosen", [False, True])
def test_every_size_is_filled_and_none_is_exceeded(
    width: int, height: int, entries: int, chosen: bool
) -> None:
    names = [f"shop.{'long_' * (number % 9)}名前_{number}" for number in range(entries)]
    rows = {name: Row(name, "every 2s", NOW + len(name)) for name in names}
    scene = Scene("shop:app", rows=rows, chosen=names[-1] if chosen and names else None)
    for name in names:
        scene = seen(scene, run("failed", name, 1.0, 75.0, "ValueError: no\nsuch customer " * 9))
    printed = ["x" * 300, "\tindented", "ä" * 90, "\x1b[31mred\x1b[0m " * 10] * 3
    lines = picture(scene, lambda count: printed[-count:], NOW, width, height)
    assert len(lines) == height
    assert max(line.cell_len for line in lines) <= width
