"""How is a setting put into an app's conf so that Celery reads it back?"""

from __future__ import annotations

from typing import Any


def assign(conf: Any, name: str, value: object) -> None:
    """Set a setting by its new name.

    Celery 5.5 lets a name with the app's namespace in front, in any layer, hide what is
    assigned without it.
    """
    conf[name] = value
    if conf[name] is not value:
        conf[conf._to_keys(name)[0]] = value


def is_set(conf: Any, name: str) -> bool:
    """Whether the user has set it, under any of the names that Celery reads it by."""
    spellings = {*conf._to_keys(name), *(spell(name) for spell in conf._keys or ())}
    return any(key in layer for layer in conf.maps[:-1] for key in spellings)
