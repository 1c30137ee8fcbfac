"""Ten thousand entries through the weekends on which clocks change: exact counts."""

from __future__ import annotations

import heapq
from collections import Counter
from datetime import datetime

import pytest

from beatkit.schedules.celery import bind, cron, every
from beatkit.schedules.timetable import to_ms

KINDS = {
    "each quarter": cron("H/15 * * * *"),
    "nightly": cron("H H * * *"),
    "small hours": cron("H(1-59) 1-4 * * *"),
    "hourly": every(hours=1, offset="hash"),
}


def send_all(start: str, end: str) -> dict[str, set[int]]:
    """Run a heap of 2,500 entries of each kind; return how many slots entries had, by kind."""
    first, last = (to_ms(datetime.fromisoformat(text)) for text in (start, end))
    rules = {
        f"{kind}/{number}": bind(schedule, timezone="Europe/Berlin", name=f"{kind} {number}").rule
        for kind, schedule in KINDS.items()
        for number in range(2500)
    }
    agenda = [(rule.next(first - 1), name) for name, rule in rules.items()]
    heapq.heapify(agenda)
    sent: Counter[str] = Counter()
    while agenda[0][0] < last:
        slot, name = agenda[0]
        sent[name] += 1
        heapq.heapreplace(agenda, (rules[name].next(slot), name))
    return {
        kind: {count for name, count in sent.items() if name.startswith(kind + "/")}
        for kind in KINDS
    }


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2024-03-30T00:00:00+01:00", "2024-04-01T00:00:00+02:00", 47),
        ("2024-10-26T00:00:00+02:00", "2024-10-28T00:00:00+01:00", 49),
    ],
    ids=["clocks go forward", "clocks go back"],
)
def test_each_of_10000_entries_has_each_of_its_slots_once(start: str, end: str, hours: int) -> None:
    assert send_all(start, end) == {
        "each quarter": {4 * hours},
        "nightly": {2},
        "small hours": {8},
        "hourly": {hours},
    }
