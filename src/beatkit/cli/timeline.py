"""`schedule timeline`: the load of a day, on the terminal or as a picture."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from beatkit.cli.answer import Answer
from beatkit.cli.files import write
from beatkit.cli.names import EntryName
from beatkit.cli.pictures.day import CROWD, HOUR, Day, Lane, Load, Pile, arranged, load
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, seeing
from beatkit.cli.when import Instant, instant, millis, stamp, worded
from beatkit.cli.wording import schedule_text
from beatkit.entry import Entry
from beatkit.simulation import upcoming

BLOCKS = "▁▂▃▄▅▆▇█"
CELLS = 48
ROOM = 72
"""A narrower terminal gets half as many cells."""
PILES = 8


@click.command(
    "timeline",
    cls=Verb,
    examples=(
        "timeline",
        "timeline 'shop.*' -v --hours 6",
        "timeline --from 2026-03-29T00:00 --html day.html",
    ),
)
@click.argument("names", nargs=-1, type=EntryName())
@click.option(
    "--from", "begin", type=Instant(), show_default="the hour that runs", help="Start here."
)
@click.option("--hours", type=click.IntRange(1, 24 * 31), default=24, show_default=True,
              help="How many hours.")  # fmt: skip
@click.option(
    "--crowd",
    type=click.IntRange(1),
    default=CROWD,
    show_default=True,
    help="More entries of one queue than this in one minute are a pile-up.",
)
@click.option("-v", "--verbose", "entries", is_flag=True, help="A line for each entry too.")
@click.option("--svg", type=click.Path(path_type=Path), help="Draw it to this file as well.")
@click.option("--html", type=click.Path(path_type=Path), help="Draw it as a page to this file.")
@seeing
def timeline_verb(
    view: View,
    names: tuple[str, ...],
    begin: str | None,
    hours: int,
    crowd: int,
    entries: bool,
    svg: Path | None,
    html: Path | None,
) -> None:
    """Show how the runs of a day fall, for each queue, and where they pile up.

    NAMES are names or globs of entries; none means all. Each line is a scale of its own.
    """
    start = view.now.replace(minute=0, second=0, microsecond=0)
    if begin is not None:
        start = instant(begin, view.now).astimezone(view.zone)
    day = day_of(view, view.schedule.select(names), start, hours, crowd)
    written = []
    if svg is not None:
        from beatkit.cli.pictures.svg import draw

        write(svg, draw(day, *_heading(view, day, hours)))
        written.append(svg)
    if html is not None:
        from beatkit.cli.pictures.page import page

        write(html, page(day, *_heading(view, day, hours)))
        written.append(html)
    view.outlet.give(answer(view, day, entries, written))


def day_of(view: View, entries: list[Entry], start: datetime, hours: int, crowd: int) -> Day:
    """Return the runs of enabled entries from a time on."""
    first = millis(start)
    stop = first + hours * HOUR
    lanes = (
        Lane(
            entry.name,
            schedule_text(entry),
            view.schedule.destination(entry).queue,
            tuple(upcoming(entry, first - 1, stop)),
        )
        for entry in entries
        if entry.enabled
    )
    return Day(first, stop, view.zone, arranged(lanes), millis(view.now), crowd)


def answer(view: View, day: Day, entries: bool, written: list[Path]) -> Answer:
    """Return the load as an answer."""
    loads = [day.load(queue, CELLS) for queue in day.queues()]
    cells = CELLS if view.outlet.width >= ROOM else CELLS // 2
    tables = [_load_table(day, "QUEUE", loads, cells)]
    if entries:
        each = [load(lane.name, lane.slots, day.start, day.stop, CELLS) for lane in day.lanes]
        tables.append(_load_table(day, "NAME", each, cells))
    piles = day.piles()
    if piles:
        tables.append(_pile_table(view, day, piles))
    notes = [f"{day.wall(shift.at):%a %d %b}: {shift}" for shift in day.shifts()]
    return Answer(
        kind="timeline",
        about={
            **stamp("start", day.wall(day.start)),
            **stamp("stop", day.wall(day.stop)),
            "pile_ups": [_pile_data(day, pile) for pile in piles],
        },
        tables=tables,
        notes=notes + [f"wrote {path}" for path in written],
    )


def sparkline(counts: tuple[int, ...]) -> str:
    """Draw counts as blocks, the greatest as a full one; a dot for none."""
    most = max(counts, default=0)
    return "".join(
        BLOCKS[-(-count * len(BLOCKS) // most) - 1] if count else "·" for count in counts
    )


def joined(counts: tuple[int, ...], cells: int) -> tuple[int, ...]:
    """Add neighbouring counts up, so that so many are left."""
    size = len(counts) // cells
    return tuple(sum(counts[place : place + size]) for place in range(0, len(counts), size))


def _axis(day: Day, cells: int) -> str:
    """The hours above the sparklines, with the weekday where a day begins."""
    width = (day.stop - day.start) / cells
    step = next((hours for hours in (1, 3, 6, 12) if hours * HOUR >= 5 * width), 24)
    line = ""
    for at in day.hours():
        wall = day.wall(at)
        place = round((at - day.start) / width)
        label = f"{wall:%H}" if wall.hour else f"{wall:%a}"
        fits = place >= len(line) + bool(line) and place + len(label) <= cells
        if fits and wall.hour % step == 0:
            line = line.ljust(place) + label
    return line.ljust(cells)


def _load_table(day: Day, title: str, loads: list[Load], cells: int) -> Table:
    axis = _axis(day, cells)
    least = 20 if cells == CELLS else 14
    columns = (
        Column(title, title.lower(), least=8 if title == "QUEUE" else least, pinch=True),
        Column(axis, "counts"),
        Column("RUNS", "runs", right=True, give_way=1),
        Column("PEAK", "peak", right=True, give_way=2),
        Column("AT", "peak_at", give_way=3),
    )
    rows = [
        Row(
            {
                title: one.queue,
                axis: sparkline(joined(one.counts, cells)),
                "RUNS": f"{one.runs:,}",
                "PEAK": f"{one.peak:,}",
                "AT": "-" if one.peak_at is None else day.clock(one.peak_at),
            },
            {
                title.lower(): one.queue,
                "runs": one.runs,
                "peak": one.peak,
                **stamp("peak_at", None if one.peak_at is None else day.wall(one.peak_at)),
                "counts": one.counts,
            },
        )
        for one in loads
    ]
    return Table(columns, rows)


def _pile_table(view: View, day: Day, piles: list[Pile]) -> Table:
    columns = (
        Column("AT", "at"),
        Column("QUEUE", "queue", least=7, give_way=1),
        Column("MINUTES", "minutes", right=True, give_way=3),
        Column("ENTRIES", "count", right=True, give_way=2),
        Column("NAMES", "entries", least=14),
    )
    rows = [
        Row(
            {
                "AT": worded(day.wall(pile.at[0]), view.now),
                "MINUTES": f"{len(pile.at):,}",
                "QUEUE": pile.queue,
                "ENTRIES": f"{len(pile.entries):,}",
                "NAMES": ", ".join(pile.entries),
            },
            _pile_data(day, pile),
        )
        for pile in piles[:PILES]
    ]
    rest = f", the {PILES} biggest of {len(piles)}" if len(piles) > PILES else ""
    return Table(columns, rows, f"Pile-ups: entries of one queue in the same minute{rest}")


def _pile_data(day: Day, pile: Pile) -> dict[str, object]:
    entries = list(pile.entries)
    at = {**stamp("at", day.wall(pile.at[0])), "minutes": len(pile.at)}
    return {**at, "queue": pile.queue, "count": len(entries), "entries": entries}


def _heading(view: View, day: Day, hours: int) -> tuple[str, str]:
    """Return the title and the subtitle of a picture."""
    runs = sum(len(lane.slots) for lane in day.lanes)
    queues = day.queues()
    counted = f"{len(day.lanes)} {'entry' if len(day.lanes) == 1 else 'entries'}"
    where = f"in {len(queues)} queues" if len(queues) != 1 else f"in queue {queues[0]}"
    start = worded(day.wall(day.start), view.now)
    return (
        f"{view.app.main or 'schedule'}, {hours} hours from {start}",
        f"{counted} {where}, {runs:,} runs · {view.zone}",
    )
