"""One plain line for each slot sent and each run ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import TextIO

from beatkit.dev.events import Event, Kind

_COLOURS: Mapping[Kind, str] = {
    "sent": "2",  # dim
    "ran": "32",  # green
    "failed": "31",  # red
    "retried": "33",  # yellow
    "skipped": "33",
    "rejected": "33",
    "revoked": "33",
    "ended": "31",
}


def line(event: Event) -> str:
    """Return the event's line, without colour.

    >>> line(Event("failed", "", "shop.close_day", 0.25, 0, "KeyError: 'till'", 1.5))[12:]
    "  failed    shop.close_day  1.5 s  KeyError: 'till'"
    """
    clock = datetime.fromtimestamp(event.at).astimezone().strftime("%H:%M:%S.%f")[:-3]
    took = "" if event.seconds is None else duration(event.seconds)
    parts = [clock, f"{event.kind:<8}", event.name, took, event.text.replace("\n", " ")]
    return "  ".join(part for part in parts if part)


def duration(seconds: float) -> str:
    """Return a length of time in the unit that reads best: "8 ms", "1.5 s", "2 min 5 s"."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set (no-color.org) or it is dumb."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


class Lines:
    """The plain view: prints events as they come."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._colour = wants_colour(stream, os.environ)

    def show(self, event: Event) -> None:
        """Print the event's line; the start of a run has none."""
        if event.kind == "started":
            return
        text = line(event)
        if self._colour:
            text = f"\x1b[{_COLOURS[event.kind]}m{text}\x1b[0m"
        print(text, file=self._stream, flush=True)
