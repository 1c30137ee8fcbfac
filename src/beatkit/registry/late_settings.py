"""What was configured past `make_app`, or without it, and can it work?

`make_app` checks what it is given. An app that `install` was called on, and whatever is put
into `app.conf` later, is checked when a worker or beat starts. Names that nothing knows are
only reported here: programs keep values of their own in `app.conf`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from celery.app.defaults import _TO_NEW_KEY

from beatkit.settings import SettingsError

if TYPE_CHECKING:
    from beatkit.settings.sources import Source

# Judged row by row, with everything else that the schedule is made of.
_JUDGED_ELSEWHERE = frozenset({"beat_schedule", "deprecated_settings"})


def check_late_settings(app: Any) -> None:
    """Judge the settings that no `make_app` has judged.

    Raises:
        SettingsError: Some cannot work; lists all of them.
    """
    from beatkit.settings.judging import judge
    from beatkit.settings.loading import log
    from beatkit.settings.naming import name_all

    named = [name_all(source) for source in _sources(app)]
    judged = judge([each.given for each in named])
    problems = [*(p for each in named for p in each.problems), *judged.problems]
    wrong = [each for each in problems if each.raises and each.kind != "unknown"]
    if wrong:
        raise SettingsError(wrong)
    log(problems)


def _sources(app: Any) -> list[Source]:
    from beatkit.settings.sources import Source

    app.conf.finalize()
    checked = getattr(app, "beatkit_settings", None)
    known = checked.to_celery() if checked is not None else {}
    # Celery turns all of them to old names where most of the other source's are old.
    changes = {_TO_NEW_KEY.get(name, name): value for name, value in app.conf.changes.items()}
    late = {
        name: value
        for name, value in changes.items()
        if name not in _JUDGED_ELSEWHERE and not (name in known and known[name] == value)
    }
    return [Source("app.conf", late), *_given_to_config_from_object(app)]


def _given_to_config_from_object(app: Any) -> list[Source]:
    from beatkit.settings.sources import read

    given = app._config_source
    if given is None:
        return []
    try:
        source = read(given, app.namespace, None)
    except SettingsError:
        return []  # Celery was told to do without it, or has refused by itself before
    if isinstance(given, Mapping):
        source = replace(source, label="the mapping given to config_from_object")
    return [source]
