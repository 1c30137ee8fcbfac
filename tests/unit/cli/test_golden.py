"""What the verbs print, to the letter, at three widths and in three zones.

`GOLDEN=write pytest tests/unit/cli/test_golden.py` writes the files anew; read the diff.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

FOLDER = Path(__file__).parent / "golden"
PICTURE = Path(__file__).parents[3] / "docs" / "how-to" / "see-the-schedule.svg"
AUTUMN = ("--at", "2026-10-24T21:59:58+02:00")  # the night in which Berlin's clocks go back
ZONES = ((), ("--tz", "America/New_York"), ("--tz", "UTC"))
WIDTHS = (80, 100, 160)
VERBS: dict[str, tuple[str, ...]] = {
    "list": ("list",),
    "list_verbose": ("list", "-v", "billing.*", "ops.*"),
    "show": ("show", "billing.close_day"),
    "show_secrets": ("show", "stock.reorder", "-n", "2"),
    "next": ("next", "-n", "12"),
    "next_night": ("next", "billing.*", "ops.*", "--until", "+12h"),
    "timeline": ("timeline", "--crowd", "2"),
    "timeline_entries": ("timeline", "-v"),
    "explain": ("explain", "30 2 13 * fri"),
    "check": ("check",),
    "simulate": ("simulate", "--down", "2026-10-25T02:10..2026-10-25T05:00"),
    "simulate_each": ("simulate", "billing.*", "-v", "--down", "01:00..05:00", "--from", "00:00"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_printed(verb: str, run: Run) -> None:
    told = "\n".join(
        _told(run, (*VERBS[verb], *AUTUMN, *zone), width) for width in WIDTHS for zone in ZONES
    )
    file = FOLDER / f"{verb}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(told)
    assert told == file.read_text()


def _told(run: Run, words: tuple[str, ...], width: int) -> str:
    done = run(*words, width=width)
    head = f"$ COLUMNS={width} celery -A shop schedule {shlex.join(words)}\n"
    return f"{head}{done.out}--- exit code {done.code}, on stderr:\n{done.err}"


def test_the_picture_in_the_docs_is_the_one_that_is_drawn(run: Run, tmp_path: Path) -> None:
    drawn = tmp_path / "day.svg"
    run("timeline", "--svg", str(drawn), "--from", "2026-10-25T00:00", *AUTUMN)
    if os.environ.get("GOLDEN") == "write":
        PICTURE.write_text(drawn.read_text())
    assert drawn.read_text() == PICTURE.read_text()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("width", (40, *WIDTHS))
def test_no_line_is_wider_than_the_terminal(verb: str, width: int, run: Run) -> None:
    done = run(*VERBS[verb], *AUTUMN, width=width)
    assert [line for line in done.out.splitlines() if len(line) > width] == []
