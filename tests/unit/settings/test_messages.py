"""The whole text of every message: what is wrong, where it came from, what to write."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from beatkit import cron
from beatkit.errors import BeatkitError, ScheduleError
from beatkit.settings import Settings, SettingsError, assemble, load

BROKER = {"broker_url": "memory://"}


def text(source: Any, **how: Any) -> str:
    """The error's text, with the place of this call as `app.py, line 1`."""
    with pytest.raises(SettingsError) as caught:
        load(source, **how)
    return re.sub(r"\S*test_messages\.py, line \d+", "app.py, line 1", str(caught.value))


def message(values: dict[str, Any]) -> str:
    """The text of the only problem of a mapping, without headings and place."""
    lines = text({**BROKER, **values}).splitlines()[3:]
    kept = [line[4:] for line in lines if line != "      from the mapping given in app.py, line 1"]
    return "\n".join(kept)


def test_a_flask_config_with_a_new_name_added_reads_as_one_list_of_renames() -> None:
    app = Flask("shop")
    app.config.update(
        CELERY_BROKER_URL="redis://:hush@cache.internal:6379/0",
        CELERY_RESULT_BACKEND="redis://:hush@cache.internal:6379/1",
    )
    beat = {"tick": {"task": "jobs.tick", "schedule": 15}}
    app.config["beat_schedule"] = beat
    assert text(app) == (
        "1 problem in the settings\n"
        "\n"
        "  two naming styles in one source\n"
        "    CELERY_RESULT_BACKEND: write result_backend\n"
        "    CELERY_BROKER_URL: write broker_url\n"
        "      beside the new name beat_schedule in the config of Flask app 'shop'\n"
        "      or leave it out there and give beat_schedule to make_app as a keyword"
    )


def test_the_same_merged_into_one_mapping_names_the_line_that_gave_it() -> None:
    source = {
        "SECRET_KEY": "invented-1",
        "CELERY_BROKER_URL": "redis://cache.internal:6379/0",
        "CELERY_RESULT_BACKEND": "redis://cache.internal:6379/1",
        "beat_schedule": {"tick": {"task": "jobs.tick", "schedule": 15}},
    }
    assert text(source) == (
        "1 problem in the settings\n"
        "\n"
        "  two naming styles in one source\n"
        "    CELERY_RESULT_BACKEND: write result_backend\n"
        "    CELERY_BROKER_URL: write broker_url\n"
        "      beside the new name beat_schedule in the mapping given in app.py, line 1\n"
        "      or leave it out there and give beat_schedule to make_app as a keyword"
    )


