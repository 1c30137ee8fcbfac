"""The same settings load from whatever a project keeps them in."""

from __future__ import annotations

import os
import sys
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from django.conf import LazySettings
from flask import Flask
from kombu import Queue
from pydantic import BaseModel, RedisDsn, SecretStr

from beatkit.settings import Settings, SettingsError, load
from beatkit.settings.values import shown

WANTED = {"broker_url": "redis://cache/0", "worker_concurrency": 4}


class BareClass:
    broker_url = "redis://cache/0"
    worker_concurrency = 4


class Computed:
    @property
    def broker_url(self) -> str:
        return "redis://cache/0"

    @property
    def home(self) -> str:
        return "/"


class PrefixedClass:
    CELERY_BROKER_URL = "redis://cache/0"
    CELERY_WORKER_CONCURRENCY = "4"


@dataclass
class Bare:
    broker_url: str = "redis://cache/0"
    worker_concurrency: int = 4


class Typed(BaseModel):
    broker_url: RedisDsn = RedisDsn("redis://cache/0")
    worker_concurrency: int = 4
    result_backend: str | None = None


class Upper(BaseModel):
    CELERY_BROKER_URL: SecretStr = SecretStr("redis://cache/0")
    CELERY_WORKER_CONCURRENCY: int = 4
    DATABASE_URL: str = "postgresql://u:hush@h/d"


class Nested(BaseModel):
    name: str = "shop"
    celery: Typed = Typed()


class Fast(BaseModel):
    app_name: str = "shop"
    database_url: str = "postgresql://u:hush@h/d"
    redis_host: str = "cache"
    celery_broker_url: str = "redis://cache/0"
    celery_worker_concurrency: int = 4


def module(**names: Any) -> ModuleType:
    made = ModuleType("celeryconfig")
    made.__dict__.update(names)
    return made


def flask(**names: Any) -> Flask:
    app = Flask("shop")
    app.config.update(SECRET_KEY="s", S3_BUCKET="b", REDIS_HOST="h", BROKER_ACCOUNT="x", **names)
    return app


def configured(**names: Any) -> Celery:
    app = Celery("shop")
    app.config_from_object(names, namespace="CELERY" if "CELERY_BROKER_URL" in names else None)
    assert app.conf.broker_url == "redis://cache/0"
    return app


def django(**names: Any) -> LazySettings:
    settings = LazySettings()
    settings.configure(SECRET_KEY="s", EMAIL_HOST="mail", CELERY_EMAIL_CHUNK_SIZE=5, **names)
    return settings


PREFIXED = {"CELERY_BROKER_URL": "redis://cache/0", "CELERY_WORKER_CONCURRENCY": 4}
OLD = {"BROKER_URL": "redis://cache/0", "CELERYD_CONCURRENCY": 4}


@pytest.mark.parametrize(
    "source",
    [
        dict(WANTED),
        PREFIXED,
        OLD,
        BareClass,
        BareClass(),
        PrefixedClass,
        Bare(),
        Typed(),
        Upper(),
        Nested(),
        Fast(),
        Settings(**WANTED),
        module(os=sys, Queue=Queue, Path=Path, REDIS_HOST="h", helper=len, **WANTED),
        module(**OLD),
        f"{__name__}:BareClass",
        f"{__name__}.BareClass",
        flask(**PREFIXED),
        flask(**PREFIXED).config,
        flask(**OLD),
        flask(CELERY=WANTED),
        flask(CELERY=PREFIXED),
        flask(celery=WANTED),
        configured(broker_url="redis://cache/0", worker_concurrency=4),
        configured(**PREFIXED).conf,
    ],
    ids=lambda source: getattr(source, "__name__", type(source).__name__),
)
def test_a_source_loads(source: Any) -> None:
    namespace = {Upper: "CELERY", Fast: "celery"}.get(type(source))
    loaded = load(source, namespace=namespace).to_celery()
    # pydantic writes the default port into its URLs.
    assert {**loaded, "broker_url": loaded["broker_url"].replace(":6379", "")} == WANTED


