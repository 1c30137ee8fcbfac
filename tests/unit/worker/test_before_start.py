"""The guard stands before whatever `before_start` a task has, and that is called as before."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Task

from tests.unit.worker.conftest import SLOT, Worker, headers

Seen = list[tuple[str, tuple[Any, ...]]]
EXPECTED = ("before", (f"id-{SLOT}", ["hi"], {}))


class Base(Task):  # type: ignore[type-arg]
    seen: Seen

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        self.seen.append(("before", (task_id, args, kwargs)))

    def after_return(self, *args: Any) -> None:
        self.seen.append(("after", ()))


def body(seen: Seen) -> Any:
    def say(word: str) -> None:
        seen.append(("body", ()))

    return say


def with_a_base(worker: Worker, seen: Seen) -> None:
    base = type("Base", (Base,), {"seen": seen})
    worker.task(name="say", base=base)(body(seen))


def with_an_app_wide_base(worker: Worker, seen: Seen) -> None:
    worker.app.task_cls = type("Base", (Base,), {"seen": seen})
    worker.app.__dict__.pop("Task", None)
    worker.task(name="say")(body(seen))


def as_a_class(worker: Worker, seen: Seen) -> None:
    def run(self: Any, word: str) -> None:
        seen.append(("body", ()))

    parent = type("Parent", (Base,), {"seen": seen, "name": "parent", "run": run})
    worker.app.register_task(parent())
    worker.app.register_task(type("Say", (parent,), {"name": "say"})())


def with_a_static_method(worker: Worker, seen: Seen) -> None:
    def before_start(task_id: str, args: Any, kwargs: Any) -> None:
        seen.append(("before", (task_id, args, kwargs)))

    fields = {"before_start": staticmethod(before_start), "seen": seen}
    base = type("Base", (Base,), fields)
    worker.task(name="say", base=base)(body(seen))


def with_a_patched_instance(worker: Worker, seen: Seen) -> None:
    with_a_base(worker, seen)
    task = worker.app.tasks["say"]
    theirs = task.before_start
    task.before_start = lambda *args: theirs(*args)


@pytest.mark.parametrize(
    "make",
    [
        with_a_base,
        with_an_app_wide_base,
        as_a_class,
        with_a_static_method,
        with_a_patched_instance,
    ],
)
def test_it_is_called_once_for_a_run_that_starts_and_not_for_one_that_does_not(
    worker: Worker, make: Any
) -> None:
    seen: Seen = []
    make(worker, seen)
    worker.start()
    worker.start()
    assert worker.run("say", headers(), "hi") == "SUCCESS"
    assert seen == [EXPECTED, ("body", ()), ("after", ())]
    assert worker.run("say", headers(), "hi") == "IGNORED"
    assert len(seen) == 3


def test_an_error_in_it_ends_the_run(worker: Worker) -> None:
    def before_start(self: Any, *args: Any) -> None:
        raise ValueError("not today")

    base = type("Base", (Task,), {"before_start": before_start})
    worker.task(name="say", base=base)(body([]))
    worker.start()
    assert worker.run("say", headers(), "hi") == "FAILURE"
    assert [mark.state for mark in worker.marks()] == ["finished"]
