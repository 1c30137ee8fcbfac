"""Every kind of value: what fits, as text too, and what comes out of it."""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab
from hypothesis import given
from hypothesis import strategies as st
from kombu import Queue

from beatkit.settings import Settings, SettingsError, load
from beatkit.settings.catalog import SETTINGS

VERIFIED = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
TWO_QUEUES = {"high": {"exchange": "high"}, "low": {}}


def fitted(name: str, value: Any) -> Any:
    return getattr(Settings(**{name: value}), name)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("task_acks_late", " True ", True),
        ("task_acks_late", "off", False),
        ("task_acks_late", 1, True),
        ("worker_concurrency", "4", 4),
        ("worker_concurrency", "auto", "auto"),
        ("worker_prefetch_multiplier", 2.0, 2),
        ("result_backend_max_retries", "inf", float("inf")),
        ("result_expires", timedelta(days=1), 86400),
        ("result_expires", "1:30:00", 5400),
        ("result_expires", "PT1H30M", 5400),
        ("result_expires", "P1D", 86400),
        ("beat_max_loop_interval", "0.5", 0.5),
        ("worker_max_memory_per_child", "200000", 200000),
        ("worker_state_db", Path("/tmp/state"), "/tmp/state"),
        ("imports", "proj.tasks", ["proj.tasks"]),
        ("imports", ("a", "b"), ["a", "b"]),
        ("accept_content", "json,yaml", ["json", "yaml"]),
        ("accept_content", ["application/json"], ["application/json"]),
        ("accept_content", {"json"}, ["json"]),
        ("timezone", "Europe/Vienna", "Europe/Vienna"),
        ("timezone", ZoneInfo("Asia/Tokyo"), ZoneInfo("Asia/Tokyo")),
        ("task_default_rate_limit", "10/m", "10/m"),
        ("task_default_rate_limit", 10, 10),
        ("task_protocol", "1", 1),
        ("task_default_delivery_mode", "persistent", "persistent"),
        ("task_default_priority", "5", 5),
        ("worker_redirect_stdouts_level", "info", "INFO"),
        ("worker_umask", "022", "022"),
        ("worker_uid", "nobody", "nobody"),
        ("broker_use_ssl", VERIFIED, VERIFIED),
        ("broker_use_ssl", {"ssl_cert_reqs": "CERT_REQUIRED"}, {"ssl_cert_reqs": "required"}),
        ("broker_use_ssl", {"cert_reqs": "CERT_REQUIRED"}, {"cert_reqs": ssl.CERT_REQUIRED}),
        ("broker_use_ssl", {"cert_reqs": "none"}, {"cert_reqs": ssl.CERT_NONE}),
        ("broker_transport_options", '{"max_retries": 3}', {"max_retries": 3}),
        ("task_queues", TWO_QUEUES, TWO_QUEUES),
        ("task_routes", {"shop.*": "high"}, {"shop.*": "high"}),
        ("task_annotations", {"*": {"rate_limit": "10/s"}}, {"*": {"rate_limit": "10/s"}}),
        ("task_annotations", {"a": {"time_limit": "5:00"}}, {"a": {"time_limit": 300}}),
        ("task_routes", {"a": {"priority": "5", "x": 1}}, {"a": {"priority": 5, "x": 1}}),
        ("task_routes", [{"a": "high"}, "shop.route"], [{"a": "high"}, "shop.route"]),
        ("beatkit_remote_tasks", "shop.*, bills.*", ["shop.*", "bills.*"]),
        ("security_key_password", b"x", b"x"),
    ],
)  # fmt: skip
def test_a_value_fits_as_itself_or_as_text(name: str, value: Any, wanted: Any) -> None:
    found = fitted(name, value)
    assert (found, type(found)) == (wanted, type(wanted))


