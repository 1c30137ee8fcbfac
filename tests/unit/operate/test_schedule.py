"""Schedule(app): the entries of every origin, what comes next, and where it goes."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from kombu import Queue

from beatkit import operate
from beatkit.destination import Destination
from beatkit.entry import Slot
from beatkit.errors import EntryNotFound
from beatkit.operate import Schedule

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def schedule(**rows: Any) -> Schedule:
    app = Celery("shop", set_as_current=False)
    app.conf.beat_schedule = {
        name: {"task": "celery.backend_cleanup", **row} for name, row in rows.items()
    }
    return Schedule(app)


HOURLY = {"schedule": 3600.0}
QUARTERLY = {"schedule": 900.0}


def test_entries_by_name() -> None:
    assert list(schedule(a=HOURLY, b=QUARTERLY).entries) == ["a", "b"]


def test_entries_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        schedule(a=HOURLY).entries["b"] = None  # type: ignore[index]


def test_an_entry_that_is_not_there() -> None:
    with pytest.raises(EntryNotFound) as caught:
        schedule(close_day=HOURLY).entry("close_dya")
    assert str(caught.value) == (
        "There is no entry 'close_dya' in the schedule of app 'shop'\n  did you mean 'close_day'?"
    )


def test_entries_are_chosen_by_name_or_glob_each_once() -> None:
    chosen = schedule(**{"a.x": HOURLY, "a.y": HOURLY, "b": HOURLY}).select(["a.*", "a.x", "b"])
    assert [entry.name for entry in chosen] == ["a.x", "a.y", "b"]


def test_what_comes_next_is_merged_and_carries_each_ones_name() -> None:
    assert schedule(hourly=HOURLY, quarterly=QUARTERLY).next(4, after=NOW) == [
        Slot("quarterly", NOW + timedelta(minutes=15)),
        Slot("quarterly", NOW + timedelta(minutes=30)),
        Slot("quarterly", NOW + timedelta(minutes=45)),
        Slot("hourly", NOW + timedelta(hours=1)),
    ]


def test_what_comes_next_ends_at_until() -> None:
    coming = schedule(quarterly=QUARTERLY).next(after=NOW, until=NOW + timedelta(minutes=30))
    assert coming == [Slot("quarterly", NOW + timedelta(minutes=15))]


def test_the_present_is_the_hosts_unless_given() -> None:
    (slot,) = schedule(often={"schedule": 1.0}).next(1)
    assert abs(slot.scheduled_for - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_slot_that_follows() -> None:
    some = schedule(hourly=HOURLY)
    entry = some.entry("hourly")
    assert some.following(entry, NOW) == NOW + timedelta(hours=1)


def routed(options: dict[str, Any], **settings: Any) -> Destination:
    some = schedule(e={"schedule": 60.0, "options": options})
    some.app.conf.update(settings)
    return some.destination(some.entry("e"))


def test_messages_go_where_celerys_router_sends_them() -> None:
    assert routed({}) == Destination("celery")
    assert routed({"queue": "mail", "priority": 3}) == Destination("mail", 3)
    assert routed({}, task_default_queue="own") == Destination("own")
    assert routed({}, task_routes={"celery.*": {"queue": "ops"}}) == Destination("ops")
    assert routed({}, task_default_priority=5) == Destination("celery", 5)


def test_a_queue_that_may_not_be_made_is_not_known() -> None:
    goal = routed({"queue": "x"}, task_queues=[Queue("y")], task_create_missing_queues=False)
    assert goal == Destination("x", None, known=False)


def test_a_router_that_raises_breaks_nothing() -> None:
    def router(*_: Any, **__: Any) -> None:
        raise RuntimeError

    assert routed({}, task_routes=(router,)) == Destination("?", None, known=False)


def test_the_attributes_of_a_task_count() -> None:
    app = Celery("shop", set_as_current=False)
    app.task(operate.now, shared=False, name="shop.slow", queue="slow", priority=7)
    app.conf.beat_schedule = {"e": {"task": "shop.slow", "schedule": 60.0}}
    some = Schedule(app)
    assert some.destination(some.entry("e")) == Destination("slow", 7)


def test_the_examples_of_the_docstrings_are_true() -> None:
    assert doctest.testmod(operate).failed == 0