def test_problems_of_every_kind_stand_in_one_error() -> None:
    source = {
        "CELERY_BROKER_URL": "redsi://:hush@cache/0",
        "CELERYD_CONCURRENCY": "four",
        "CELERY_TASK_ALWAYS_EAGR": True,
        "CELERY_TASK_MAX_RETRIES": 3,
        "CELERY_CHORD_PROPAGATES": True,
        "CELERY_FROBNICATE": 1,
    }
    assert text(source, namespace="CELERY") == (
        "7 problems in the settings\n"
        "\n"
        "  two naming styles in one source\n"
        "    CELERYD_CONCURRENCY: write CELERY_WORKER_CONCURRENCY\n"
        "      names start with CELERY_ in the mapping given in app.py, line 1\n"
        "\n"
        "  misspelt names\n"
        "    CELERY_TASK_ALWAYS_EAGR: did you mean CELERY_TASK_ALWAYS_EAGER?\n"
        "      from the mapping given in app.py, line 1\n"
        "\n"
        "  unknown names\n"
        "    CELERY_FROBNICATE is no setting, and nothing known is near it\n"
        "      if an extension reads it: load(..., extensions=['CELERY_FROBNICATE'])\n"
        "      from the mapping given in app.py, line 1\n"
        "\n"
        "  names and values that no longer do anything\n"
        "    CELERY_CHORD_PROPAGATES no longer does anything\n"
        "      errors in chords always propagate since 4.0\n"
        "      from the mapping given in app.py, line 1\n"
        "\n"
        "  names that are no settings\n"
        "    CELERY_TASK_MAX_RETRIES is an attribute of a task: write max_retries = ... "
        "in @app.task(...), or in task_annotations\n"
        "      from the mapping given in app.py, line 1\n"
        "\n"
        "  values that cannot work\n"
        "    CELERYD_CONCURRENCY is 'four', expected a whole number of at least 1 or 'auto'\n"
        "      from the mapping given in app.py, line 1\n"
        "\n"
        "  URLs that cannot work\n"
        "    CELERY_BROKER_URL is 'redsi://:***@cache/0', and no broker is called 'redsi'\n"
        "      from the mapping given in app.py, line 1\n"
        "      did you mean redis://?"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            {"CELERY_BROKER_URL": "redis://h", "CELERYBEAT_SCHEDULE": {}},
            "CELERYBEAT_SCHEDULE: write beat_schedule and drop CELERY_ from the other names, "
            "or write CELERY_BEAT_SCHEDULE\n"
            "      beside the CELERY_... name CELERY_BROKER_URL "
            "in the mapping given in app.py, line 1",
        ),
        (
            {"BROKER_URL": "redis://:one@h", "CELERY_BROKER_URL": "redis://:two@h"},
            "BROKER_URL is 'redis://:***@h', and CELERY_BROKER_URL sets broker_url too, "
            "to another value\n"
            "    CELERY_BROKER_URL is 'redis://:***@h', and BROKER_URL sets broker_url too, "
            "to another value\n"
            "      from the mapping given in app.py, line 1\n"
            "      keep one of them",
        ),
        (
            {"broker": {"url": "redis://h"}},
            "broker is a table, and settings have flat names\n"
            "      write broker_url = ...\n"
            "      from the mapping given in app.py, line 1",
        ),
        (
            {"flower_port": 5555},
            "flower_port is no setting: Flower does not read Celery's configuration\n"
            "      set it in flowerconfig.py, or as FLOWER_... in the environment\n"
            "      from the mapping given in app.py, line 1",
        ),
        (
            {"frobnicate": 1},
            "frobnicate is no setting, and nothing known is near it\n"
            "      if an extension reads it: load(..., extensions=['frobnicate'])\n"
            "      if other programs' settings stand beside Celery's: load(..., shared=True)\n"
            "      from the mapping given in app.py, line 1",
        ),
        (
            {"CELERY_CONFIG": {"broker_url": "redis://h"}},
            "CELERY_CONFIG is a table of settings, and no setting\n"
            "      call it CELERY, or load it alone\n"
            "      from the mapping given in app.py, line 1",
        ),
        (
            {"task_cls": "a:B"},
            "task_cls is an argument of Celery(), not a setting\n"
            "      from the mapping given in app.py, line 1",
        ),
        (
            {"broker_url": None},
            "broker_url is None, expected a URL\n"
            "      from the mapping given in app.py, line 1\n"
            "      write it like redis://localhost:6379/0 or amqp://guest:guest@localhost:5672//",
        ),
    ],
)
def test_names_are_told_with_what_to_write(source: dict[str, Any], said: str) -> None:
    assert text(source).partition("\n    ")[2] == said


KEYWORDS = [
    (
        {"extensions": ["a"]},
        "names that are no settings",
        "extensions is an argument of load(), not a setting: "
        "make_app(name, load(source, extensions=...))",
    ),
    (
        {"settings": {}},
        "names that are no settings",
        "settings is the second argument of make_app, without a name: make_app(name, settings)",
    ),
    (
        {"autodiscover_tasks": ["shop"]},
        "names that are no settings",
        "autodiscover_tasks is a method of the app: app.autodiscover_tasks([...]); "
        "or list the modules in imports",
    ),
    (
        {"frobnicate": 1},
        "unknown names",
        "frobnicate is no setting, and nothing known is near it\n"
        "      if an extension reads it: load(..., extensions=['frobnicate'])",
    ),
    (
        {"broker_url": "memory://", "CELERY_RESULT_BACKEND": "rpc://"},
        "two naming styles in one source",
        "CELERY_RESULT_BACKEND: write result_backend\n"
        "      beside the new name broker_url in the keywords",
    ),
]


