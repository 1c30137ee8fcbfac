"""make_app and install: what the app that comes out is like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery

from beatkit import Registry, install, make_app
from beatkit.errors import DeclarationError, SettingsError
from beatkit.registry import effective_entries

SCHEDULER = "beatkit.beat.scheduler:Scheduler"


def test_it_is_an_ordinary_celery_app_with_the_settings(registry: Registry) -> None:
    app = make_app(
        "shop", {"broker_url": "memory://", "worker_concurrency": "2"}, timezone="Europe/Berlin"
    )
    assert type(app) is Celery
    assert app.main == "shop"
    assert (app.conf.broker_url, app.conf.worker_concurrency, app.conf.timezone) == (
        "memory://",
        2,
        "Europe/Berlin",
    )


def test_overrides_come_before_settings() -> None:
    app = make_app("shop", {"broker_url": "memory://", "timezone": "UTC"}, timezone="Asia/Tokyo")
    assert app.conf.timezone == "Asia/Tokyo"


def test_making_it_reads_no_configuration() -> None:
    assert not make_app("shop", broker_url="memory://").configured


def test_settings_that_cannot_work_make_no_app() -> None:
    with pytest.raises(SettingsError) as raised:
        make_app("shop", {"broker_url": "redis:/x", "beat_shedule": {}})
    assert sorted(problem.key for problem in raised.value.problems) == [
        "beat_shedule",
        "broker_url",
    ]


@pytest.mark.parametrize("name", ["", " ", None, "__main__", 5])
def test_an_app_needs_a_name(name: Any) -> None:
    with pytest.raises(DeclarationError) as raised:
        make_app(name, broker_url="memory://")
    assert str(raised.value) == (
        f"App name is {name!r}, expected a name that is the same in every process\n"
        '  write make_app("shop") in shop.py, where celery -A shop finds it'
    )


def test_the_schedule_given_is_never_written_to() -> None:
    theirs: dict[str, Any] = {"plain": {"task": "celery.backend_cleanup", "schedule": 30.0}}
    app = make_app("shop", {"broker_url": "memory://", "beat_schedule": theirs})
    app.add_periodic_task(60.0, app.signature("celery.backend_cleanup"), name="added")
    assert sorted(effective_entries(app)) == ["added", "plain"]
    assert theirs == {"plain": {"task": "celery.backend_cleanup", "schedule": 30.0}}


@pytest.fixture(params=["make_app", "install"])
def made(request: pytest.FixtureRequest) -> Callable[..., Celery]:
    def with_make_app(**settings: Any) -> Celery:
        return make_app("shop", **settings)

    def with_install(**settings: Any) -> Celery:
        app = Celery("shop", set_as_current=False)
        app.config_from_object(settings)
        return install(app)

    return with_make_app if request.param == "make_app" else with_install


def test_beat_is_started_with_the_scheduler_of_beatkit(made: Callable[..., Celery]) -> None:
    assert made(broker_url="memory://").conf.beat_scheduler == SCHEDULER


@pytest.mark.parametrize("chosen", ["celery.beat:PersistentScheduler", "redbeat.RedBeatScheduler"])
def test_another_scheduler_stays_the_users_choice(made: Callable[..., Celery], chosen: str) -> None:
    app = made(broker_url="memory://", beat_scheduler=chosen)
    assert app.conf.beat_scheduler == chosen


@pytest.mark.parametrize(
    ("namespace", "key"), [("CELERY", "CELERY_BEAT_SCHEDULER"), (None, "CELERYBEAT_SCHEDULER")]
)
def test_another_scheduler_under_another_name_stays_the_users_choice(
    namespace: str | None, key: str
) -> None:
    app = Celery("shop", set_as_current=False, namespace=namespace)
    app.config_from_object({key: "redbeat.RedBeatScheduler"})
    assert install(app).conf.beat_scheduler == "redbeat.RedBeatScheduler"


def test_a_scheduler_configured_late_stays_the_users_choice() -> None:
    app = install(Celery("shop", broker="memory://", set_as_current=False))
    assert app.conf.beat_scheduler == SCHEDULER
    app.config_from_object({"beat_scheduler": "redbeat.RedBeatScheduler"})
    assert app.conf.beat_scheduler == "redbeat.RedBeatScheduler"
    app.config_from_object({})
    assert app.conf.beat_scheduler == SCHEDULER


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"broker_url": "amqp://host//"}, {"confirm_publish": True}),
        (
            {"broker_url": "amqps://host//", "broker_transport_options": {"client_properties": {}}},
            {"client_properties": {}, "confirm_publish": True},
        ),
        (
            {"broker_url": "amqp://host//", "broker_transport_options": {"confirm_publish": False}},
            {"confirm_publish": False},
        ),
        ({"broker_url": "redis://host/0"}, {}),
        ({"broker_url": "memory://"}, {}),
    ],
)
def test_rabbitmq_confirms_what_it_was_sent(
    made: Callable[..., Celery], settings: dict[str, Any], options: dict[str, Any]
) -> None:
    assert made(**settings).conf.broker_transport_options == options


def test_an_app_that_is_configured_already_can_be_installed_on() -> None:
    app = Celery("shop", broker="amqp://host//", set_as_current=False)
    assert app.conf.timezone is None
    install(app)
    assert app.conf.beat_scheduler == SCHEDULER
    assert app.conf.broker_transport_options == {"confirm_publish": True}


def test_installing_twice_is_installing_once(registry: Registry) -> None:
    app = Celery("shop", set_as_current=False)
    assert install(install(app, registry=registry), registry=registry) is app


def test_a_second_registry_is_refused(registry: Registry) -> None:
    app = install(Celery("shop", set_as_current=False))
    with pytest.raises(DeclarationError) as raised:
        install(app, registry=registry)
    assert str(raised.value) == (
        "App 'shop' already has the declarations of another registry\n"
        "  write install(app, registry=...) once, before anything else uses the app"
    )
