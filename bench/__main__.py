"""Run the bench modules named on the command line, or all: see `bench/__init__.py`."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import pkgutil
import platform
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import bench
from bench import Row, Unavailable
from bench._tables import number, side_by_side

OUT = Path(__file__).parent / "out"
HEADER = ("what", "value", "budget", "", "compared with", "times better")


def modules() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(bench.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def cells(row: Row) -> tuple[str, ...]:
    bound = {None: "", True: "ok", False: "OVER"}[row.within_budget]
    compared = f"{row.against} {number(row.reference, row.unit)}" if row.against else ""
    budget = number(row.budget, row.unit)
    return (
        row.what, number(row.value, row.unit), budget, bound, compared,
        number(row.times_better) and f"{number(row.times_better)} x",
    )  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    lines = [HEADER, *(cells(row) for row in rows)]
    for row in range(len(lines) - 1, 1, -1):  # what is compared with several is told once
        if lines[row][:4] == lines[row - 1][:4]:
            lines[row] = ("", "", "", "", *lines[row][4:])
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    texts = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(text.rstrip() for text in texts)


def machine() -> dict[str, object]:
    versions = {
        name: importlib.metadata.version(name) for name in ("beatkit", "celery", "kombu", "redis")
    }
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "versions": versions,
    }


def write(name: str, title: str, about: dict[str, object], rows: Iterable[Row]) -> None:
    OUT.mkdir(exist_ok=True)
    found = {"bench": name, "title": title, **about, "rows": [asdict(row) for row in rows]}
    (OUT / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")


def measure(name: str) -> bool:
    """Run one module; return whether it ended well."""
    module = importlib.import_module(f"bench.{name}")
    title = (module.__doc__ or name).strip().splitlines()[0]
    print(f"\n{name}: {title}", flush=True)
    about = machine()
    rows: list[Row] = []
    try:
        for row in module.run():
            rows.append(row)
            print(f"  measured {row.what}", file=sys.stderr, flush=True)
    except Unavailable as missing:
        print(f"  not measured here: {missing}")
        return True
    except Exception:  # noqa: BLE001 - one broken bench must not hide the others
        traceback.print_exc()
        return False
    placed = any(row.place for row in rows)
    text = side_by_side(rows) if placed else table(rows)
    print(text, flush=True)
    write(name, title, about, rows)
    if placed:
        (OUT / f"{name}.md").write_text(text + "\n")
    return True


def main(wanted: list[str]) -> int:
    known = modules()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        names = ", ".join(unknown)
        print(f"no such bench: {names}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    ended_well = [measure(name) for name in wanted or known]
    return 0 if all(ended_well) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
