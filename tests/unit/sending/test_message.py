"""What a slot's message says, and what of it counts from the slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid5

import pytest

from beatkit import every
from beatkit.entry import Entry, Policy
from beatkit.sending.message import outgoing, task_id

SLOT = 1_800_000_000_000
AT = datetime.fromtimestamp(SLOT / 1000, UTC)
NAME = "beatkit:shop:"


def entry(policy: Policy | None = None, **options: Any) -> Entry:
    return Entry("hello", "shop.hello", schedule=None, options=options, policy=policy)


def test_the_id_is_the_same_from_every_beat_and_on_every_attempt() -> None:
    first = task_id(NAME, "hello", SLOT)
    assert first == task_id(NAME, "hello", SLOT)
    # As the standard library spells it: ids of one release are those of the next.
    assert first == str(uuid5(UUID("a1c0f5d2-6a5b-4c9e-9d2f-7d1b0b3f9a55"), f"{NAME}hello@{SLOT}"))
    others = {
        task_id("beatkit:other:", "hello", SLOT),
        task_id(NAME, "other", SLOT),
        task_id(NAME, "hello", SLOT + 1),
        task_id(NAME, "hello", SLOT, request="by hand"),
    }
    assert len(others | {first}) == 5


def test_the_options_of_a_plain_entry() -> None:
    assert outgoing(NAME, entry(), SLOT, "scheduled").options == {
        "task_id": task_id(NAME, "hello", SLOT),
        "periodic_task_name": "hello",
        "headers": {
            "celery_beat_task": True,
            "beatkit-entry": "hello",
            "beatkit-slot": SLOT,
            "beatkit-kind": "scheduled",
            "beatkit-previous": None,
        },
    }


def test_the_slot_before_is_told_and_the_instant_from_which_an_entry_counts_is_not() -> None:
    made = Entry("hello", "shop.hello", every(seconds=15))

    def previous(after: int) -> int | None:
        out = outgoing(NAME, made, SLOT, "scheduled", after=after)
        found: int | None = out.options["headers"]["beatkit-previous"]
        return found

    before = SLOT - SLOT % 15_000
    assert (previous(before), previous(before + 1)) == (before, None)


def test_a_policy_travels_in_a_header_by_what_differs_from_the_default() -> None:
    headers = outgoing(NAME, entry(Policy(overlap="skip")), SLOT, "catch_up").options["headers"]
    assert headers["beatkit-policy"] == {"overlap": "skip"}
    assert headers["beatkit-kind"] == "catch_up"


def test_an_id_and_headers_of_the_users_own_are_kept() -> None:
    options = outgoing(NAME, entry(task_id="mine", headers={"x": 1}), SLOT, "scheduled").options
    assert options["task_id"] == "mine"
    assert options["headers"]["x"] == 1


@pytest.mark.parametrize(
    "given, expires",
    [
        (60, AT + timedelta(seconds=60)),
        (0.5, AT + timedelta(seconds=0.5)),
        (timedelta(minutes=2), AT + timedelta(minutes=2)),
        (datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)),
    ],
)
def test_expires_counts_from_the_slot(given: Any, expires: datetime) -> None:
    out = outgoing(NAME, entry(expires=given), SLOT, "scheduled")
    assert out.options["expires"] == expires
    assert out.expires == round(expires.timestamp() * 1000)


def test_a_deadline_is_when_the_message_expires() -> None:
    out = outgoing(NAME, entry(Policy(deadline=90.0)), SLOT, "scheduled")
    assert out.options["expires"] == AT + timedelta(seconds=90)


def test_a_tasks_own_expires_counts_from_the_slot_unless_the_entry_has_one() -> None:
    task = SimpleNamespace(expires=30)
    assert outgoing(NAME, entry(), SLOT, "scheduled", task).expires == SLOT + 30_000
    assert outgoing(NAME, entry(expires=5), SLOT, "scheduled", task).expires == SLOT + 5_000
    none = outgoing(NAME, entry(expires=None), SLOT, "scheduled", task)
    assert (none.expires, none.options["expires"]) == (None, None)


def test_what_celery_works_out_is_left_to_it() -> None:
    naive = datetime(2030, 1, 1)
    for given in (naive, "2030-01-01T00:00:00"):
        out = outgoing(NAME, entry(expires=given), SLOT, "scheduled")
        assert (out.options["expires"], out.expires) == (given, None)


def test_a_countdown_counts_from_the_slot() -> None:
    out = outgoing(NAME, entry(countdown=10), SLOT, "scheduled")
    assert out.options["eta"] == AT + timedelta(seconds=10)
    assert "countdown" not in out.options


def test_nothing_that_the_user_declared_is_changed_by_who_changes_the_message() -> None:
    queue = object()
    headers, options = {"trace": {"id": 7}}, {"link": ["x"], "queue": queue}
    declared = Entry(
        "hello",
        "shop.hello",
        None,
        args=(["a"], {"b": ["c"]}),
        kwargs={"d": {"e": ["f"]}},
        options={"headers": headers, **options},
    )

    out = outgoing(NAME, declared, SLOT, "scheduled")
    out.options["headers"]["trace"]["id"] = 8
    out.options["link"].append("y")
    out.options.pop("queue")
    out.args[1]["b"].append("z")
    out.kwargs["d"]["e"].clear()

    assert declared.options == {"headers": {"trace": {"id": 7}}, "link": ["x"], "queue": queue}
    assert declared.args == (["a"], {"b": ["c"]})
    assert declared.kwargs == {"d": {"e": ["f"]}}