@pytest.mark.parametrize(
    ("names", "namespace"), [(PREFIXED, "CELERY"), (PREFIXED, None), (OLD, None)]
)
def test_django_settings_load_with_their_time_zone(
    names: dict[str, Any], namespace: str | None
) -> None:
    loaded = load(django(TIME_ZONE="Asia/Seoul", **names), namespace=namespace)
    assert loaded.to_celery() == {**WANTED, "timezone": "Asia/Seoul"}


TOML = 'broker_url = "redis://cache/0"\nworker_concurrency = 4\n'
YAML = "broker_url: redis://cache/0\nworker_concurrency: 4\n"
JSON = '{"broker_url": "redis://cache/0", "worker_concurrency": 4}'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", TOML),
        ("b.toml", f"[tool]\nx = 1\n[celery]\n{TOML}"),
        ("c.yaml", YAML),
        ("d.yml", f"CELERY:\n  {YAML.replace(chr(10), chr(10) + '  ')}"),
        ("e.json", JSON),
        ("f.json", f'{{"celery": {JSON}}}'),
    ],
)
def test_a_file_loads_by_path_or_by_name(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert load(path).to_celery() == WANTED
    assert load(str(path)).to_celery() == WANTED


def failure(source: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load(source)
    (problem,) = caught.value.problems
    return problem.message


def test_what_cannot_be_read_is_told_with_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text("broker_url = 'redis://:hush@h\n")
    Path("bad.yaml").write_text("broker_url: 'redis://:hush@h\nx: [\n")
    Path("list.json").write_text("[1]")
    assert failure("none.toml") == (
        f"the settings file none.toml: there is none\n  looked for {tmp_path}/none.toml"
    )
    Path("folder.toml").mkdir()
    assert failure("folder.toml") == (
        "the settings file folder.toml: Is a directory\n  check the path, and who may read it"
    )
    assert failure("list.json") == (
        "the settings file list.json: holds no table of names\n"
        "  write names and values: broker_url = ..."
    )
    assert failure("bad.toml").startswith("the settings file bad.toml cannot be read\n  ")
    assert failure("bad.yaml") == (
        "the settings file bad.yaml cannot be read\n  found unexpected end of stream, line 3"
    )
    assert failure("celeryconfig.py") == (
        "the source of settings is 'celeryconfig.py', expected a module's name, or a TOML, YAML "
        "or JSON file\n  write 'celeryconfig'"
    )
    assert failure("../conf.ini") == (
        "the source of settings is '../conf.ini', expected a module's name, or a TOML, YAML "
        "or JSON file\n  check the name and its ending"
    )
    assert failure("no_such_package.conf") == (
        "the source of settings is 'no_such_package.conf', which cannot be imported\n"
        "  check the name, and that its folder is on sys.path"
    )
    Path("celery.ini").write_text("[celery]\n")
    assert failure("celery.ini") == (
        "the source of settings is 'celery.ini', expected a module's name, or a TOML, YAML "
        "or JSON file\n  check the name and its ending"
    )
    assert failure(Computed) == (
        "the source of settings is the class Computed, whose broker_url is a property, "
        "expected an instance of it\n  write Computed()"
    )
    assert failure(Typed) == (
        "the source of settings is the class Typed, expected an instance of it: "
        "a class of pydantic's has no values\n  write Typed()"
    )


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        (6379, "write {'broker_url': ...}"),
        ([("broker_url", "redis://:hush@h")], "write {'broker_url': ...}"),
        (failure, "call it, if it returns settings"),
    ],
)
def test_what_has_no_names_to_read_is_refused(source: Any, remedy: str) -> None:
    assert failure(source) == (
        f"the source of settings is {shown(source)}, expected a mapping, a module, a class,"
        f" an instance, or the name of a module or file\n  {remedy}"
    )


def test_an_import_that_fails_inside_the_users_module_stays_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings_with_a_broken_import.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        load("settings_with_a_broken_import")


def test_only_slips_are_accused_among_the_names_of_a_module() -> None:
    source = module(broker_url="memory://", worker_concurency=4, base_dir="/", debug=True)
    with pytest.raises(SettingsError) as caught:
        load(source)
    assert [(p.key, p.suggestion) for p in caught.value.problems] == [
        ("worker_concurency", "worker_concurrency")
    ]


