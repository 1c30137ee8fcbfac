"""Waiting for the end of a run that was triggered: told by the store, or by a result backend."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from celery import Celery

from beatkit import Schedule
from beatkit.history import Record
from beatkit.record import ActionError
from beatkit.store.memory import shared
from beatkit.store.runs import Run
from beatkit.trigger import Triggered

AT = datetime(2027, 1, 15, 8, tzinfo=UTC)
SLOT = round(AT.timestamp() * 1000)


def schedule(backend: str | None = None, **policies: object) -> Schedule:
    app = Celery(f"wait-{uuid4().hex[:8]}", broker="memory://", set_as_current=False)
    app.conf.result_backend = backend
    app.conf.beatkit_policies = policies
    app.conf.beat_schedule = {"hello": {"task": "hello", "schedule": 60.0}}
    return Schedule(app)


def triggered() -> Triggered:
    return Triggered("hello", str(uuid4()), AT)


def test_a_run_without_a_guard_is_seen_in_the_result_backend() -> None:
    asked, run = schedule("cache+memory://"), triggered()
    asked.app.backend.store_result(run.task_id, ValueError("no"), "FAILURE")
    assert asked.wait(run) == Record("hello", AT, "manual", "FAILURE", sent=AT, task_id=run.task_id)


def test_the_result_backend_tells_nothing_of_a_run_that_it_has_not_heard_of() -> None:
    assert schedule("cache+memory://").wait(triggered(), timeout=0).outcome == "sent"


def test_a_run_with_a_guard_is_seen_in_the_store_and_each_state_is_told() -> None:
    asked, run, seen = schedule(hello={}), triggered(), []
    runs = shared(f"beatkit:{asked.app.main}:", 10_000).runs()
    made = Run("hello", SLOT, run.task_id, "token", "worker@a", kind="manual")

    def go_on(record: Record) -> None:
        seen.append(record.outcome)
        if record.outcome == "sent":
            runs.start(made)
        elif record.outcome == "running":
            runs.finish(made, "finished", state="SUCCESS", took=5)

    found = asked.wait(run, seen=go_on)
    assert (found.outcome, found.took, found.worker) == ("SUCCESS", 0.005, "worker@a")
    assert seen == ["sent", "running", "SUCCESS"]


def test_a_run_that_is_skipped_is_over() -> None:
    asked, run = schedule(hello={"overlap": "skip"}), triggered()
    runs = shared(f"beatkit:{asked.app.main}:", 10_000).runs()
    runs.start(Run("hello", SLOT - 1, "another", "token", "worker@a"))
    runs.start(Run("hello", SLOT, run.task_id, "second", "worker@b", kind="manual", overlap="skip"))
    found = asked.wait(run)
    assert (found.outcome, found.reason, found.worker) == ("skipped", "overlap", "worker@b")


def test_where_nobody_can_tell_nothing_is_waited_for() -> None:
    with pytest.raises(ActionError) as caught:
        schedule().wait(triggered())
    assert str(caught.value) == (
        "Entry 'hello': nobody can tell how its run ends: it has no policy, so no guard tells "
        "the store, and there is no result backend\n"
        "  nothing was sent\n"
        "  trigger it without waiting, or set result_backend, or give it a policy in "
        "beatkit_policies"
    )
