"""Celery's signals become events."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from celery import Celery, signals
from celery.app.trace import build_tracer
from celery.exceptions import Ignore, Reject, Retry

from beatkit.dev.events import Event
from beatkit.dev.watch import BEAT_THREAD, Watch


@pytest.fixture
def events() -> Iterator[list[Event]]:
    got: list[Event] = []
    watch = Watch(got.append)
    watch.connect()
    yield got
    watch.disconnect()


@pytest.fixture
def app() -> Celery:
    return Celery("shop", broker="memory://localhost/", set_as_current=False)


def run(app: Celery, function: object, **headers: str) -> None:
    task = app.task(function, name="shop.close_day", shared=False)
    app.finalize()
    tracer = build_tracer(task.name, app.tasks[task.name], app=app, eager=False)
    tracer("an-id", (), {}, {"id": "an-id", "delivery_info": {}, **headers})


def told(events: list[Event]) -> list[tuple[str, str, str, str]]:
    return [(event.kind, event.task_id, event.name, event.text) for event in events]


def close_day() -> None:
    pass


def raising(error: BaseException) -> object:
    def broken() -> None:
        raise error

    return broken


def test_a_run_is_told_by_its_entry(events: list[Event], app: Celery) -> None:
    run(app, close_day, **{"beatkit-entry": "nightly"})
    assert told(events) == [("started", "an-id", "nightly", ""), ("ran", "an-id", "nightly", "")]


def test_a_run_of_no_entry_is_told_by_its_task(events: list[Event], app: Celery) -> None:
    run(app, close_day)
    assert told(events)[-1] == ("ran", "an-id", "shop.close_day", "")


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (ValueError("no till"), "failed", "ValueError: no till"),
        (KeyError(), "failed", "KeyError"),
        (Ignore("the previous run is under way"), "skipped", "the previous run is under way"),
        (Reject("not mine", requeue=False), "rejected", "not mine"),
        (Retry(exc=ValueError("later"), when=3), "retried", "Retry in 3s: ValueError('later')"),
    ],
)
def test_each_end_of_a_run_is_told(
    events: list[Event], app: Celery, error: Exception, kind: str, text: str
) -> None:
    run(app, raising(error))
    assert told(events)[-1] == (kind, "an-id", "shop.close_day", text)


def test_a_slot_sent_is_told_and_other_messages_are_not(events: list[Event], app: Celery) -> None:
    def send(task_id: str, **headers: str) -> None:
        app.send_task("shop.close_day", task_id=task_id, headers=headers)

    send("a task's own")
    send("beatkit's", **{"beatkit-entry": "nightly"})
    scheduler = Thread(target=send, args=("Celery's",), name=BEAT_THREAD)
    scheduler.start()
    scheduler.join()
    assert told(events) == [
        ("sent", "beatkit's", "nightly", ""),
        ("sent", "Celery's", "shop.close_day", ""),
    ]


def test_a_message_that_expired_in_the_queue_is_told(events: list[Event]) -> None:
    class Request:
        id = "an-id"
        name = "shop.close_day"

    signals.task_revoked.send(sender=None, request=Request(), terminated=False, expired=True)
    assert told(events) == [("revoked", "an-id", "shop.close_day", "expired before it started")]
