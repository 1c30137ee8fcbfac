"""The picture of a day in an HTML page of its own: one file, no script, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from beatkit.cli.pictures.day import Day, Lane
from beatkit.cli.pictures.svg import draw

STYLE = """
:root{color-scheme:light dark}
body{margin:0 auto;max-width:1200px;font:14px/1.5 system-ui,sans-serif}
body{background:#fff;color:#1f2328}
div{overflow-x:auto}svg{display:block;width:100%;min-width:960px;height:auto}
details{margin:8px 24px 40px}summary{cursor:pointer;color:#656d76}
table{border-collapse:collapse;margin-top:12px;width:100%}
th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid #eaeef2;vertical-align:top}
td.number,th.number{text-align:right}code{font-size:12px}
@media (prefers-color-scheme:dark){
body{background:#0d1117;color:#e6edf3}summary{color:#8d96a0}th,td{border-color:#373e47}}
"""


def page(day: Day, title: str, subtitle: str) -> str:
    """Return the picture and a table of the same runs as the text of an HTML file."""
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            f"<title>{escape(title)}</title>",
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<style>{STYLE}</style></head><body>",
            f"<div>{draw(day, title, subtitle)}</div>",
            "<details><summary>The same as a table</summary><table>",
            "<tr><th>Entry<th>Schedule<th>Queue<th class=number>Runs<th>First<th>Last</tr>",
            *_rows(day),
            "</table></details></body></html>\n",
        ]
    )


def _rows(day: Day) -> Iterator[str]:
    for lane in day.lanes:
        yield (
            f"<tr><td>{escape(lane.name)}<td><code>{escape(lane.schedule)}</code>"
            f"<td>{escape(lane.queue)}<td class=number>{len(lane.slots):,}"
            f"<td>{_wall(day, lane, 0)}<td>{_wall(day, lane, -1)}</tr>"
        )


def _wall(day: Day, lane: Lane, which: int) -> str:
    return f"{day.wall(lane.slots[which]):%a %d %b %H:%M:%S %Z}" if lane.slots else "none"
