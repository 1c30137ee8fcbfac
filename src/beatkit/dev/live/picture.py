"""How does the live view look? A function of the scene, the output, the time and the size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.text import Text

from beatkit.cli.table import Column, Row, Table, cut, drawn
from beatkit.cli.when import distance
from beatkit.dev.events import Event, Kind
from beatkit.dev.lines import duration
from beatkit.dev.live import scene as scenes
from beatkit.dev.live.scene import Scene

STYLES = {
    "heading": "dim", "bar": "bold", "quiet": "dim", "chosen": "reverse",
    "ran": "green", "failed": "red", "ended": "red",
    "retried": "yellow", "skipped": "yellow", "rejected": "yellow", "revoked": "yellow",
}  # fmt: skip

_ENTRIES = (
    Column("IN", right=True),
    Column("NAME", least=12, pinch=True),
    Column("SCHEDULE", least=12, give_way=2),
    Column("LAST RUN", give_way=1),
)
_RUNS = (
    Column("RAN AT", give_way=2),
    Column(""),
    Column("NAME", least=12, pinch=True),
    Column("TOOK", right=True, give_way=1),
    Column("WHY", least=12, give_way=3),
)

_HELP = (
    "↑↓ choose  t trigger  p pause or resume  o output only  q quit",
    "↑↓ choose  t trigger  p pause  o output  q quit",
    "↑↓  t trigger  p pause  o out  q quit",
    "↑↓ t p o  q quit",
)

# What moves the cursor or rings the bell; colours (ending in m) stay.
_CONTROLS = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-ln-~]|\x1b[^\[\]]"
    r"|[\x00-\x08\x0b-\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]"
)


@dataclass(frozen=True, slots=True)
class Share:
    """How many lines each part has, its heading included; 0: it is left out."""

    entries: int
    runs: int
    output: int


def shares(height: int, entries: int, *, only_output: bool = False) -> Share:
    """Share a terminal's lines out: little to a few entries, the rest to what changes.

    Args:
        height: Lines of the terminal; the first and the last are taken.
        entries: How many there are.
        only_output: The output has it all.
    """
    room = max(height - 2, 0)
    if only_output:
        return Share(0, 0, room)
    if room < 6:
        return Share(room, 0, 0)
    listed = min(max(entries, 1) + 1, max(room * 2 // 5, 3))
    runs = 0 if room < 12 else max(room // 4, 4)
    return Share(listed, runs, room - listed - runs)


def picture(
    scene: Scene, output: Callable[[int], Sequence[str]], now: float, width: int, height: int
) -> list[Text]:
    """Return the lines of the screen, none longer than it is wide.

    Args:
        scene: What is shown.
        output: Returns the last lines that were printed, at most so many.
        now: Epoch seconds.
        width: Cells of a line.
        height: Lines, all of which are filled.
    """
    share = shares(height, len(scene.rows), only_output=scene.only_output)
    lines = [_text(cut(_bar(scene), width), "bar")]
    if share.entries:
        lines += _filled(_entries(scene, now, width, share.entries), share.entries)
    if share.runs:
        lines += _filled(_runs(scene, width, share.runs), share.runs)
    if share.output:
        lines += _filled(_output(output, width, share.output), share.output)
    lines.append(_foot(scene, now, width))
    return lines[-height:] if height > 1 else lines[:height]


def page(scene: Scene, height: int) -> int:
    """Return how many entries a screen of this height shows at once."""
    return max(shares(height, len(scene.rows)).entries - 1, 1)


def _bar(scene: Scene) -> str:
    count = len(scene.rows)
    parts = [
        f"beatkit dev {scene.title}",
        f"{count} entr{'y' if count == 1 else 'ies'}",
        f"{len(scene.running)} running" if scene.running else "",
        *(f"{number} {kind}" for kind, number in scene.counts.items()),
    ]
    return " · ".join(part for part in parts if part)


def _entries(scene: Scene, now: float, width: int, lines: int) -> Iterator[Text]:
    if not scene.rows:
        yield _text(cut("The schedule is empty.", width), "quiet")
        return
    headings = lines > 1
    rows = [
        Row(
            {
                "IN": _countdown(row, now),
                "NAME": row.name,
                "SCHEDULE": row.schedule,
                "LAST RUN": _last(scene, row.name, now),
            },
            style="chosen" if row.name == scene.chosen else _quiet(row),
        )
        for row in scenes.in_view(scene, lines - headings)
    ]
    yield from _drawn(Table(_ENTRIES, rows, headings=headings), width)


def _quiet(row: scenes.Row) -> str:
    return "quiet" if row.paused or not row.enabled or row.due is None else ""


def _countdown(row: scenes.Row, now: float) -> str:
    if not row.enabled:
        return "off"
    if row.paused:
        return "paused"
    if row.due is None:
        return "ended"
    left = row.due - now
    if left <= 0:
        return "now"
    return distance(timedelta(seconds=ceil(left)))


def _last(scene: Scene, name: str, now: float) -> str:
    started = [start for start in scene.running.values() if start.name == name]
    if started:
        return f"running {duration_so_far(now - min(start.at for start in started))}"
    if name not in scene.last:
        return "-"
    event = scene.last[name]
    return event.kind if event.seconds is None else f"{event.kind} {duration(event.seconds)}"


def duration_so_far(seconds: float) -> str:
    """Return a length of time that still grows, in whole seconds."""
    return distance(timedelta(seconds=max(int(seconds), 0)))


def _runs(scene: Scene, width: int, lines: int) -> Iterator[Text]:
    if not scene.runs:
        yield Text()
        yield _text(cut("No run has ended yet.", width), "quiet")
        return
    rows = [Row(_run(event), style=event.kind) for event in scene.runs[: max(lines - 2, 0)]]
    yield Text()
    yield from _drawn(Table(_RUNS, rows), width)


def _run(event: Event) -> dict[str, str]:
    clock = datetime.fromtimestamp(event.at).astimezone().strftime("%H:%M:%S")
    kind: Kind = event.kind
    return {
        "RAN AT": clock,
        "": kind,
        "NAME": event.name,
        "TOOK": "-" if event.seconds is None else duration(event.seconds),
        "WHY": " ".join(plain(event.text).split()) or "-",
    }


def _drawn(table: Table, width: int) -> Iterator[Text]:
    for line in drawn([table], width):
        text = _text(line.text, line.style)
        text.truncate(width, overflow="crop", pad=line.style == "chosen")
        yield text


def _output(output: Callable[[int], Sequence[str]], width: int, lines: int) -> Iterator[Text]:
    yield _text("─ output ".ljust(width, "─")[:width], "quiet")
    wanted = lines - 1
    shown: list[Text] = []
    for text in AnsiDecoder().decode("\n".join(map(plain, output(wanted)))):
        shown.extend(_folded(text, width))
    yield from shown[-wanted:] if wanted else []


def _folded(text: Text, width: int) -> Sequence[Text]:
    """Break a line where the screen ends, not at its blanks: it is a program's."""
    if text.cell_len <= width:
        return [text]
    return list(text.wrap(Console(width=width, color_system=None), width, overflow="fold"))


