"""The table of worked examples in docs/explanation/time.md is what the code does."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from beatkit.schedules.celery import bind, cron
from beatkit.schedules.dialect import parse

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "time.md"
BERLIN = ZoneInfo("Europe/Berlin")
GAP, FOLD = "2024-03-31T01:00+01:00", "2024-10-27T01:00+02:00"
ROWS = [
    line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| `cron\(", line)
]


def worked(schedule: cron, start: str, wall_end: str) -> str:
    """Return the slots of a night as the page writes them: wall time, and offset if it matters."""
    first = datetime.fromisoformat(start)
    end = datetime.fromisoformat(f"{start[:10]}T{wall_end}").replace(tzinfo=BERLIN)
    slots = [slot.astimezone(BERLIN) for slot in schedule.between(first, end)]
    second = {slot.replace(fold=0, tzinfo=None) for slot in slots if slot.fold}
    texts = []
    for slot in slots:
        passes = f" {slot:%Z}" if slot.replace(fold=0, tzinfo=None) in second else ""
        texts.append(f"{slot:%H:%M}{passes}")
    return ", ".join(texts) or "nothing"


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_table_is_what_the_code_does(row: str) -> None:
    code = row.split("`")[1]
    schedule = bind(eval(code, {"cron": cron}), timezone="Europe/Berlin", name="docs")
    job = "wildcard" if parse(schedule.texts[0]).wildcard else "fixed-time"

    gap, fold = worked(schedule, GAP, "05:00"), worked(schedule, FOLD, "05:00")

    assert row == f"| `{code}` | {job} | {gap} | {fold} |"


def test_the_table_is_there() -> None:
    assert len(ROWS) >= 8