@pytest.mark.parametrize(("keywords", "heading", "said"), KEYWORDS)
def test_keywords_are_told_without_advice_to_use_keywords(
    keywords: dict[str, Any], heading: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        assemble(None, keywords, {})
    told = re.sub(r" given in \S*, line \d+", "", str(caught.value))
    told = told.removesuffix("\n      from the keywords")
    assert told == f"1 problem in the settings\n\n  {heading}\n    {said}"


def entry(**changes: Any) -> dict[str, Any]:
    return {"beat_schedule": {"tick": {"task": "shop.tick", "schedule": 5, **changes}}}


WRITE = "write seconds, a timedelta, cron text like '0 2 * * *', or a schedule object"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"task_acks_late": "maybe"}, "task_acks_late is 'maybe', expected true or false"),
        (
            {"worker_concurrency": "four"},
            "worker_concurrency is 'four', expected a whole number of at least 1 or 'auto'",
        ),
        (
            {"result_expires": "1 day"},
            "result_expires is '1 day', expected a duration: a number of seconds from 0 upwards, "
            "a timedelta, or text like '90', 'PT1H30M', '1:30:00'",
        ),
        (
            {"worker_max_memory_per_child": "200MB"},
            "worker_max_memory_per_child is '200MB', "
            "expected a number of kibibytes without a unit\n"
            "  write 195312",
        ),
        (
            {"task_default_rate_limit": "10/min"},
            "task_default_rate_limit is '10/min', expected a rate like '10/s', '100/m' or "
            "'1000/h'\n  the unit after the slash is s, m or h",
        ),
        (
            {"timezone": "europe/london"},
            "timezone is 'europe/london', expected an IANA time zone name\n"
            "  did you mean Europe/London?",
        ),
        (
            {"timezone": "UTC+3"},
            "timezone is 'UTC+3', expected an IANA time zone name\n"
            "  write Etc/GMT-3, whose sign is the other way round",
        ),
        (
            {"task_serializer": "jsn"},
            "task_serializer is 'jsn', expected the name of a serializer\n  did you mean 'json'?",
        ),
        (
            {"task_serializer": "pickle"},
            "task_serializer is 'pickle', which accept_content does not accept: it is ['json']\n"
            "  add 'pickle' to accept_content, or write 'json' as task_serializer",
        ),
        (
            {"worker_pool": "gevnt"},
            "worker_pool is 'gevnt', expected the name of a worker pool\n  did you mean 'gevent'?",
        ),
        (
            {"task_queues": ["high", "low"]},
            "task_queues is ['high', 'low'], expected kombu.Queue objects, or a mapping: "
            "name -> options\n  write {'high': {}, 'low': {}}, or kombu.Queue('high')",
        ),
        (
            {"task_queues": {"cron": {"exchnge": "cron"}}},
            "task_queues.cron.exchnge is unknown: a queue has no such option\n"
            "  did you mean exchange?",
        ),
        (
            {"task_routes": {"shop.*": {"que": "x"}}},
            "task_routes.shop.*.que is no option\n  did you mean queue?",
        ),
        (
            {"task_annotations": {"*": {"rate_limit": "many"}}},
            "task_annotations.*.rate_limit is 'many', expected a rate like '10/s', '100/m' or "
            "'1000/h'\n  the unit after the slash is s, m or h",
        ),
        (
            {"broker_transport_options": '{"a": '},
            "broker_transport_options is '{\"a\":', expected a mapping, as JSON",
        ),
        (
            {"worker_redirect_stdouts_level": "LOUD"},
            "worker_redirect_stdouts_level is 'LOUD', expected a log level: CRITICAL, FATAL, "
            "ERROR, WARN, WARNING, INFO, DEBUG, NOTSET",
        ),
        ({"redis_password": ["hush"]}, "redis_password has a value of the wrong kind"),
        (entry(schedule=0), f"beat_schedule.tick.schedule is 0 seconds, expected more than 0: it "
                            f"would be due without end\n  {WRITE}"),
        (
            entry(schedule="soon"),
            f"beat_schedule.tick.schedule is 'soon', expected a schedule\n  {WRITE}",
        ),
        (
            entry(schedule="*/5 * * *"),
            "beat_schedule.tick.schedule is '*/5 * * *', which is no schedule\n"
            "  cron '*/5 * * *' has 4 fields, expected 5 (minute, hour, day of month, month, "
            "weekday) or 6 (a second before them)\n"
            "    write '*/5 * * * *' if each is meant",
        ),
        (
            entry(args="hi"),
            "beat_schedule.tick.args is a str, expected a list of arguments\n"
            "  write a list around it: text would be spread into letters",
        ),
        (entry(kwargs=[1]), "beat_schedule.tick.kwargs is a list, expected a mapping of keyword "
                            "arguments: name -> value"),
        (entry(arg=[1]), "beat_schedule.tick.arg is unknown in an entry\n  did you mean args?"),
        (
            entry(deadline=5),
            "beat_schedule.tick.deadline is unknown in an entry\n"
            "  policies go into beatkit_policies = {entry name: {...}}, or use @periodic",
        ),
        (
            entry(queue="high"),
            "beat_schedule.tick.queue is unknown in an entry\n  write options = {'queue': ...}",
        ),
        (
            entry(options={"expires": -5}),
            "beat_schedule.tick.options.expires is -5, expected more than 0 seconds, a timedelta "
            "or a datetime",
        ),
        (
            {"beat_schedule": {"tick": {"schedule": 5}}},
            "beat_schedule.tick.task is missing\n  write the task's name, as in 'shop.close'",
        ),
        (
            {"beat_schedule": {"tick": "shop.tick"}},
            "beat_schedule.tick is 'shop.tick', expected a mapping with task and schedule",
        ),
    ],
)  # fmt: skip
def test_a_value_is_told_with_what_was_expected(values: dict[str, Any], said: str) -> None:
    assert message(values) == said


