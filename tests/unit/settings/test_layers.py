"""Overrides over settings over the environment, and what explain() says about it."""

from __future__ import annotations

import logging

import pytest
from celery import Celery
from flask import Flask

from beatkit.settings import Explained, SettingsError, assemble, explain, load


def test_overrides_win_over_settings_and_settings_over_the_environment() -> None:
    settings = assemble(
        {"broker_url": "memory://", "timezone": "Europe/Rome", "task_time_limit": 20},
        {"timezone": "Asia/Tokyo"},
        {
            "CELERY_TIMEZONE": "Africa/Lagos",
            "CELERY_TASK_TIME_LIMIT": "10",
            "CELERY_WORKER_CONCURRENCY": " 3 ",
            "CELERY_ACCEPT_CONTENT": '["json", "yaml"]',
            "CELERY_TASK_ACKS_LATE": "yes",
            "CELERY_RESULT_EXPIRES": "PT1H",
            "CELERY_BROKER_TRANSPORT_OPTIONS": '{"max_retries": 3}',
            "CELERY_IMPORTS": "shop.tasks, shop.bills",
            "CELERY_TASK_DEFAULT_QUEUE": "",
            "BEATKIT_HISTORY": "0",
        },
    )
    assert settings.to_celery() == {
        "accept_content": ["json", "yaml"],
        "imports": ["shop.tasks", "shop.bills"],
        "timezone": "Asia/Tokyo",
        "broker_url": "memory://",
        "broker_transport_options": {"max_retries": 3},
        "result_expires": 3600,
        "task_acks_late": True,
        "task_time_limit": 20,
        "worker_concurrency": 3,
        "beatkit_history": 0,
    }
    assert settings.beatkit == {"beatkit_history": 0}
    assert settings.notices == []


def test_the_problems_of_every_layer_are_in_one_error() -> None:
    with pytest.raises(SettingsError) as caught:
        assemble(
            {"CELERY_BROKER_URL": "redsi://h", "CELERYD_CONCURRENCY": 1},
            {"task_always_eagr": True},
            {"CELERY_TIMZONE": "UTC", "BEATKIT_STORE_URI": "x", "CELERY_TASK_ACKS_LATE": "maybe"},
        )
    assert [(p.kind, p.key, p.suggestion) for p in caught.value.problems] == [
        ("typo", "task_always_eagr", "task_always_eager"),
        ("mixed", "CELERYD_CONCURRENCY", "worker_concurrency"),
        ("typo", "CELERY_TIMZONE", "CELERY_TIMEZONE"),
        ("typo", "BEATKIT_STORE_URI", "BEATKIT_STORE_URL"),
        ("url_error", "CELERY_BROKER_URL", "redis"),
        ("type_error", "CELERY_TASK_ACKS_LATE", None),
    ]


def test_variables_of_celerys_own_and_of_other_tools_are_let_be() -> None:
    others = {
        "CELERY_APP": "shop",
        "CELERY_CONFIG_MODULE": "x",
        "CELERY_LOG_LEVEL": "20",
        "CELERY_FLOWER_USER": "x",
        "CELERYD_OPTS": "--time-limit=300",
        "BROKER_HOST": "h",
        "CELERY_BROKER_PORT": "tcp://10.0.0.1:6379",
        "CELERY_BROKER_PORT_6379_TCP_ADDR": "10.0.0.1",
        "CELERY_WORKER_SERVICE_HOST": "10.0.0.2",
        "CELERY_EMPTY": "",
    }
    assert assemble({"broker_url": "memory://"}, {}, others).to_celery() == {
        "broker_url": "memory://"
    }


def test_an_unset_broker_is_redis_on_this_machine_and_says_so() -> None:
    settings = assemble(None, {}, {})
    assert settings.to_celery() == {"broker_url": "redis://localhost:6379/0"}
    assert [notice.message for notice in settings.notices] == [
        "broker_url is not set: redis://localhost:6379/0 is used\n"
        "  write broker_url, or set CELERY_BROKER_URL in the environment"
    ]
    assert assemble({"broker_host": "mq"}, {}, {}).to_celery() == {"broker_host": "mq"}


def test_a_variable_that_celery_puts_first_is_reported_when_it_differs() -> None:
    settings = assemble(
        {"broker_url": "redis://:hush@a/0", "result_backend": "rpc://"},
        {},
        {
            "CELERY_BROKER_URL": "redis://:hush@b/0",
            "CELERY_BROKER_READ_URL": "redis://:hush@c/0",
            "CELERY_RESULT_BACKEND": "rpc://",
        },
    )
    assert [(n.kind, n.key, n.message) for n in settings.notices] == [
        (
            "warning",
            "CELERY_BROKER_URL",
            "CELERY_BROKER_URL is 'redis://:***@b/0', and Celery puts it before broker_url, "
            "which is 'redis://:***@a/0'\n  from the environment\n  unset one of the two",
        ),
        (
            "warning",
            "CELERY_BROKER_READ_URL",
            "CELERY_BROKER_READ_URL is 'redis://:***@c/0', and broker_url another: messages are "
            "consumed there, and published at broker_url\n  from the environment",
        ),
    ]


def test_none_is_unset_except_where_it_is_a_choice() -> None:
    settings = assemble(
        {"broker_url": "memory://", "timezone": None, "result_expires": None},
        {},
        {"CELERY_TIMEZONE": "Asia/Tokyo", "CELERY_RESULT_EXPIRES": "60"},
    )
    assert settings.to_celery() == {
        "timezone": "Asia/Tokyo",
        "broker_url": "memory://",
        "result_expires": None,
    }


