"""Entries survive every order in which a program may configure its app."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from celery import Celery, signals
from celery.local import Proxy

from beatkit import Registry, every, install
from beatkit.errors import DeclarationError
from beatkit.registry import effective_entries

OTHER = {"other": {"task": "celery.ping", "schedule": 30.0}}


@pytest.fixture
def app() -> Celery:
    return Celery("shop", broker="memory://", set_as_current=False)


@pytest.fixture
def hello(registry: Registry) -> Any:
    @registry.periodic(seconds=15, name="hello", args=["hi"])
    def task(word: str) -> None: ...

    return task


def names(app: Celery) -> list[str]:
    app.finalize()
    return sorted(app.conf.beat_schedule)


def test_celery_gets_its_own_keys_only(app: Celery, registry: Registry) -> None:
    @registry.periodic(
        seconds=15, name="hello", overlap="skip", deadline=60, tags=["a"], queue="q", args=["hi"]
    )
    def task(word: str) -> None: ...

    install(app, registry=registry).finalize()
    assert app.conf.beat_schedule == {
        "hello": {
            "task": f"{__name__}.task",
            "schedule": every(seconds=15),
            "args": ("hi",),
            "kwargs": {},
            "options": {"queue": "q", "expires": 60},
        }
    }


def test_an_app_that_is_configured_only_while_it_is_finalized(
    app: Celery, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    class Lazy(Proxy):
        """A proxy of a kind that cannot be looked into."""

    @app.task(name="late.hello")
    def hello(word: str) -> None: ...

    registry.periodic(seconds=15)(Lazy(lambda: app.tasks["late.hello"]))
    install(app, registry=registry).finalize()
    assert [record.getMessage() for record in caplog.records] == []
    assert names(app) == []
    (declaration,) = registry.declarations
    with pytest.raises(DeclarationError) as raised:
        effective_entries(app)
    assert str(raised.value) == (
        "Entry 'late.hello': args=[] do not fit hello(word): missing a required argument: 'word'\n"
        f"  declared in {declaration.source}\n"
        "  write args=[word]"
    )


def test_reading_the_setting_is_enough(app: Celery, registry: Registry, hello: Any) -> None:
    install(app, registry=registry)
    assert list(app.conf.beat_schedule) == ["hello"]
    assert not app.finalized


def test_installing_reads_no_configuration(app: Celery, registry: Registry, hello: Any) -> None:
    install(app, registry=registry)
    assert not app.configured


def test_declared_before_the_app_after_it_and_after_it_is_finalized(
    app: Celery, registry: Registry, hello: Any
) -> None:
    install(app, registry=registry)

    @registry.periodic(seconds=15, name="after")
    def after() -> None: ...

    app.finalize()

    @registry.periodic(seconds=15, name="late")
    def late() -> None: ...

    assert names(app) == ["after", "hello", "late"]
    assert sorted(effective_entries(app)) == ["after", "hello", "late"]


def test_the_schedule_assigned_before(app: Celery, registry: Registry, hello: Any) -> None:
    app.conf.beat_schedule = OTHER
    install(app, registry=registry)
    assert names(app) == ["hello", "other"]


def test_the_schedule_assigned_between(app: Celery, registry: Registry, hello: Any) -> None:
    install(app, registry=registry)
    app.conf.beat_schedule = OTHER
    assert names(app) == ["hello", "other"]


@pytest.mark.parametrize("how", ["assigned", "updated"])
def test_the_schedule_assigned_after_all(
    app: Celery, registry: Registry, hello: Any, how: str
) -> None:
    install(app, registry=registry).finalize()
    if how == "assigned":
        app.conf.beat_schedule = OTHER
    else:
        app.conf.update(beat_schedule=OTHER)
    assert sorted(effective_entries(app)) == ["hello", "other"]
    assert names(app) == ["hello", "other"]


@pytest.mark.parametrize("finalized", [False, True])
def test_an_object_configured_late(
    app: Celery, registry: Registry, hello: Any, finalized: bool
) -> None:
    install(app, registry=registry)
    if finalized:
        app.finalize()
    app.config_from_object({"beat_schedule": OTHER})
    assert names(app) == ["hello", "other"]


def test_two_objects_configured_one_after_the_other(
    app: Celery, registry: Registry, hello: Any
) -> None:
    install(app, registry=registry).finalize()
    app.config_from_object({"beat_schedule": OTHER})
    app.config_from_object({"beat_schedule": {}})
    assert names(app) == ["hello"]


def test_under_a_namespace(registry: Registry, hello: Any) -> None:
    app = Celery("shop", set_as_current=False, namespace="CELERY")
    app.config_from_object({"CELERY_BROKER_URL": "memory://", "CELERY_BEAT_SCHEDULE": OTHER})
    install(app, registry=registry)
    assert names(app) == ["hello", "other"]
    assert sorted(effective_entries(app)) == ["hello", "other"]


@pytest.mark.parametrize("moment", ["before", "on_after_configure", "on_after_finalize", "after"])
def test_add_periodic_task_at_any_moment(
    app: Celery, registry: Registry, hello: Any, moment: str
) -> None:
    def add(sender: Celery, **_: object) -> None:
        sender.add_periodic_task(30.0, app.signature("celery.ping"), name="other")

    install(app, registry=registry)
    if moment in ("on_after_configure", "on_after_finalize"):
        getattr(app, moment).connect(add, weak=False)
    if moment == "before":
        add(app)
    app.finalize()
    if moment == "after":
        add(app)
    assert names(app) == ["hello", "other"]
    assert sorted(effective_entries(app)) == ["hello", "other"]


def test_the_dictionaries_of_the_user_stay_as_they_are(
    app: Celery, registry: Registry, hello: Any
) -> None:
    theirs = {"other": {"task": "celery.ping", "schedule": 30.0, "options": {}}}
    app.config_from_object({"beat_schedule": theirs})
    install(app, registry=registry).finalize()
    effective_entries(app)
    assert theirs == {"other": {"task": "celery.ping", "schedule": 30.0, "options": {}}}


def test_binding_again_changes_nothing(app: Celery, registry: Registry, hello: Any) -> None:
    install(app, registry=registry).finalize()
    before = effective_entries(app)
    install(app, registry=registry)
    assert effective_entries(app) == before
    assert names(app) == ["hello"]


def test_a_schedule_extended_from_itself_is_no_duplicate(
    app: Celery, registry: Registry, hello: Any
) -> None:
    install(app, registry=registry).finalize()
    app.conf.beat_schedule = {**app.conf.beat_schedule, **OTHER}
    assert sorted(effective_entries(app)) == ["hello", "other"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("schedule", 5.0, "schedule was changed in beat_schedule to 5.0"),
        ("args", ["ho"], "args was changed in beat_schedule to ['ho']"),
    ],
)
def test_a_declared_row_that_was_changed_in_place_is_a_problem(
    app: Celery, registry: Registry, hello: Any, key: str, value: object, said: str
) -> None:
    install(app, registry=registry).finalize()
    app.conf.beat_schedule["hello"][key] = value
    (declaration,) = registry.declarations
    with pytest.raises(DeclarationError):
        effective_entries(app)
    with pytest.raises(DeclarationError) as raised:
        effective_entries(app)
    assert str(raised.value) == (
        f"Entry 'hello' is declared by a decorator, and its {said}\n"
        f"  declared in {declaration.source}\n"
        "  write it in the decorator"
    )


def test_options_that_a_watcher_of_sends_has_changed_are_none(
    app: Celery, registry: Registry, hello: Any
) -> None:
    install(app, registry=registry).finalize()
    app.conf.beat_schedule["hello"]["options"]["headers"] = {"sentry-trace": "1"}
    assert effective_entries(app)["hello"].options == {}


def test_the_time_zone_set_last_is_the_one_in_force(app: Celery, registry: Registry) -> None:
    @registry.periodic(cron="0 4 * * *", name="hello")
    def task() -> None: ...

    install(app, registry=registry).finalize()
    app.conf.timezone = "Europe/Berlin"
    assert "Europe/Berlin" in repr(effective_entries(app)["hello"].schedule.rule)
    app.conf.timezone = "Asia/Tokyo"
    assert "Asia/Tokyo" in repr(effective_entries(app)["hello"].schedule.rule)


def test_modules_that_are_imported_at_start_count(
    app: Celery, registry: Registry, hello: Any
) -> None:
    install(app, registry=registry)

    def import_tasks(sender: Celery, **_: object) -> None:
        if sender is app:
            registry.periodic(seconds=9, name="imported", args=["hi"])(hello)

    signals.import_modules.connect(import_tasks)
    assert sorted(effective_entries(app)) == ["hello", "imported"]
    signals.import_modules.disconnect(import_tasks)


def test_what_an_assignment_dropped_is_reported_at_start_and_put_back(
    app: Celery, registry: Registry, hello: Any, caplog: pytest.LogCaptureFixture
) -> None:
    install(app, registry=registry).finalize()
    app.conf.beat_schedule = {}
    with caplog.at_level(logging.WARNING, "beatkit"):
        app.loader.init_worker()
    assert [record.getMessage() for record in caplog.records] == [
        "conf.beat_schedule was assigned after the decorators had filled it, which dropped"
        " 'hello'; put back. Write conf.beat_schedule.update(...), or assign it before."
    ]
    assert names(app) == ["hello"]