def test_a_cron_text_that_cannot_work_is_told_in_full_where_it_stands() -> None:
    with pytest.raises(ScheduleError) as caught:
        cron("0 25 * * *")
    told = "".join(f"\n  {line}" for line in str(caught.value).splitlines())
    assert message(entry(schedule="0 25 * * *")) == (
        f"beat_schedule.tick.schedule is '0 25 * * *', which is no schedule{told}"
    )


URL_MESSAGES = [
    (
        "redis://:hush/x@cache/0",
        "is 'redis://:***@cache/0', with / ? or # inside the password\n"
        "  write special characters of a password percent-encoded: / is %2F, @ is %40, # is %23",
    ),
    ("cache:6379", "is 'cache:6379', which has no scheme and would be taken for an AMQP host\n"
                   "  write redis://cache:6379/0"),
    ("rabbit", "is 'rabbit', which has no scheme and would be taken for an AMQP host\n"
               "  write amqp://rabbit//"),
    ("redis:/cache/0", "is 'redis:/cache/0', expected :// after the scheme\n"
                       "  write redis://cache/0"),
    ("'redis://cache/0'", 'is "\'redis://cache/0\'", with quotes inside the text\n'
                          "  leave the quotes out"),
    ("None", "is 'None', which is how an unset value looks as text\n  write it like "
             "redis://localhost:6379/0 or amqp://guest:guest@localhost:5672//"),
    ("redis://${HOST}/0", "is 'redis://${HOST}/0', with a variable that nothing has filled in\n"
                          "  fill it in before: Celery and beatkit take text as it is"),
    ("redis://cache:port/0", "is 'redis://cache:***/0': the port is no number, expected 1-65535\n"
                             "  a password goes before the host, with @ between: "
                             "redis://:secret@host"),
    ("redis://cache/jobs", "is 'redis://cache/jobs': the database is 'jobs', expected a number\n"
                           "  end it with the database's number: redis://host:6379/0"),
    ("redis://cache?db=3", "is 'redis://cache?db=3', and a broker URL has no parameter 'db'\n"
                           "  write the database after the slash: redis://host:6379/3"),
    ("redis://cache/0?ssl_cert_reqs=none",
     "is 'redis://cache/0?ssl_cert_reqs=none', with ssl_cert_reqs although redis:// is without "
     "TLS\n  write rediss:// for TLS, or drop the parameter"),
    ("valkey://cache", "is 'valkey://cache', and no broker is called 'valkey'\n"
                       "  write redis:// in its place"),
    ("sentinel://a:26379;b:26379",
     "is 'b:26379', which has no scheme and would be taken for an AMQP host\n"
     "  write sentinel://b:26379"),
    ("sentinel://a:26379", "is a Sentinel URL, and broker_transport_options names no master\n"
                           "  write broker_transport_options = {'master_name': 'mymaster'}"),
    ("redis://:a;b@cache", "is 'redis://:***@cache', with a ; that kombu takes for the next "
                           "server's start\n  write ; in a password as %3B"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "said"), URL_MESSAGES)
