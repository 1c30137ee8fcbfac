"""What a task's request asks the guard."""

from typing import Any

import pytest
from celery.app.task import Context

from beatkit.entry import Policy
from beatkit.worker.asked import PUT_BACK, run_of

SLOT = 1_800_000_000_000
A_MINUTE_LATER = "2027-01-15T08:01:00+00:00"


@pytest.mark.parametrize(
    ("headers", "delay"),
    [
        ({}, 0),
        ({"eta": A_MINUTE_LATER}, 60_000),
        # That is when it is to be looked at again, and not how long it was held back at first.
        ({"eta": A_MINUTE_LATER, PUT_BACK: True}, 0),
    ],
    ids=["at once", "after a countdown", "put back by the guard"],
)
def test_how_long_after_its_slot_a_run_was_held_back(headers: dict[str, Any], delay: int) -> None:
    policy = Policy(coalesce=True).to_json()
    sent = {"beatkit-entry": "hello", "beatkit-slot": SLOT, "beatkit-policy": policy}
    run = run_of(Context({"id": "one", "called_directly": False, **sent, **headers}))
    assert run is not None
    assert run.delay == delay
