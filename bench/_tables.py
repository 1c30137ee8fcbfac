"""Several side by side: one table a measurement, with how far each is from the best."""

from __future__ import annotations

from collections.abc import Sequence

from bench import Row


def number(value: float | None, unit: str = "") -> str:
    """Write three figures, and the unit."""
    if value is None:
        return ""
    digits = max(0, 3 - len(str(int(abs(value))))) if abs(value) >= 0.1 else 3
    return f"{value:,.{digits}f} {unit}".strip()


def side_by_side(rows: Sequence[Row]) -> str:
    """Return a Markdown table for each measurement, in the order of the rows."""
    placed = [row for row in rows if row.place is not None]
    measures = dict.fromkeys(row.place[0] for row in placed if row.place)
    return "\n\n".join(
        _table(measure, [row for row in placed if row.place and row.place[0] == measure])
        for measure in measures
    )


def _table(measure: str, rows: Sequence[Row]) -> str:
    found = {row.place[1:]: row for row in rows if row.place}
    names = dict.fromkeys(name for name, _ in found)
    columns = list(dict.fromkeys(column for _, column in found))
    best = {column: _best([found[key] for key in found if key[1] == column]) for column in columns}
    heads = [f"N={column}" for column in columns] if len(columns) > 1 else [""]
    lines = [["", *heads]]
    lines += [
        [name, *(_cell(found.get((name, column)), best[column]) for column in columns)]
        for name in names
    ]
    budgets = [_budget(found, column) for column in columns]
    if any(budgets):
        lines.append(["budget", *budgets])
    bars = ["---", *("---:" for _ in columns)]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in (lines[0], bars, *lines[1:]))
    return f"**{measure}**\n\n{text}"


def _best(rows: Sequence[Row]) -> float:
    values = [row.value for row in rows]
    return max(values) if rows[0].higher_is_better else min(values)


def _cell(row: Row | None, best: float) -> str:
    if row is None:
        return "-"
    apart = best / row.value if row.higher_is_better else row.value / best if best else 1.0
    note = row.what.partition(": none")[1] and "over "
    return f"{note}{number(row.value, row.unit)} ({number(max(apart, 1.0))} x)"


def _budget(found: dict[tuple[str, str], Row], column: str) -> str:
    for (_, where), row in found.items():
        if where == column and row.budget is not None:
            sign = "≥" if row.higher_is_better else "≤"
            verdict = "" if row.within_budget else ", not met here"
            return f"{sign} {number(row.budget, row.unit)}{verdict}"
    return ""