def test_a_url_is_told_without_its_password_and_with_the_right_spelling(
    url: str, said: str
) -> None:
    assert message({"broker_url": url}) == f"broker_url {said}"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"broker_url": "redis://secret@cache:6379/0"},
            "broker_url is 'redis://***@cache:6379/0': before the @ stands a user,"
            " and no password\n"
            "  from the mapping given in app.py, line 1\n"
            "  a password has a colon before it: redis://:secret@host:6379/0",
        ),
        (
            {"broker_url": "rediss://cache/0", "broker_use_ssl": {"ssl_cert_reqs": "none"}},
            "broker_use_ssl has ssl_cert_reqs none: the server's certificate is not checked\n"
            "  from the mapping given in app.py, line 1\n"
            "  write 'required'",
        ),
    ],
)
def test_what_may_be_meant_is_a_notice(values: dict[str, Any], said: str) -> None:
    (notice,) = load(values).notices
    assert re.sub(r"given in .*, line \d+", "given in app.py, line 1", notice.message) == said


def test_a_result_backend_that_is_gone_names_its_successor() -> None:
    assert message({"result_backend": "amqp://guest:hush@mq//"}) == (
        "result_backend is 'amqp://guest:***@mq//', a result backend that Celery no longer has\n"
        "  write rpc:// in its place"
    )


def test_the_file_and_line_that_gave_a_mapping_are_named() -> None:
    with pytest.raises(SettingsError, match=r"test_messages\.py, line \d+"):
        load({"broker_url": "redsi://h"})
    with pytest.raises(SettingsError, match=r"Settings\(\.\.\.\) given in .*test_messages\.py"):
        Settings(broker_url="redsi://h")


def test_an_environment_variable_is_named_as_itself() -> None:
    with pytest.raises(SettingsError) as caught:
        assemble(BROKER, {}, {"CELERY_TIMEZONE": "Mars/Olympus"})
    assert str(caught.value) == (
        "1 problem in the settings\n"
        "\n"
        "  values that cannot work\n"
        "    CELERY_TIMEZONE is 'Mars/Olympus', expected an IANA time zone name\n"
        "      from the environment\n"
        "      write one like Europe/London"
    )
    assert [problem.source for problem in caught.value.problems] == [
        "CELERY_TIMEZONE in the environment"
    ]


def test_old_names_are_listed_beside_a_misspelt_one_as_part_of_the_same_edit() -> None:
    source = {
        "BROKER_URL": "memory://",
        "RESULT_BACKEND": "rpc://",
        "CELERY_ACCEPT_CONTENT": "pickle",
    }
    assert text(source) == (
        "1 problem in the settings\n"
        "\n"
        "  misspelt names\n"
        "    RESULT_BACKEND: did you mean result_backend?\n"
        "      from the mapping given in app.py, line 1\n"
        "\n"
        "  old names, to be renamed too\n"
        "    BROKER_URL: write broker_url, its name since Celery 4\n"
        "    CELERY_ACCEPT_CONTENT: write accept_content, its name since Celery 4"
    )


def test_the_error_is_a_beatkit_error_an_improper_configuration_and_a_value_error() -> None:
    from celery.exceptions import ImproperlyConfigured

    assert {BeatkitError, ImproperlyConfigured, ValueError} <= set(SettingsError.__mro__)
    with pytest.raises(SettingsError) as caught:
        Settings.model_validate({"worker_concurrency": "four"})
    assert [problem["key"] for problem in caught.value.errors()] == ["worker_concurrency"]
