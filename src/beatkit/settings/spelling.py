"""Which naming style a source uses, and what each of its keys means.

Three styles cover nearly everything people write:

- *bare*: `broker_url`, Celery's names since 4.0;
- *prefixed*: `CELERY_BROKER_URL`, under a declared namespace or by habit;
- *old*: `BROKER_URL`, `CELERYD_CONCURRENCY`, Celery 3's names.

A style belongs to a source, not to a key: 57 names, CELERY_RESULT_BACKEND among them, are
both prefixed and old, and count for either. One source has one style; the keys of another
are odd, and advice always points forward. Celery's own check looks at some routes only,
knows no prefixed names, and at times advises backwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from beatkit.settings import former
from beatkit.settings.catalog import OLD_NAMES, SETTINGS
from beatkit.settings.nearest import closeness, nearest, words
from beatkit.settings.sources import Source

Style = Literal["bare", "prefixed", "old"]
Sort = Literal["bare", "prefixed", "old", "both", "own", "extension", "foreign", "strange"]

# Old names without Celery in them, which web applications use for their own purposes.
_OTHERS_WORDS = (
    "S3_", "GCS_", "CONTROL_", "DATABASE_", "CASSANDRA_", "AZUREBLOCKBLOB_", "COSMOSDBSQL_",
)  # fmt: skip
_OURS = ("celery", "beatkit_", "broker_")
_ADDRESS = words(
    "broker_transport broker_host broker_port broker_user broker_password broker_vhost"
)
_DAEMONS = ("celeryd_", "celerybeat_", "beatkit_")


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a source, and what it means.

    Attributes:
        written: As the user wrote it.
        sort: In which style it is written, or whose it is.
        name: The setting it means; "" if none.
    """

    written: str
    sort: Sort
    name: str = ""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How one source spells its settings.

    Attributes:
        style: The style of the source.
        prefix: What prefixed names start with, such as "CELERY_".
        declared: Whether a namespace was declared, so that names must have the prefix.
        keys: Every key that is not another program's.
    """

    style: Style
    prefix: str
    declared: bool
    keys: tuple[Key, ...] = field(default=())

    def fitting(self, name: str) -> str:
        """Return how a setting is written beside the names that stand here already."""
        prefixed = self.style == "prefixed" and not name.isupper()
        own = name.startswith("beatkit_")
        return with_prefix(name, self.prefix) if prefixed and not own else self.write(name)

    def write(self, name: str) -> str:
        """Return how a setting is to be written in this source: forward, to its new name."""
        if name.startswith("beatkit_") and self.prefix.isupper() and self.declared:
            return name.upper()
        if not self.declared or name.isupper():
            return name
        return with_prefix(name, self.prefix)


def with_prefix(name: str, prefix: str) -> str:
    """Return a setting's prefixed name, in the prefix's case."""
    return f"{prefix}{name.upper() if prefix.isupper() else name}"


def spelling_of(source: Source, extensions: Iterable[str] = ()) -> Spelling:
    """Decide the style of a source and sort its keys.

    Args:
        source: Its values are looked at only to leave out other programs' keys.
        extensions: Names, globs or prefixes of keys that extensions own.
    """
    prefix = _prefix(source.namespace)
    extensions = tuple(extensions)
    keys = [
        _sort(str(key), value, prefix, source, extensions) for key, value in source.values.items()
    ]
    kept = tuple(key for key in keys if key.sort != "foreign")
    return Spelling(_style(kept, source), prefix, source.namespace is not None, kept)


def _installed() -> set[str]:
    """The settings of the installed Celery, which may be newer than the catalogue."""
    from celery.app.defaults import SETTING_KEYS

    return set(SETTING_KEYS)


def _prefix(namespace: str | None) -> str:
    if not namespace:
        return "CELERY_"
    stem = namespace.rstrip("_")
    # As Celery does: only an all upper-case namespace has upper-case names.
    return f"{stem}_" if stem.isupper() else f"{stem.lower()}_"


def _sort(key: str, value: Any, prefix: str, source: Source, extensions: tuple[str, ...]) -> Key:
    if key.startswith(("_", "DJANGO_")):
        return Key(key, "foreign")
    if key.lower() in SETTINGS and key.lower().startswith("beatkit_"):
        return Key(key, "own", key.lower())
    known = _known(key, prefix, extensions)
    if known and source.environment and former.belongs_to_others(key, value):
        return Key(key, "foreign")
    if known:
        return known if _is_ours(known, source) else Key(key, "foreign")
    if _is_foreign(key, value, prefix, source):
        return Key(key, "foreign")
    newer = unprefixed(key, prefix) or key
    return Key(key, "extension", newer) if newer in _installed() else Key(key, "strange")


def _known(key: str, prefix: str, extensions: tuple[str, ...]) -> Key | None:
    rest = unprefixed(key, prefix)
    if key in SETTINGS:
        return Key(key, "bare", key)
    for form in filter(None, (key, "ONCE" if rest == "once" else rest)):
        if former.is_extension(form) or _matches(form, extensions):
            return Key(key, "extension", form)
    if rest in SETTINGS:
        own = rest.startswith("beatkit_")
        both = OLD_NAMES.get(key) == rest
        return Key(key, "own" if own else "both" if both else "prefixed", rest)
    return Key(key, "old", OLD_NAMES[key]) if key in OLD_NAMES else None


def unprefixed(key: str, prefix: str) -> str:
    """Return the lower-case name behind a prefix; "" for a key without it."""
    if not key.startswith(prefix) or (prefix.isupper() and not key.isupper()):
        return ""
    return key[len(prefix) :].lower() if prefix.isupper() else key[len(prefix) :]


def _matches(key: str, extensions: tuple[str, ...]) -> bool:
    forms = (key, key.lower())
    return any(
        form == each or form.startswith(f"{each.rstrip('_')}_") or fnmatchcase(form, each)
        for each in extensions
        for form in forms
    )


def _is_ours(key: Key, source: Source) -> bool:
    if source.python and _is_code(source.values[key.written]):
        return key.sort != "bare" or not hasattr(source.values[key.written], "__path__")
    if not source.shared or key.sort not in ("old", "bare"):
        return True
    if key.sort == "bare":
        # Beside a declared prefix database_url and redis_host are the application's.
        fenced = source.namespace is not None
        return not (fenced and key.written.upper().startswith((*_OTHERS_WORDS, "REDIS_")))
    return not key.written.startswith(_OTHERS_WORDS)


def _is_code(value: object) -> bool:
    return type(value).__name__ == "module"


def _is_foreign(key: str, value: Any, prefix: str, source: Source) -> bool:
    """Whether a key of no known name is none of our business in this source."""
    lower = key.lower()
    ours = lower.startswith(prefix.lower()) or lower.startswith(_OURS)
    if source.python and not lower.startswith((prefix.lower(), "celery", "beatkit_")):
        return _is_of_code(key, value, prefix, source)
    if not source.shared:
        return False
    if not ours or former.belongs_to_others(key, value):
        return True
    stray = not lower.startswith(prefix.lower()) and not lower.startswith(_DAEMONS)
    return stray and not suggestion(key, prefix) and not former.removed(key)


def _is_of_code(key: str, value: Any, prefix: str, source: Source) -> bool:
    """Whether a name in Python code is a helper: only what looks like a slip is worth a word."""
    if callable(value) or _is_code(value) or former.removed(key):
        return True
    if key.isupper() and not key.startswith("BROKER_"):
        # Constants are in capitals: HOST and QUEUES are the module's own, RESULT_BACKEND is not.
        return "_" not in key or key.lower() not in SETTINGS
    meant = suggestion(key, prefix)
    # Parts of an address that stand beside the whole are what it was made of.
    made = meant in _ADDRESS and "broker_url" in source.values
    return meant is None or made or meant in source.values


def _style(keys: tuple[Key, ...], source: Source) -> Style:
    if source.namespace is not None:
        return "prefixed"
    sorts = {key.sort for key in keys}
    if "bare" in sorts:
        return "bare"
    # Beside old names, CELERY_RESULT_EXPIRES is the documented old name, not a prefixed one.
    prefixed = [k for k in keys if k.sort == "prefixed"]
    if "old" in sorts and not [k for k in prefixed if k.written not in former.DEAD]:
        return "old"
    return "prefixed" if prefixed or "both" in sorts else "bare"


def suggestion(key: str, prefix: str = "CELERY_") -> str | None:
    """Return the setting (or extension key) that a strange key most likely means."""
    if key.upper() in former.DEAD:
        return former.DEAD[key.upper()]
    plain = plain_name(key, prefix)
    if plain in SETTINGS:
        return plain
    upper = plain.upper()
    dead = former.DEAD.get(upper) or former.DEAD.get(f"CELERY_{upper}")
    found = former.ALIASES.get(plain) or dead or OLD_NAMES.get(upper) or _grouped(plain)
    return found or _near(key, plain) or _completed(plain)


def plain_name(key: str, prefix: str = "CELERY_") -> str:
    """Return a key without prefixes, in lower case, with single underscores."""
    plain = "_".join(part for part in key.lower().replace("-", "_").split("_") if part)
    for start in (prefix.lower(), "celery_"):
        while plain.startswith(start) and plain not in SETTINGS:
            plain = plain[len(start) :]
    for old, new in (("celeryd_", "worker_"), ("celerybeat_", "beat_")):
        if plain.startswith(old):
            plain = new + plain[len(old) :]
    return plain


def _grouped(plain: str) -> str | None:
    return next((f"{g}_{plain}" for g in former.GROUPS if f"{g}_{plain}" in SETTINGS), None)


def _completed(plain: str) -> str | None:
    """The only setting that goes on where a name of two words or more ends."""
    longer = [name for name in SETTINGS if name.startswith(f"{plain}_")]
    return longer[0] if len(longer) == 1 and "_" in plain else None


def _near(key: str, plain: str) -> str | None:
    """The nearest new name, or what the nearest old one means if that is nearer still."""
    new = nearest(plain, (*SETTINGS, *former.EXTENSIONS))
    old = nearest(key, OLD_NAMES)
    if old and (not new or closeness(key, old) > closeness(plain, new)):
        return OLD_NAMES[old]
    return new


def group_of(key: str, value: object) -> str | None:
    """Return the prefix of settings that a nested table was written for, if it is one."""
    plain = plain_name(key)
    group = f"{plain}_"
    nested = isinstance(value, Mapping) and plain not in SETTINGS
    nested = nested and any(name.startswith(group) for name in SETTINGS)
    return group if nested else None
