"""What `schedule doctor` says of workers, by the queues they read."""

from __future__ import annotations

import pytest

from beatkit import Registry, make_app
from beatkit.cli.workers import queues_read, queues_wanted, verdict
from beatkit.operate import Schedule


@pytest.mark.parametrize(
    "wanted, read, said, remedy",
    [
        (
            ["celery"],
            {},
            "Workers: none answers, so nothing runs",
            "start one: celery -A APP worker",
        ),
        (
            ["celery", "reports"],
            {},
            "Workers: none answers, so nothing runs",
            "start one: celery -A APP worker -Q celery,reports",
        ),
        (
            ["celery", "reports"],
            {"w@a": {"celery"}},
            "Workers: none reads 'reports'",
            "start one that does: celery -A APP worker -Q reports",
        ),
        (
            ["celery", "reports"],
            {"w@a": {"other"}},
            "Workers: none reads 'celery', 'reports'",
            "start one that does: celery -A APP worker -Q celery,reports",
        ),
        (
            ["celery", "reports"],
            {"w@a": {"celery"}, "w@b": {"reports"}},
            "Workers: 2 answer, and every queue of the schedule is read",
            "",
        ),
        (
            ["celery"],
            {"w@a": {"celery"}},
            "Workers: 1 answers, and every queue of the schedule is read",
            "",
        ),
        ([], {}, "Workers: 0 answer, and every queue of the schedule is read", ""),
    ],
)
def test_what_is_said_and_what_to_do(
    wanted: list[str], read: dict[str, set[str]], said: str, remedy: str
) -> None:
    assert verdict(wanted, read, "celery") == (said, remedy)


def test_the_queues_of_entries_that_are_on_are_wanted() -> None:
    registry = Registry()
    app = make_app("shop", registry=registry, broker_url="memory://")

    @registry.periodic(hours=1, name="a", queue="x")
    @registry.periodic(hours=1, name="b", queue="y", enabled=False)
    @registry.periodic(hours=1, name="c")
    def work() -> None: ...

    assert queues_wanted(app, Schedule(app).entries.values()) == ["celery", "x"]


@pytest.mark.parametrize(
    "settings",
    [
        {"broker_url": "memory://"},
        {"broker_url": "redis://h/0", "worker_enable_remote_control": False},
    ],
)
def test_workers_that_cannot_be_asked_are_not(settings: dict[str, object]) -> None:
    app = make_app("shop", registry=Registry(), **settings)  # type: ignore[arg-type]
    assert queues_read(app) is None