def plain(text: str) -> str:
    """Return a printed line without what would move the cursor; tabs are blanks."""
    if text.isprintable():
        return text
    return _CONTROLS.sub("", text.rstrip("\r").rpartition("\r")[2].expandtabs(8))


def _foot(scene: Scene, now: float, width: int) -> Text:
    text, until = scene.notice
    if text and now < until:
        return _text(cut(" ".join(text.split()), width), "retried")
    if scene.stopping:
        return _text(cut(_stopping(scene), width), "retried")
    fitting = [words for words in _HELP if len(words) <= width] or [cut(_HELP[-1], width)]
    return _text(fitting[0], "quiet")


def _stopping(scene: Scene) -> str:
    again = scene.stopping == "to start again"
    what = "Starting again" if again else "Stopping"
    count = len(scene.running)
    if not count:
        return f"{what}."
    ctrl_c = "Ctrl-C stops instead" if again else "Ctrl-C ends them now"
    return f"{what}: {count} run{'s' * (count > 1)} may finish; {ctrl_c}."


def _filled(lines: Iterator[Text], count: int) -> list[Text]:
    found = list(lines)[:count]
    return found + [Text()] * (count - len(found))


def _text(text: str, style: str) -> Text:
    return Text(text, STYLES.get(style, ""), no_wrap=True, overflow="crop")
