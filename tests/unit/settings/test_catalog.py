"""The committed catalogue holds what the installed Celery has, and what the docs say of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import celery
import pytest
from celery.app.defaults import _TO_OLD_KEY, DEFAULTS

from beatkit.settings import Settings
from beatkit.settings.catalog import OLD_NAMES, SETTINGS
from beatkit.settings.former import ALIASES, DEAD
from beatkit.settings.model import SettingsDict
from beatkit.settings.transports import _REDIS, _SENTINEL

ROOT = Path(__file__).parents[3]
INSTALLED = tuple(int(part) for part in celery.__version__.split(".")[:2])
NEWEST = (5, 7)


def needs(since: str) -> tuple[int, ...]:
    return tuple(int(part) for part in since.split(".")) if since else (0,)


def test_every_setting_of_the_installed_celery_is_known() -> None:
    declared = {
        name
        for name, setting in SETTINGS.items()
        if setting.declared
        and not name.startswith("beatkit_")
        and needs(setting.since) <= INSTALLED
    }
    assert declared == set(DEFAULTS)


def test_old_names_are_those_of_the_installed_celery() -> None:
    ours = {new: old for old, new in OLD_NAMES.items() if new in DEFAULTS}
    assert ours == _TO_OLD_KEY


def test_the_model_and_the_keywords_have_every_setting() -> None:
    assert list(Settings.model_fields) == list(SETTINGS) == list(SettingsDict.__annotations__)


def test_every_default_of_celerys_own_fits_its_setting() -> None:
    given = {name: value for name, value in DEFAULTS.items() if value is not None}
    fitted = Settings(**given).to_celery()
    assert fitted == given | {
        "accept_content": ["json"],
        "imports": [],
        "include": [],
        "result_expires": 86400,
    }


def test_names_of_the_past_lead_to_settings() -> None:
    assert {*DEAD.values(), *ALIASES.values()} <= set(SETTINGS)
    # Were one of them a real name, it would be refused although it works.
    assert not DEAD.keys() & OLD_NAMES.keys()
    assert not ALIASES.keys() & SETTINGS.keys()


def test_transport_options_are_those_that_kombu_declares() -> None:
    redis = pytest.importorskip("kombu.transport.redis")
    inherited = {"body_encoding", "deadletter_queue"}
    assert set(redis.SentinelChannel.from_transport_options) - inherited <= _REDIS | _SENTINEL


@pytest.mark.skipif(INSTALLED != NEWEST, reason="the files are generated with the newest Celery")
def test_the_generated_files_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "tools" / "generate_settings.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
