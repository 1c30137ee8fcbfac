"""Settings that no make_app has judged are judged when something starts."""

from __future__ import annotations

import logging
from typing import Any

import celery
import pytest
from celery import Celery

from beatkit import Registry, install, make_app
from beatkit.errors import SettingsError
from beatkit.registry.late_settings import check_late_settings


@pytest.fixture
def app(registry: Registry) -> Celery:
    return install(Celery("shop", broker="memory://", set_as_current=False), registry=registry)


def refused(app: Celery) -> str:
    with pytest.raises(SettingsError) as raised:
        app.loader.init_worker()
    return str(raised.value)


def test_what_was_put_into_conf_is_judged_at_start(app: Celery) -> None:
    app.conf.update(task_seralizer="json", worker_concurrency="four")
    assert refused(app) == (
        "2 problems in the settings\n"
        "\n"
        "  misspelt names\n"
        "    task_seralizer: did you mean task_serializer?\n"
        "      from app.conf\n"
        "\n"
        "  values that cannot work\n"
        "    worker_concurrency is 'four', expected a whole number of at least 1 or 'auto'\n"
        "      from app.conf"
    )


def test_so_is_what_config_from_object_was_given(app: Celery) -> None:
    app.config_from_object({"timezone": "Mars/Olympus"})
    message = refused(app)
    assert message.startswith("1 problem in the settings\n")
    assert "timezone is 'Mars/Olympus'" in message
    assert "from the mapping given to config_from_object" in message


def test_so_is_what_was_changed_after_make_app(registry: Registry) -> None:
    app = make_app("shop", registry=registry, broker_url="memory://", timezone="Asia/Tokyo")
    check_late_settings(app)
    app.conf.timezone = "Asia/Tokio"
    assert "timezone is 'Asia/Tokio'" in refused(app)


@pytest.mark.parametrize(
    ("namespace", "settings"),
    [
        (None, {"task_serializer": "json", "beat_schedule": {}}),
        (None, {"BROKER_URL": "memory://", "CELERY_TASK_SERIALIZER": "json"}),
        ("CELERY", {"CELERY_BROKER_URL": "memory://", "DEBUG": True, "SECRET_KEY": "x"}),
    ],
)
def test_what_works_in_celery_starts(
    registry: Registry, namespace: str | None, settings: dict[str, Any]
) -> None:
    app = Celery("shop", broker="memory://", set_as_current=False)
    app.config_from_object(settings, namespace=namespace)
    install(app, registry=registry).loader.init_worker()


@pytest.mark.skipif(celery.VERSION < (5, 7), reason="Celery does not do without it before")
def test_a_module_that_celery_was_told_to_do_without_is_done_without(app: Celery) -> None:
    app.config_from_object("no_such_module", silent=True)
    app.loader.init_worker()


def test_values_that_a_program_keeps_in_conf_are_only_reported(
    app: Celery, caplog: pytest.LogCaptureFixture
) -> None:
    app.conf.shop_currency = "EUR"
    with caplog.at_level(logging.WARNING):
        app.loader.init_worker()
    assert ["shop_currency is no setting" in record.getMessage() for record in caplog.records] == [
        True
    ]
