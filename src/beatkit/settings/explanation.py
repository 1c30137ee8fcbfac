"""explain(): each setting in force, where it came from, and what it overrode."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beatkit.settings.loading import BEATS_ALL
from beatkit.settings.model import Settings
from beatkit.settings.naming import Given
from beatkit.settings.redaction import brief


@dataclass(frozen=True, slots=True)
class Explained:
    """One setting in force.

    Attributes:
        setting: Its name, or the key of an extension.
        value: Its value's repr, with secrets hidden; of beat_schedule, the entries' names.
        origin: Where it came from, with the key if that is another.
        overrode: What gave it in vain, the nearest first: "'Europe/Rome' from ...".
    """

    setting: str
    value: str
    origin: str
    overrode: tuple[str, ...] = ()


def explain(settings_or_app: Any) -> list[Explained]:
    """Return every setting that was set, its value with secrets hidden, and its origin.

    Of an app: as Celery uses it, which reads CELERY_BROKER_URL, CELERY_BROKER_READ_URL,
    CELERY_BROKER_WRITE_URL and CELERY_RESULT_BACKEND before anything that was configured.

    Args:
        settings_or_app: `Settings`, or an app. Of an app that beatkit made, values that were
            assigned to `app.conf` later are told apart; of any other, the origin is app.conf.
    """
    if isinstance(settings_or_app, Settings):
        return _of_settings(settings_or_app)
    app = settings_or_app
    settings = getattr(app, "beatkit_settings", None)
    rows = {row.setting: row for row in _of_settings(settings)} if settings else {}
    known = settings.to_celery() if settings else {}
    changed = app.conf.table(censored=False)
    for name, value in sorted(changed.items()):
        if name == "deprecated_settings" or (name in known and known[name] == value):
            continue
        before = rows.get(name)
        overrode = (f"{before.value} from {before.origin}", *before.overrode) if before else ()
        # make_app names beatkit's scheduler itself, where no setting names another.
        later = "beatkit's default" if str(value).startswith("beatkit.") else "assigned later"
        origin = f"app.conf, {later}" if settings else "app.conf"
        rows[name] = Explained(name, brief(name, value), origin, overrode)
    return list((rows | _forced(rows)).values())


def _forced(rows: Mapping[str, Explained]) -> dict[str, Explained]:
    """Return the settings that Celery reads from the environment, whatever else was said."""
    found = {}
    for key, name in BEATS_ALL.items():
        given, row = os.environ.get(key), rows.get(name)
        value = brief(name, given)
        if not given or (row is not None and row.value == value):
            continue
        before = (f"{row.value} from {row.origin}", *row.overrode) if row is not None else ()
        overrode = tuple(text for text in before if not text.endswith(f" from {key} in {_HERE}"))
        found[name] = Explained(name, value, f"{key} in {_HERE}", overrode)
    return found


_HERE = "the environment"


def _of_settings(settings: Settings) -> list[Explained]:
    return [
        Explained(
            each.name,
            brief(each.name, each.value),
            _origin(each.key, each.name, each.where),
            tuple(_overrode(other) for other in settings.overridden(each.name)),
        )
        for each in settings.given()
    ]


def _overrode(other: Given) -> str:
    origin = _origin(other.key, other.name, other.where)
    return f"{brief(other.name, other.value)} from {origin}"


def _origin(key: str, name: str, where: str) -> str:
    return where if key in (name, where.partition(" ")[0]) else f"{key} in {where}"