def test_constants_and_helpers_of_a_module_are_its_own() -> None:
    source = module(
        HOST="cache", PORT=6379, QUEUES=["a"], TASK_QUEUE="a", DEFAULT_TIMEZONE="UTC",
        BROKER_HOST_NAME="cache", broker_username="cache", redis_url="redis://cache",
        broker_url="redis://cache",
    )  # fmt: skip
    assert load(source).to_celery() == {"broker_url": "redis://cache"}


def test_a_new_name_in_capitals_is_a_slip_in_a_module_too() -> None:
    with pytest.raises(SettingsError) as caught:
        load(module(timezone="UTC", RESULT_BACKEND="redis://h", BROKER_ULR="redis://h"))
    assert [(p.key, p.suggestion) for p in caught.value.problems] == [
        ("RESULT_BACKEND", "result_backend"),
        ("BROKER_ULR", "broker_url"),
    ]


def test_slips_inside_a_nested_mapping_of_a_web_configuration_are_found() -> None:
    with pytest.raises(SettingsError) as caught:
        load(flask(CELERY={"broker_urll": "redis://h"}, CELERY_EMAIL_BACKEND="x"))
    assert [(p.key, p.suggestion) for p in caught.value.problems] == [("broker_urll", "broker_url")]


def test_what_an_app_was_configured_with_is_checked() -> None:
    app = Celery("shop", broker="redis://cache/0")
    app.conf.task_serialiser = "json"
    with pytest.raises(SettingsError) as caught:
        load(app)
    assert [(p.kind, p.key, p.suggestion, p.source) for p in caught.value.problems] == [
        ("typo", "task_serialiser", "task_serializer", "the configuration of a Celery app")
    ]


def test_sections_of_a_configuration_parser_are_tables() -> None:
    parser = ConfigParser()
    parser.read_string("[celery]\nbroker_url = redis://cache/0\nworker_concurrency = 4\n")
    assert load(parser).to_celery() == WANTED


def test_nothing_at_all_is_a_source_too() -> None:
    assert load(None).to_celery() == {}
    assert load(SimpleNamespace()).to_celery() == {}


def test_extensions_keys_pass_as_they_are() -> None:
    given = {
        "broker_url": "memory://",
        "redbeat_lock_key": None,
        "ONCE": {"backend": "x"},
        "SCOUT_NAME": "shop",
        "beat_dburi": "sqlite:///x",
        "myapp_colour": "red",
        "MYAPP_SIZE": 5,
    }
    assert load(given, extensions=["myapp"]).to_celery() == given
    prefixed = {"CELERY_BROKER_URL": "memory://", "CELERY_MYAPP_COLOUR": "red"}
    assert load(prefixed, namespace="CELERY", extensions=["myapp_*"]).to_celery() == {
        "broker_url": "memory://",
        "myapp_colour": "red",
    }


def test_a_namespace_is_read_as_celery_reads_it() -> None:
    assert load({"jobs_broker_url": "memory://"}, namespace="jobs").broker_url == "memory://"
    assert load({"JOBS_BROKER_URL": "memory://"}, namespace="JOBS_").broker_url == "memory://"
    with pytest.raises(SettingsError) as caught:
        load({"celery_broker_url": "memory://"}, namespace="CELERY")
    assert [p.suggestion for p in caught.value.problems] == ["CELERY_BROKER_URL"]


def test_keys_that_are_no_text_are_keys_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("broker_url: memory://\n5: x\nyes: y\n")
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "odd.yaml")
    assert [(p.kind, p.key) for p in caught.value.problems] == [
        ("unknown", "5"),
        ("unknown", "True"),
    ]


def test_the_environment_itself_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("CELERY_", "BEATKIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CELERY_BROKER_URL", "memory://")
    monkeypatch.setenv("CELERY_WORKER_CONCURRENCY", "4")
    monkeypatch.setenv("BROKER_URL", "redis://another/0")
    assert load(os.environ).to_celery() == {
        "broker_url": "memory://",
        "worker_concurrency": 4,
    }


def test_a_namespace_for_make_app_belongs_to_load() -> None:
    assert failure({"namespace": "CELERY"}).splitlines()[0] == (
        "namespace is an argument of load(), not a setting:"
        " make_app(name, load(source, namespace=...))"
    )
