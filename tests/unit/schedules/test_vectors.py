"""Every vector of next instants, forwards and backwards."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest

from beatkit.errors import ScheduleError
from beatkit.schedules.celery import cron

_FILE = Path(__file__).parents[2] / "data" / "cron-vectors.json"
_DATA = json.loads(_FILE.read_text(encoding="utf-8"))


def _named(vector: dict[str, object]) -> str:
    return f"{vector['expr']} {vector['tz']} {vector['after']}"


@pytest.mark.parametrize("vector", _DATA["vectors"], ids=_named)
def test_a_vector_comes_out_exactly_and_previous_retraces_it(vector: dict[str, object]) -> None:
    schedule = cron(vector["expr"], timezone=vector["tz"])
    after = datetime.fromisoformat(vector["after"])
    expected = [datetime.fromisoformat(text) for text in vector["next"]]

    forwards = list(islice(schedule.iter(after), len(expected)))
    backwards = [schedule.previous(slot) for slot in reversed(forwards[1:])]

    assert forwards == expected
    assert backwards == list(reversed(forwards[:-1]))
    assert schedule.previous(forwards[0]) <= after


@pytest.mark.parametrize("text", _DATA["must_be_rejected"])
def test_a_text_outside_the_dialect_is_refused_and_shown(text: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        cron(text)

    assert repr(text) in str(caught.value).splitlines()[0]


@pytest.mark.parametrize("text", _DATA["never_fires"])
def test_an_expression_that_never_fires_is_refused_at_construction(text: str) -> None:
    with pytest.raises(ScheduleError, match="never fires"):
        cron(text)
