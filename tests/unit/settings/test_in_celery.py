"""What Celery does with settings that were checked: real apps, no broker needed."""

from __future__ import annotations

import doctest
import pickle
from datetime import timedelta

import pytest
from celery import Celery
from celery.app.defaults import DEFAULTS
from celery.beat import Scheduler

from beatkit.settings import Settings, SettingsError, load, model


def app_with(settings: Settings) -> Celery:
    app = Celery("shop", set_as_current=False)
    app.conf.update(settings.to_celery())
    return app


@pytest.fixture
def settings() -> Settings:
    return load(
        {
            "CELERY_BROKER_URL": "redis://:hush%2F@cache:6380/3",
            "CELERY_RESULT_BACKEND": "redis://:hush@cache:6380/4",
            "CELERY_TASK_TIME_LIMIT": "PT5M",
            "CELERY_TASK_ALWAYS_EAGER": "false",
            "CELERY_BROKER_POOL_LIMIT": "7",
            "CELERY_BEAT_SCHEDULE": {
                "digits": {"task": "shop.a", "schedule": "60"},
                "delta": {"task": "shop.b", "schedule": timedelta(hours=1)},
                "cron": {"task": "shop.c", "schedule": "0 2 * * *", "args": ["x"]},
            },
        }
    )


def test_celery_gets_only_what_was_set(settings: Settings) -> None:
    app = app_with(settings)
    changed = app.conf.table(censored=False)
    changed.pop("deprecated_settings", None)
    assert sorted(changed) == [
        "beat_schedule",
        "broker_pool_limit",
        "broker_url",
        "result_backend",
        "task_always_eager",
        "task_time_limit",
    ]
    assert (app.conf.task_time_limit, app.conf.task_always_eager) == (300, False)
    assert app.conf.worker_prefetch_multiplier == DEFAULTS["worker_prefetch_multiplier"]


def test_celery_connects_with_the_password_and_shows_none(settings: Settings) -> None:
    app = app_with(settings)
    connection = app.connection()
    assert (connection.hostname, connection.port, connection.password) == ("cache", 6380, "hush/")
    assert app.backend.connparams["password"] == "hush"
    assert "hush" not in repr(app.conf.table(censored=False))


def test_an_app_and_its_settings_survive_pickling(settings: Settings) -> None:
    app = pickle.loads(pickle.dumps(app_with(settings)))
    assert app.conf.broker_url == "redis://:hush%2F@cache:6380/3"
    copied = pickle.loads(pickle.dumps(settings))
    assert (copied.to_celery(), copied.notices) == (settings.to_celery(), settings.notices)


def test_stock_beat_takes_the_schedules_that_were_text(settings: Settings) -> None:
    app = app_with(settings)
    scheduler = Scheduler(app, lazy=True)
    scheduler.merge_inplace(app.conf.beat_schedule)
    due = {name: entry.is_due().next for name, entry in scheduler.schedule.items()}
    assert sorted(due) == ["cron", "delta", "digits"]
    assert all(wait > 0 for wait in due.values())


def test_a_setting_of_a_newer_celery_is_told_to_have_no_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("celery.__version__", "5.5.3")
    notices = load({"broker_url": "memory://", "task_acks_on_timeout": True}).notices
    assert [(n.kind, n.message.partition("\n")[0]) for n in notices] == [
        ("warning", "task_acks_on_timeout has no effect: it needs Celery 5.7 or newer")
    ]


def test_a_setting_that_only_a_newer_celery_has_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    from celery.app import defaults

    names = {*defaults.SETTING_KEYS, "task_of_the_future"}
    monkeypatch.setattr(defaults, "SETTING_KEYS", names)
    loaded = load({"broker_url": "memory://", "task_of_the_future": 5})
    assert loaded.to_celery() == {"broker_url": "memory://", "task_of_the_future": 5}
    with pytest.raises(SettingsError):
        load({"broker_url": "memory://", "task_of_the_past": 5})


def test_the_error_survives_pickling_and_names_its_public_home() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"broker_urll": "memory://"})
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (str(copied), copied.problems) == (str(caught.value), caught.value.problems)
    assert SettingsError.__module__ == "beatkit.errors"


def test_the_examples_in_docstrings_hold() -> None:
    done = doctest.testmod(model)
    assert (done.failed, done.attempted > 0) == (0, True)


def test_settings_are_equal_wherever_they_came_from() -> None:
    loaded = load({"BROKER_URL": "memory://", "CELERYD_CONCURRENCY": "4"})
    assert loaded == Settings(broker_url="memory://", worker_concurrency=4)
    assert loaded == Settings.model_validate_json(
        '{"broker_url": "memory://", "worker_concurrency": 4}'
    )
    assert loaded != Settings(broker_url="memory://")
