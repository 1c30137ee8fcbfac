"""The schedule of a day as one self-contained SVG: no script, no fonts, light and dark.

From the top: what it shows; a row per entry with its runs, by queue; the load of each
queue, on a scale of its own, because one task every 15 seconds would hide all the others;
and the pile-ups by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from beatkit.cli.clocks import Shift
from beatkit.cli.pictures.day import Day, Lane, Load, Pile
from beatkit.cli.table import cut, pinched

WIDTH = 1200
LEFT, RIGHT = 280, 972  # the plot; names stand left of it, numbers right
TOP = 106
ROW = 20
GROUP = 26
STRIP = 46
MERGE = 2.6
"""Runs closer than so many units are drawn as one bar."""
LABELLED = 90
"""A bar at least so wide says how many runs it stands for."""
TOLD = 48
"""Up to so many runs of a row have a tooltip each; more are one shape, or files get huge."""
PARTS = 48
PILES_NAMED = 6
GAP = 7
"""Half the width of the shade where clocks skip an hour."""
SHADED = 30
"""A pile-up that comes oftener is named and not shaded: all would be shade."""

STYLE = """
text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#1f2328}
.page{fill:#ffffff}.title{font-size:17px;font-weight:600}.quiet{fill:#656d76}
.small{font-size:11px}.mono{font:11px ui-monospace,'DejaVu Sans Mono',monospace;fill:#656d76}
.head{font-weight:600}.grid{stroke:#eaeef2}.noon{stroke:#d0d7de}.line{stroke:#d0d7de}
.run{fill:#2563c9}.bar{fill:#2563c9;opacity:.75}.on{fill:#ffffff;font-size:11px}
.load{fill:#7aa5e8}.peak{fill:#c4500f}.pile{fill:#f5a36b;opacity:.28}
.shift{fill:#8250df;opacity:.13}.jump{stroke:#8250df;stroke-width:2;stroke-dasharray:3 3}
.change{fill:#8250df;font-size:11px}.now{stroke:#cf222e}.nowtext{fill:#cf222e;font-size:11px}
.end{text-anchor:end}.mid{text-anchor:middle}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.page{fill:#0d1117}.quiet,.mono{fill:#8d96a0}
.grid{stroke:#1c2128}.noon,.line{stroke:#373e47}
.run{fill:#6cb0ff}.bar{fill:#388bfd;opacity:.8}.on{fill:#ffffff}.load{fill:#31609f}
.peak{fill:#f0883e}.pile{fill:#bd561d;opacity:.35}.shift{fill:#a371f7;opacity:.2}
.jump{stroke:#a371f7}.change{fill:#b992f8}.now{stroke:#f85149}.nowtext{fill:#f85149}}
"""


def draw(day: Day, title: str, subtitle: str) -> str:
    """Return the picture as the text of an SVG file."""
    piles = day.piles()
    parts = list(_parts(day, piles))
    height = _height(day, piles)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<rect class="page" width="{WIDTH}" height="{height}"/>'
    )
    heading = _text(24, 34, title, "title") + _text(24, 54, subtitle, "quiet")
    return "\n".join([head, heading, *parts, "</svg>\n"])


def _rows_bottom(day: Day) -> int:
    return TOP + len(day.queues()) * GROUP + len(day.lanes) * ROW


def _loads_top(day: Day) -> int:
    return _rows_bottom(day) + 56


def _loads_bottom(day: Day) -> int:
    return _loads_top(day) + len(day.queues()) * STRIP


def _height(day: Day, piles: Sequence[Pile]) -> int:
    named = min(len(piles), PILES_NAMED + 1)
    return _loads_bottom(day) + (36 + named * 18 if named else 0) + 24


def _parts(day: Day, piles: Sequence[Pile]) -> Iterator[str]:
    rows, top, bottom = _rows_bottom(day), _loads_top(day), _loads_bottom(day)
    yield from _backdrop(day, piles, TOP, rows)
    yield from _backdrop(day, piles, top, bottom)
    yield from _axis(day, TOP - 8)
    yield from _rows(day)
    yield _text(24, top - 16, "Load by queue, each on its own scale · ▲ its busiest minute", "head")
    for number, queue in enumerate(day.queues()):
        yield from _strip(day, day.load(queue, PARTS), top + number * STRIP)
    yield from _named_piles(day, piles, bottom + 30)


def place(day: Day, at: int) -> float:
    """Return where an instant stands on the axis."""
    return round(LEFT + (at - day.start) * (RIGHT - LEFT) / (day.stop - day.start), 1)


def _backdrop(day: Day, piles: Sequence[Pile], top: int, bottom: int) -> Iterator[str]:
    """Shaded pile-ups and clock changes, hour lines, and the present."""
    piled = [at for pile in piles[:PILES_NAMED] if len(pile.at) <= SHADED for at in pile.at]
    for x in dict.fromkeys(place(day, at) for at in piled):
        yield f'<rect class="pile" x="{x - 3:g}" y="{top}" width="8" height="{bottom - top}"/>'
    for shift in day.shifts():
        yield _shade(day, shift, top, bottom)
    hours = day.hours()
    for at in hours:
        main = day.wall(at).hour % 6 == 0
        if main or len(hours) < 50:
            yield _upright(place(day, at), top, bottom, "noon" if main else "grid")
    if day.start < day.now < day.stop:
        yield _upright(place(day, day.now), top, bottom, "now")


def _shade(day: Day, shift: Shift, top: int, bottom: int) -> str:
    """Shade both passes of a fold; a gap has no width, and gets a narrow shade and a line."""
    first = place(day, max(shift.at - abs(shift.moved), day.start))
    last = place(day, min(shift.at + abs(shift.moved), day.stop))
    line = ""
    if shift.moved > 0:
        jump = place(day, shift.at)
        first, last, line = jump - GAP, jump + GAP, _upright(jump, top, bottom, "jump")
    return (
        f'<rect class="shift" x="{first:g}" y="{top}" width="{last - first:.1f}" '
        f'height="{bottom - top}"><title>{escape(str(shift))}</title></rect>{line}'
    )


def _axis(day: Day, y: int) -> Iterator[str]:
    hours = day.hours()
    every = next((n for n in (1, 2, 3, 6, 12) if len(hours) <= 26 * n), 24)
    changes = {shift.at: shift for shift in day.shifts()}
    taken = [place(day, at) for at in changes]
    for at in hours:
        wall = day.wall(at)
        if not wall.hour:
            yield _text(place(day, at), y, f"{wall:%a}", "small mid")
        elif wall.hour % every == 0:
            yield _text(place(day, at), y, f"{wall:%H}", "quiet small mid")
    for at, shift in changes.items():
        yield _text(place(day, at), y - 16, str(shift), "change mid")
    if day.start < day.now < day.stop:
        x = place(day, day.now)
        if all(abs(x - other) > 120 for other in taken):
            yield _text(x, y - 16, f"now {day.wall(day.now):%H:%M}", "nowtext mid")


def _rows(day: Day) -> Iterator[str]:
    y, queue = TOP, None
    for lane in day.lanes:
        if lane.queue != queue:
            queue = lane.queue
            yield f'<line class="line" x1="24" x2="{WIDTH - 24}" y1="{y + 0.5}" y2="{y + 0.5}"/>'
            yield _text(24, y + 18, pinched(queue, 32), "head")
            y += GROUP
        yield from _row(day, lane, y)
        y += ROW


def _row(day: Day, lane: Lane, y: int) -> Iterator[str]:
    runs = f"{len(lane.slots):,} run{'s' * (len(lane.slots) != 1)}"
    about = f"{lane.name}: {lane.schedule}, {runs}"
    yield f"<g><title>{escape(about)}</title>"
    yield _text(36, y + 14, pinched(lane.name, 31))
    yield _text(RIGHT + 66, y + 14, f"{len(lane.slots):,}", "quiet small end")
    yield _text(RIGHT + 78, y + 14, cut(lane.schedule, 19), "mono")
    joined = spans(day, lane.slots)
    if len(joined) > TOLD:
        ticks = "".join(_tick(place(day, at), y) for at, _, count in joined if count == 1)
        yield f'<path class="run" d="{ticks}"/>'
        joined = [span for span in joined if span[2] > 1]
    for first, last, count in joined:
        yield _span(day, lane, first, last, count, y)
    yield "</g>"


def _tick(x: float, y: int) -> str:
    return f"M{x - 0.7:.1f} {y + 4}h2v12h-2z"


def spans(day: Day, slots: Sequence[int]) -> list[tuple[int, int, int]]:
    """Join runs that would touch: (first, last, how many), in order."""
    closest = MERGE * (day.stop - day.start) / (RIGHT - LEFT)
    joined: list[tuple[int, int, int]] = []
    for slot in slots:
        if joined and slot - joined[-1][1] < closest:
            joined[-1] = (joined[-1][0], slot, joined[-1][2] + 1)
        else:
            joined.append((slot, slot, 1))
    return joined


def _span(day: Day, lane: Lane, first: int, last: int, count: int, y: int) -> str:
    x = place(day, first)
    if count == 1:
        about = f"{lane.name} {day.wall(first):%a %d %b %H:%M:%S %Z}"
        return (
            f'<rect class="run" x="{x - 0.7:.1f}" y="{y + 4}" width="2" height="12">'
            f"<title>{escape(about)}</title></rect>"
        )
    width = max(place(day, last) - x + 2, 2)
    bar = f'<rect class="bar" x="{x}" y="{y + 4}" width="{width:.1f}" height="12" rx="2"/>'
    if width < LABELLED:
        return bar
    return bar + _text(x + width / 2, y + 14, f"{count:,} runs", "on mid")


def _strip(day: Day, load: Load, top: int) -> Iterator[str]:
    base, high = top + STRIP - 8, STRIP - 16
    yield _text(24, base - 10, pinched(load.queue, 32))
    yield f'<line class="line" x1="{LEFT}" x2="{RIGHT}" y1="{base + 0.5}" y2="{base + 0.5}"/>'
    most = max(load.counts) or 1
    size = (RIGHT - LEFT) / PARTS
    bars = [
        f"M{LEFT + part * size:.1f} {base}v{-max(count * high / most, 1.5):.1f}"
        f"h{size - 1:.1f}V{base}z"
        for part, count in enumerate(load.counts)
        if count
    ]
    yield f'<path class="load" d="{"".join(bars)}"/>'
    yield _text(RIGHT + 66, base - 10, f"{load.runs:,}", "quiet small end")
    if load.peak_at is not None:
        x = place(day, load.peak_at)
        yield f'<path class="peak" d="M{x} {base + 1}l-4 6h8z"/>'
        peak = f"peak {load.peak:,} at {day.clock(load.peak_at)}"
        yield _text(RIGHT + 78, base - 10, peak, "small")


def _named_piles(day: Day, piles: Sequence[Pile], top: int) -> Iterator[str]:
    if not piles:
        return
    yield _text(24, top, "Pile-ups: entries of one queue in the same minute", "head")
    for number, pile in enumerate(piles[:PILES_NAMED]):
        yield _text(36, top + 20 + number * 18, _pile_text(day, pile), "quiet")
    if len(piles) > PILES_NAMED:
        more = f"and {len(piles) - PILES_NAMED:,} more"
        yield _text(36, top + 20 + PILES_NAMED * 18, more, "quiet")


def _pile_text(day: Day, pile: Pile) -> str:
    names = ", ".join(pile.entries)
    times = f" and {len(pile.at) - 1:,} more times" if len(pile.at) > 1 else ""
    first = f"{day.clock(pile.at[0])}{times}"
    return cut(f"{first} · {pile.queue} · {len(pile.entries)} entries: {names}", 160)


def _upright(x: float, top: int, bottom: int, kind: str) -> str:
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    styled = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{styled}>{escape(text)}</text>'
