"""The plain view: what each line looks like."""

from __future__ import annotations

import io

import pytest

from beatkit.dev.events import Event, Kind
from beatkit.dev.lines import Lines, duration, line, wants_colour


def event(kind: Kind, text: str = "", seconds: float | None = None) -> Event:
    return Event(kind, "id", "shop.close_day", 0.25, 0.0, text, seconds)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (event("sent"), "sent      shop.close_day"),
        (event("ran", seconds=0.0083), "ran       shop.close_day  8 ms"),
        (
            event("failed", "KeyError: 'till'", 1.5),
            "failed    shop.close_day  1.5 s  KeyError: 'till'",
        ),
        (event("failed", "two\nlines", 1.5), "failed    shop.close_day  1.5 s  two lines"),
        (
            event("skipped", "the previous run is under way", 0.002),
            "skipped   shop.close_day  2 ms  the previous run is under way",
        ),
        (
            event("revoked", "expired before it started"),
            "revoked   shop.close_day  expired before it started",
        ),
    ],
)
def test_a_line_says_when_what_which_how_long_and_why(shown: Event, text: str) -> None:
    clock, rest = line(shown).split("  ", 1)
    assert rest == text
    assert clock.endswith(":00.250")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0004, "0 ms"),
        (0.0083, "8 ms"),
        (1.0, "1.0 s"),
        (59.94, "59.9 s"),
        (125, "2 min 5 s"),
        (7325, "122 min 5 s"),
    ],
)
def test_lengths_of_time_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_that_want_it() -> None:
    assert wants_colour(Terminal(), {})
    assert not wants_colour(Terminal(), {"NO_COLOR": "1"})
    assert wants_colour(Terminal(), {"NO_COLOR": ""})
    assert not wants_colour(Terminal(), {"TERM": "dumb"})
    assert not wants_colour(io.StringIO(), {})


def test_the_view_prints_no_line_for_a_start() -> None:
    stream = io.StringIO()
    view = Lines(stream)
    for kind in ("started", "ran"):
        view.show(event(kind))
    assert stream.getvalue() == line(event("ran")) + "\n"


def test_the_view_colours_a_failure_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    Lines(stream).show(event("failed"))
    assert stream.getvalue() == f"\x1b[31m{line(event('failed'))}\x1b[0m\n"