def test_an_empty_broker_url_is_refused_unless_another_layer_has_one() -> None:
    empty: dict[str, object] = {"broker_url": None, "broker_read_url": None}
    for source in (empty, {"broker_url": " "}):
        with pytest.raises(SettingsError) as caught:
            assemble(source, {}, {})
        assert [(p.kind, p.key) for p in caught.value.problems] == [("url_error", "broker_url")]
    settings = assemble(empty, {}, {"CELERY_BROKER_URL": "memory://"})
    assert (settings.to_celery(), settings.notices) == ({"broker_url": "memory://"}, [])


def test_old_names_are_logged_once_with_all_their_renames(caplog: pytest.LogCaptureFixture) -> None:
    loaded = load({"BROKER_URL": "memory://", "CELERYD_CONCURRENCY": 1, "SECRET_KEY": "s"})
    assert [(n.key, n.suggestion) for n in loaded.notices] == [
        ("BROKER_URL", "broker_url"),
        ("CELERYD_CONCURRENCY", "worker_concurrency"),
    ]
    assemble(loaded, {}, {})
    (record,) = caplog.records
    first, *renames = record.getMessage().splitlines()
    assert (record.name, record.levelno) == ("beatkit.settings", logging.WARNING)
    assert first.startswith("old names of Celery 3 in the mapping given in ")
    assert renames == [
        "  BROKER_URL: write broker_url",
        "  CELERYD_CONCURRENCY: write worker_concurrency",
    ]


def test_old_names_in_flasks_and_djangos_settings_become_prefixed_ones(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flask = Flask("shop")
    flask.config.update(BROKER_URL="memory://", CELERYD_CONCURRENCY=1, CELERY_TIMEZONE="UTC")
    assemble(flask.config, {}, {})
    assert [record.getMessage() for record in caplog.records] == [
        "old names of Celery 3 in the Flask config, which Celery 6 drops:\n"
        "  BROKER_URL: write CELERY_BROKER_URL\n"
        "  CELERYD_CONCURRENCY: write CELERY_WORKER_CONCURRENCY"
    ]


def test_explain_tells_origin_and_what_was_overridden_without_secrets() -> None:
    settings = assemble(
        {"CELERY_TIMEZONE": "Europe/Rome", "SECRET_KEY": "s"},
        {"timezone": "Asia/Tokyo"},
        {"CELERY_TIMEZONE": "Africa/Lagos", "CELERY_BROKER_URL": "redis://:hush@cache/0"},
    )
    rows = {row.setting: row for row in explain(settings)}
    assert rows["broker_url"] == Explained(
        "broker_url", "'redis://:***@cache/0'", "CELERY_BROKER_URL in the environment"
    )
    zone = rows["timezone"]
    assert (zone.value, zone.origin.partition(" given")[0]) == ("'Asia/Tokyo'", "the keywords")
    assert [each.partition(" given")[0] for each in zone.overrode] == [
        "'Europe/Rome' from CELERY_TIMEZONE in the mapping",
        "'Africa/Lagos' from CELERY_TIMEZONE in the environment",
    ]


def test_explain_tells_what_was_assigned_to_an_app_later() -> None:
    app = Celery("shop", set_as_current=False)
    app.conf.update(broker_url="redis://:hush@cache/0")
    assert explain(app) == [Explained("broker_url", "'redis://:***@cache/0'", "app.conf")]
    app.beatkit_settings = load({"broker_url": "redis://:hush@cache/0", "timezone": "UTC"})
    app.conf.update(timezone="Asia/Tokyo")
    late = explain(app)[0]
    assert (late.setting, late.value, late.origin) == (
        "timezone",
        "'Asia/Tokyo'",
        "app.conf, assigned later",
    )


def test_explain_shows_what_celery_reads_from_the_environment_before_all_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Celery("shop", set_as_current=False)
    app.conf.update(broker_url="redis://first/0")
    app.beatkit_settings = load({"broker_url": "redis://first/0"})
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://:hush@second/0")
    monkeypatch.setenv("CELERY_RESULT_BACKEND", "redis://third/0")
    rows = {row.setting: row for row in explain(app)}
    assert app.conf.broker_url == "redis://:hush@second/0"
    assert app.conf.result_backend == "redis://third/0"
    broker = rows["broker_url"]
    assert (broker.value, broker.origin) == (
        "'redis://:***@second/0'",
        "CELERY_BROKER_URL in the environment",
    )
    assert [text.partition(" from ")[0] for text in broker.overrode] == ["'redis://first/0'"]
    assert rows["result_backend"] == Explained(
        "result_backend", "'redis://third/0'", "CELERY_RESULT_BACKEND in the environment"
    )


def test_listings_show_the_names_of_entries_and_not_their_arguments() -> None:
    entry = {"task": "shop.close", "schedule": 60, "args": ["hush"]}
    settings = load({"broker_url": "memory://", "beat_schedule": {"close": entry, "open": entry}})
    assert repr(settings) == (
        "Settings(beat_schedule={'close': ..., 'open': ...}, broker_url='memory://')"
    )
    assert [row.value for row in explain(settings)] == [
        "{'close': ..., 'open': ...}",
        "'memory://'",
    ]