def test_objects_pass_as_they_are() -> None:
    queues = [Queue("high"), Queue("low")]
    assert fitted("task_queues", tuple(queues)) == queues
    schedule = {"tick": {"task": "shop.tick", "schedule": crontab(hour=2), "kwargs": {"a": 1}}}
    assert fitted("beat_schedule", schedule) == schedule


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("worker_concurrency", "-1"),
        ("worker_concurrency", True),
        ("worker_concurrency", 1.5),
        ("task_time_limit", -1),
        ("task_time_limit", "nan"),
        ("task_default_priority", 256),
        ("broker_port", 70000),
        ("task_protocol", 3),
        ("accept_content", 5),
        ("accept_content", ["jsn"]),
        ("task_routes", 5),
        ("task_routes", [5]),
        ("task_annotations", "x"),
        ("broker_transport_options", "[1]"),
        ("imports", [1]),
        ("timezone", "local"),
        ("timezone", 5),
        ("broker_use_ssl", "perhaps"),
        ("worker_umask", "abc"),
        ("beatkit_store_url", "mysql://h"),
        ("beatkit_history", -1),
    ],
)
def test_a_value_that_cannot_be_made_to_fit_is_refused(name: str, value: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(**{name: value})
    assert [problem.key for problem in caught.value.problems] == [name]


@given(st.integers(0, 10**6))
def test_whole_seconds_are_the_same_in_every_form(seconds: int) -> None:
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    numbers = (seconds, float(seconds), timedelta(seconds=seconds))
    forms = (*numbers, str(seconds), f" {seconds} ", f"PT{seconds}S", clock)
    assert {fitted("task_time_limit", form) for form in forms} == {seconds}


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        (
            {"task_time_limit": 300, "task_soft_time_limit": 600},
            [("type_error", "task_soft_time_limit"), ("type_error", "task_time_limit")],
        ),
        (
            {"broker_url": "redis://h", "broker_use_ssl": True},
            [("type_error", "broker_use_ssl")],
        ),
        (
            {"broker_url": "rediss://h", "broker_use_ssl": True},
            [("type_error", "broker_use_ssl")],
        ),
        (
            {"result_backend": "rediss://h/0"},
            [("url_error", "result_backend")],
        ),
        (
            {"broker_url": "redis://h", "broker_use_ssl": {"ssl_cert_reqs": "yes"}},
            [("type_error", "broker_use_ssl.ssl_cert_reqs")],
        ),
        (
            {"broker_url": "redis://h", "broker_use_ssl": {"cert_reqs": 2, "ssl_cacerts": "/ca"}},
            [("typo", "broker_use_ssl.cert_reqs"), ("typo", "broker_use_ssl.ssl_cacerts")],
        ),
        (
            {"broker_url": "amqps://h", "broker_use_ssl": {"ssl_ca_certs": "/ca"}},
            [("typo", "broker_use_ssl.ssl_ca_certs")],
        ),
        (
            {"broker_url": "amqps://h", "broker_use_ssl": {"cert_reqs": "always"}},
            [("type_error", "broker_use_ssl.cert_reqs")],
        ),
        (
            {
                "result_backend": "rediss://h/0",
                "redis_backend_use_ssl": {"ssl_ca_certs": "/ca"},
            },
            [("type_error", "redis_backend_use_ssl")],
        ),
        (
            {
                "broker_url": "redis://h",
                "broker_transport_options": {"visibilty_timeout": 1, "x": 1},
            },
            [
                ("typo", "broker_transport_options.visibilty_timeout"),
                ("unknown", "broker_transport_options.x"),
            ],
        ),
    ],
)
def test_values_that_cannot_work_together_are_refused(
    values: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(values)
    assert [(problem.kind, problem.key) for problem in caught.value.problems] == problems


@pytest.mark.parametrize(
    ("values", "notices"),
    [
        ({"broker_url": "redis://h/99"}, [("warning", "broker_url")]),
        ({"broker_url": "rediss://h/0"}, [("insecure", "broker_url")]),
        ({"broker_url": "rediss://h/0?ssl_cert_reqs=required"}, []),
        ({"broker_url": "rediss://h/0?ssl_cert_reqs=required", "broker_use_ssl": True}, []),
        ({"broker_url": "rediss://h", "broker_use_ssl": {"ssl_cert_reqs": "required"}}, []),
        ({"broker_url": "rediss://h/0?ssl_cert_reqs=CERT_REQUIRED"}, [("warning", "broker_url")]),
        (
            {"broker_url": "redis://h", "broker_use_ssl": {"ssl_cert_reqs": ssl.CERT_NONE}},
            [("insecure", "broker_use_ssl")],
        ),
        (
            {"broker_url": "amqp://h//", "broker_transport_options": {"visibility_timeout": 60}},
            [("warning", "broker_transport_options.visibility_timeout")],
        ),
        ({"database_url": "sqlite:///x"}, [("warning", "database_url")]),
        (
            {"task_acks_on_failure_or_timeout": True},
            [("deprecated", "task_acks_on_failure_or_timeout")],
        ),
        (
            {
                "broker_url": "redis://h",
                "broker_transport_options": {"visibility_timeout": 60},
                "task_acks_late": True,
                "task_time_limit": 600,
            },
            [("warning", "broker_transport_options.visibility_timeout")],
        ),
        (
            {
                "broker_url": "redis://h",
                "broker_transport_options": {"visibility_timeout": 60},
                "task_time_limit": 600,
            },
            [("warning", "broker_transport_options.visibility_timeout")],
        ),
        (
            {"broker_url": "amqps://h", "broker_use_ssl": {"cert_reqs": ssl.CERT_NONE}},
            [("insecure", "broker_use_ssl")],
        ),
        (
            {
                "broker_url": "memory://",
                "result_backend": "rediss://h/0?ssl_cert_reqs=required",
                "redis_backend_use_ssl": {"ssl_ca_certs": "/ca"},
            },
            [],
        ),
    ],
)  # fmt: skip
def test_values_that_are_worth_a_word_give_a_notice(
    values: dict[str, Any], notices: list[tuple[str, str]]
) -> None:
    assert [(notice.kind, notice.key) for notice in load(values).notices] == notices


ODD = [
    0, -1, 1.5, float("nan"), float("inf"), True, "", "x", "{", "[", "://", "a://", "@", ";", b"x",
    [], [[]], [{}], [None], (1, "a"), {"a": 1}, {"a": {"b": []}}, {1: {2: 3}}, {"x": None},
    {"y": [1]}, set(), {1}, object(), object, len, range(3), iter([1]), timedelta(-1),
    ssl.CERT_NONE, {"ssl_cert_reqs": [1]}, {"tick": {"task": 5, "schedule": []}},
    {"tick": {1: 2, "options": {"expires": []}}},
]  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_no_value_whatever_ends_in_another_error_than_ours(name: str) -> None:
    for value in ODD:
        with suppress(SettingsError):
            repr(load({"broker_url": "redis://h", name: value}))


def test_amounts_among_transport_options_become_numbers() -> None:
    given = {"visibility_timeout": timedelta(hours=1), "socket_timeout": "2.5", "sep": ":"}
    settings = load({"broker_url": "redis://h", "broker_transport_options": given})
    assert settings.to_celery()["broker_transport_options"] == {
        "visibility_timeout": 3600,
        "socket_timeout": 2.5,
        "sep": ":",
    }


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        (
            "visibility_timeout",
            -5,
            "is -5, expected a duration: a number of seconds from 0 upwards, a timedelta, "
            "or text like '90', 'PT1H30M', '1:30:00'",
        ),
        ("visibility_timeout", 0, "is 0, expected seconds, at least 1"),
        ("max_connections", 0, "is 0, expected a whole number of at least 1"),
        ("socket_keepalive", "maybe", "is 'maybe', expected true or false"),
        (
            "queue_order_strategy",
            "lifo",
            "is 'lifo', expected 'round_robin' or 'sorted' or 'priority'",
        ),
        (
            "priority_steps",
            "0,3",
            "is '0,3', expected a list of rising whole numbers from 0 to 255",
        ),
        (
            "priority_steps",
            [6, 0, 3],
            "is [6, 0, 3], expected a list of rising whole numbers from 0 to 255",
        ),
    ],
)
def test_a_transport_option_that_cannot_work_is_refused(option: str, value: Any, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"broker_url": "redis://h", "broker_transport_options": {option: value}})
    assert [p.message.splitlines()[0] for p in caught.value.problems] == [
        f"broker_transport_options.{option} {said}"
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"queue": 5}, "beat_schedule.a.options.queue is 5, expected the name of a queue"),
        (
            {"serializer": "jsn"},
            "beat_schedule.a.options.serializer is 'jsn', expected the name of a serializer",
        ),
    ],
)
def test_options_that_fail_at_each_send_are_refused(options: dict[str, Any], said: str) -> None:
    entry = {"task": "a", "schedule": 5, "options": options}
    with pytest.raises(SettingsError) as caught:
        load({"broker_url": "redis://h", "beat_schedule": {"a": entry}})
    assert [p.message.splitlines()[0] for p in caught.value.problems] == [said]
