"""The errors of beatkit.

    BeatkitError
    ├── SettingsError      also celery's ImproperlyConfigured, and ValueError
    ├── ScheduleError      also ValueError
    ├── DeclarationError   also ValueError and TypeError
    ├── EntryNotFound      also LookupError
    ├── Unreachable        also ConnectionError; in beatkit.settings
    └── StoreError
        └── StoreUnavailable

Every message says what is wrong (with the value), where it came from, and what to write
instead. No message shows a password: values go through `beatkit.settings.urls.redact`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beatkit.settings.problems import SettingsError as SettingsError

__all__ = [
    "BeatkitError",
    "DeclarationError",
    "EntryNotFound",
    "ScheduleError",
    "SettingsError",
    "StoreError",
    "StoreUnavailable",
]


class BeatkitError(Exception):
    """Base of every error that beatkit raises on purpose."""


class ScheduleError(BeatkitError, ValueError):
    """A schedule's text or numbers cannot work: syntax, range, or it never fires."""


class DeclarationError(BeatkitError, ValueError, TypeError):
    """An entry cannot work: its arguments, its name, its task or its policies."""


class EntryNotFound(BeatkitError, LookupError):
    """No entry of that name in the schedule."""


class StoreError(BeatkitError):
    """The store answered, and the answer makes no sense or is a refusal."""


class StoreUnavailable(StoreError):
    """The store did not answer in time. Nothing is lost: what is owed is sent later."""


def __getattr__(name: str) -> object:
    # SettingsError inherits celery.exceptions.ImproperlyConfigured, which takes 65 ms to
    # import; the pure schedules and `beatkit health` import this file and need none of it.
    if name == "SettingsError":
        return import_module("beatkit.settings.problems").SettingsError
    raise AttributeError(f"module 'beatkit.errors' has no attribute {name!r}")
