"""Settings: what did the user configure, and can it work?

Celery checks no name and no value. It drops what it does not know, and finds a wrong value
when it is first used, in the worker or at night in beat. Here settings are read from any
source, their names and values checked together, and everything that is wrong is raised
before an app exists.

    source -> names -> layers -> values -> rules -> Settings

`sources` turns what the user has into named values. `spelling` finds the naming style of
each source, `naming` judges its keys. `judging` puts the layers over one another and
converts each value by its kind (`values`, `urls`, `registered`, `routing`, `entries`);
`rules` looks at several values at once. `catalog` and `model` are generated from Celery's
own table and tools/settings.txt. No step stops at the first problem. None needs a server:
`connect` looks whether those that the settings name can be used.

The names below load on first use: `beatkit.settings.urls` alone costs no pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beatkit.settings.connect import check_backend as check_backend
    from beatkit.settings.connect import check_broker as check_broker
    from beatkit.settings.explanation import Explained as Explained
    from beatkit.settings.explanation import explain as explain
    from beatkit.settings.loading import assemble as assemble
    from beatkit.settings.loading import load as load
    from beatkit.settings.model import Settings as Settings
    from beatkit.settings.model import SettingsDict as SettingsDict
    from beatkit.settings.problems import Problem as Problem
    from beatkit.settings.problems import SettingsError as SettingsError
    from beatkit.settings.reach import Reach as Reach
    from beatkit.settings.reach import Unreachable as Unreachable

_HOMES = {
    "Explained": "explanation",
    "Problem": "problems",
    "Reach": "reach",
    "Settings": "model",
    "SettingsDict": "model",
    "SettingsError": "problems",
    "Unreachable": "reach",
    "assemble": "loading",
    "check_backend": "connect",
    "check_broker": "connect",
    "explain": "explanation",
    "load": "loading",
}

__all__ = [
    "Explained",
    "Problem",
    "Reach",
    "Settings",
    "SettingsDict",
    "SettingsError",
    "Unreachable",
    "assemble",
    "check_backend",
    "check_broker",
    "explain",
    "load",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'beatkit.settings' has no attribute {name!r}")
    value = getattr(import_module(f"beatkit.settings.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
