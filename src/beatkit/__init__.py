"""Celery periodic tasks you can trust.

`make_app` builds a Celery app from checked settings, `periodic` registers functions into
its schedule, and beatkit's scheduler lets a project start any number of beats.

The names below are the whole public surface of the package root. They load on first use,
so `import beatkit` costs nothing that the program does not need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beatkit.checks import check as check
    from beatkit.declare import Registry as Registry
    from beatkit.declare import periodic as periodic
    from beatkit.entry import Entry as Entry
    from beatkit.entry import Slot as Slot
    from beatkit.errors import BeatkitError as BeatkitError
    from beatkit.factory import install as install
    from beatkit.factory import make_app as make_app
    from beatkit.operate import Schedule as Schedule
    from beatkit.schedules.celery import at as at
    from beatkit.schedules.celery import cron as cron
    from beatkit.schedules.celery import every as every
    from beatkit.schedules.celery import solar as solar
    from beatkit.settings import Settings as Settings
    from beatkit.simulation import simulate as simulate

__version__ = "0.1.0"

_HOMES = {
    "BeatkitError": "beatkit.errors",
    "Entry": "beatkit.entry",
    "Registry": "beatkit.declare",
    "Schedule": "beatkit.operate",
    "Settings": "beatkit.settings",
    "Slot": "beatkit.entry",
    "at": "beatkit.schedules.celery",
    "check": "beatkit.checks",
    "cron": "beatkit.schedules.celery",
    "every": "beatkit.schedules.celery",
    "install": "beatkit.factory",
    "make_app": "beatkit.factory",
    "periodic": "beatkit.declare",
    "simulate": "beatkit.simulation",
    "solar": "beatkit.schedules.celery",
}

__all__ = [
    "BeatkitError",
    "Entry",
    "Registry",
    "Schedule",
    "Settings",
    "Slot",
    "at",
    "check",
    "cron",
    "every",
    "install",
    "make_app",
    "periodic",
    "simulate",
    "solar",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'beatkit' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
