"""One worker reads every queue that the app sends to."""

from __future__ import annotations

from celery import Celery
from kombu import Queue

from beatkit.dev.queues import queues_of


def shop(**settings: object) -> Celery:
    app = Celery("shop", set_as_current=False)
    app.conf.update(settings)

    @app.task(name="shop.bill", shared=False)
    def bill(amount: int) -> None: ...

    @app.task(name="shop.report", shared=False, queue="reports")
    def report() -> None: ...

    return app


def test_queues_of_tasks_and_the_default_one() -> None:
    assert queues_of(shop()) == ["celery", "reports"]


def test_queues_of_routes() -> None:
    app = shop(task_routes={"shop.*": {"queue": "shop"}}, task_default_queue="rest")
    assert queues_of(app) == ["reports", "rest", "shop"]


def test_queues_of_entries() -> None:
    app = shop(
        beat_schedule={
            "nightly": {"task": "shop.bill", "schedule": 60.0, "options": {"queue": "night"}},
            "elsewhere": {"task": "other.task", "schedule": 60.0, "options": {"queue": "far"}},
        }
    )
    assert queues_of(app) == ["celery", "far", "night", "reports"]


def test_queues_that_are_declared() -> None:
    app = shop(task_queues=[Queue("a"), Queue("b", routing_key="b")], task_default_queue="a")
    assert queues_of(app) == ["a", "b", "reports"]


def test_a_router_that_asks_for_arguments_gets_those_of_the_entry() -> None:
    def by_amount(
        name: str, args: tuple[int, ...], kwargs: object, *_: object, **__: object
    ) -> object:
        return {"queue": "large"} if args[0] > 100 else None

    entry = {"task": "shop.bill", "schedule": 60.0, "args": (500,)}
    app = shop(task_routes=(by_amount,), beat_schedule={"bill": entry})
    assert queues_of(app) == ["celery", "large"]
