"""The Slot that a task is given, out of its message's headers."""

from __future__ import annotations

from datetime import UTC, datetime
from inspect import Parameter, Signature

from celery import Celery
from celery.app.task import Context

from beatkit import Registry, Slot, install
from beatkit.worker.slot import fill_in_slots, slot_of

HEADERS = {"beatkit-entry": "close", "beatkit-slot": 1_800_000_000_000, "beatkit-kind": "catch_up"}
WHEN = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


def test_the_headers_of_the_message_say_it() -> None:
    assert slot_of(Context(HEADERS)) == Slot("close", WHEN, "catch_up")


def test_headers_stand_below_headers_in_a_task_that_is_applied_here() -> None:
    assert slot_of(Context(headers=HEADERS)) == Slot("close", WHEN, "catch_up")


def test_the_slot_before_it_is_told_where_the_message_has_it() -> None:
    headers = {**HEADERS, "beatkit-previous": 1_799_999_940_000}
    assert slot_of(Context(headers)) == Slot(
        "close", WHEN, "catch_up", datetime(2027, 1, 15, 7, 59, tzinfo=UTC)
    )


def test_a_message_that_no_beat_of_ours_sent_is_for_no_slot() -> None:
    assert slot_of(Context({})) is None


def test_the_parameter_is_filled_in_and_can_be_given_by_hand(registry: Registry) -> None:
    app = install(Celery("shop", broker="memory://"), registry=registry)

    @registry.periodic(seconds=60)
    def look(*, slot: Slot | None = None) -> Slot | None:
        return slot

    fill_in_slots(app)
    fill_in_slots(app)
    given = Slot("mine", WHEN, "manual")
    task = app.tasks[look.name]
    assert task.apply(headers=HEADERS).get() == Slot("close", WHEN, "catch_up")
    assert task.apply(headers=HEADERS, kwargs={"slot": given}).get() == given
    assert look() is None


def test_annotations_that_cannot_be_evaluated_stop_no_worker(registry: Registry) -> None:
    """As from Python 3.14 on, where their names are imported for type checkers only."""

    class Unevaluated:
        __signature__ = Signature([Parameter("order", Parameter.POSITIONAL_OR_KEYWORD)])

        @property
        def __annotations__(self) -> dict[str, object]:
            raise NameError("name 'Order' is not defined")

        def __call__(self, order: object) -> object:
            return order

    app = install(Celery("shop", broker="memory://"), registry=registry)

    @app.task(name="ship", shared=False)
    def ship(order: object) -> object: ...

    task = app.tasks["ship"]
    task.run = Unevaluated()
    fill_in_slots(app)
    assert task.run(1) == 1
