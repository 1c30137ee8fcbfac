"""Where settings come from: one `Source` for each thing that a user can hand over."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from beatkit.settings.catalog import SETTINGS
from beatkit.settings.files import SUFFIXES, read_file, short, unreadable
from beatkit.settings.former import belongs_to_others
from beatkit.settings.values import shown

_ZONE = "TIME_ZONE"
# Things that have attributes like everything, and none that could be a setting.
_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType)
_NO_SOURCES = (int, float, bytes, list, tuple, set, frozenset, *_FUNCTIONS)
_INNER = ("beatkit", "pydantic")
# A mapping with one of these is a web application's whole configuration.
_WEB = frozenset({"SECRET_KEY", "INSTALLED_APPS", "ROOT_URLCONF", "SQLALCHEMY_DATABASE_URI"})


FLASK, DJANGO = "the Flask config", "Django settings"
"""Labels of the two that hold names in capitals only."""


@dataclass(frozen=True, slots=True)
class Source:
    """Named values, before anybody has judged the names.

    Attributes:
        label: What the source is called in messages, as in "from the Flask config".
        values: Key -> value, as written.
        namespace: The declared prefix of names, without underscore; None: none declared.
        shared: Whether other programs' keys may stand beside Celery's.
        python: Whether the keys are names of Python code, most of which are no settings.
        environment: Whether these are environment variables: text, where empty means unset.
        keywords: Whether these are keyword arguments, of make_app or Settings.
    """

    label: str
    values: Mapping[str, Any]
    namespace: str | None = None
    shared: bool = False
    python: bool = False
    environment: bool = False
    keywords: bool = False

    def where(self, key: str) -> str:
        """Return where a key stands, for people who do not see the key beside it."""
        return f"{key} in {self.label}" if self.environment else self.label


def read(source: Any, namespace: str | None, shared: bool | None) -> Source:
    """Turn anything that `load` accepts into a `Source`.

    Args:
        source: A mapping, module, dotted name, file, class, instance or Flask app.
        namespace: As given to `load`.
        shared: As given to `load`; None: decided by what the source is.

    Raises:
        SettingsError: The file cannot be read, or the name not be imported.
    """
    if source is os.environ:
        return environment(os.environ)
    found = _open(source)
    if not all(isinstance(key, str) for key in found.values):  # YAML has keys of every kind
        found = replace(found, values={str(key): value for key, value in found.values.items()})
    if _is_django(source):
        found = replace(found, values=_in_djangos_zone(found.values, namespace or "CELERY"))
    for key in (namespace or "CELERY", "celery"):
        inner = _table(found.values.get(key))
        if inner is not None:
            beside = _beside(found.values, namespace or "CELERY")
            return Source(f"{key} in {found.label}", {**beside, **inner})
    if shared is None:
        shared = found.shared or namespace is not None or not _WEB.isdisjoint(found.values)
    return replace(found, namespace=namespace, shared=shared)


def _table(inner: Any) -> Mapping[str, Any] | None:
    """The settings that stand under one key: a mapping, or a model of pydantic's."""
    if isinstance(inner, Mapping):
        return inner
    model = hasattr(type(inner), "model_fields") and hasattr(inner, "model_fields_set")
    return _pydantic(inner).values if model else None


def _beside(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Names with the prefix that stand beside a nested CELERY mapping."""
    starts = (f"{prefix}_", "CELERYD_", "CELERYBEAT_")
    return {
        key: value
        for key, value in values.items()
        if isinstance(key, str) and key.startswith(starts) and not belongs_to_others(key, value)
    }


def _open(source: Any) -> Source:
    if source is None:
        return Source("nothing", {})
    if isinstance(source, str | Path):
        return _named(source)
    conf = getattr(source, "conf", source)
    if type(conf).__module__ == "celery.app.utils":
        return _celery(conf)
    if isinstance(source, Mapping):
        flask = type(source).__module__.partition(".")[0] == "flask"
        return Source(FLASK if flask else f"the mapping{caller()}", dict(source), shared=flask)
    config = getattr(source, "config", None)
    if isinstance(config, Mapping) and hasattr(source, "import_name"):
        return Source(f"the config of Flask app {source.import_name!r}", config, shared=True)
    return _object(source)


def _celery(conf: Any) -> Source:
    """What was set in a Celery app's configuration, without Celery's defaults."""
    values = dict(conf.table(with_defaults=False, censored=False))
    values.pop("deprecated_settings", None)  # Celery's own notes among the settings
    return Source("the configuration of a Celery app", values)


def _object(source: Any) -> Source:
    if isinstance(source, _NO_SOURCES):
        said = f"the source of settings is {shown(source)}, expected a mapping, a module, a class,"
        call = isinstance(source, _FUNCTIONS)
        remedy = "call it, if it returns settings" if call else "write {'broker_url': ...}"
        raise unreadable(f"{said} an instance, or the name of a module or file", remedy)
    if isinstance(source, ModuleType):
        label = short(getattr(source, "__file__", None) or f"module {source.__name__}")
        return Source(label, _attributes(source, vars(source)), python=True)
    if _is_django(source):
        return Source(DJANGO, _attributes(source, _not_djangos(source)), shared=True)
    if hasattr(source if isinstance(source, type) else type(source), "model_fields"):
        return _pydantic(source)
    if isinstance(source, type):
        return _class(source)
    label = f"an instance of {type(source).__qualname__}"
    return Source(label, _attributes(source, dir(source)), python=True)


def _attributes(source: object, names: Any) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names if not name.startswith("_")}


def _class(source: type) -> Source:
    name, values = source.__qualname__, _attributes(source, dir(source))
    for key in sorted(key for key, value in values.items() if isinstance(value, property)):
        if key in SETTINGS or key.startswith("CELERY_"):
            said = f"the source of settings is the class {name}, whose {key} is a property"
            raise unreadable(f"{said}, expected an instance of it", f"write {name}()")
    return Source(f"class {name}", values, python=True)


def _pydantic(source: Any) -> Source:
    if isinstance(source, type):
        name = source.__qualname__
        raise unreadable(f"the source of settings is the class {name}, expected an instance of it: "
               "a class of pydantic's has no values", f"write {name}()")  # fmt: skip
    # A field left at None was not given; one left at any other default was, by its author.
    names = type(source).model_fields
    values = {name: getattr(source, name) for name in names}
    kept = {n: v for n, v in values.items() if v is not None or n in source.model_fields_set}
    return Source(f"an instance of {type(source).__qualname__}", kept)


def _is_django(source: object) -> bool:
    return type(source).__module__ == "django.conf" or hasattr(source, "SETTINGS_MODULE")


def _not_djangos(settings: object) -> list[str]:
    """Names that the project defined: reading some of Django's own gives deprecation warnings."""
    own = vars(sys.modules.get("django.conf.global_settings", object))
    return [name for name in dir(settings) if name.isupper() and (name == _ZONE or name not in own)]


def _in_djangos_zone(values: Mapping[str, Any], prefix: str) -> Mapping[str, Any]:
    """Django's TIME_ZONE is Celery's timezone where that is not set: Celery's own rule."""
    zone, inner = values.get(_ZONE), values.get(prefix)
    if not zone:
        return values
    if isinstance(inner, Mapping):
        unset = inner.get("timezone") is None
        return {**values, prefix: {**inner, "timezone": zone}} if unset else values
    unset = values.get(f"{prefix}_TIMEZONE") is None
    return {**values, f"{prefix}_TIMEZONE": zone} if unset else values


def _named(source: str | Path) -> Source:
    path = Path(source)
    if isinstance(source, Path) or path.suffix.lower() in SUFFIXES:
        return Source(*read_file(path))
    if path.suffix == ".py" or "/" in source or source.startswith(".") or path.is_file():
        said = f"the source of settings is {source!r}, expected a module's name, or a TOML, YAML"
        remedy = f"write {path.stem!r}" if path.suffix == ".py" else "check the name and its ending"
        raise unreadable(f"{said} or JSON file", remedy)
    found, attributes = _imported(str(source))
    for name in attributes:
        if not hasattr(found, name):
            raise unreadable(f"the source of settings is {source!r}, and {found!r} has no {name!r}",
                   "write it like 'package.module' or 'package.module:Class'")  # fmt: skip
        found = getattr(found, name)
    return _open(found)


def _imported(dotted: str) -> tuple[Any, list[str]]:
    """Import the longest part of a dotted name that is a module; the rest are attributes."""
    name, _, after = dotted.partition(":")
    attributes = after.split(".") if after else []
    while name:
        try:
            return import_module(name), attributes
        except ModuleNotFoundError as error:
            # A module that exists and itself imports one that does not is another matter.
            if not f"{name}.".startswith(f"{error.name}."):
                raise
        name, _, last = name.rpartition(".")
        attributes.insert(0, last)
    raise unreadable(f"the source of settings is {dotted!r}, which cannot be imported",
           "check the name, and that its folder is on sys.path")  # fmt: skip


def environment(environ: Mapping[str, str]) -> Source:
    """Return the CELERY_* and BEATKIT_* variables that are set and not empty."""
    values = {
        key: value
        for key, value in environ.items()
        if key.startswith(("CELERY_", "BEATKIT_")) and value.strip()
    }
    return Source("the environment", values, "CELERY", shared=True, environment=True)


def caller() -> str:
    """Return " given in FILE, line N", where the code that called beatkit stands."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _INNER:
        frame = frame.f_back
    return f" given in {short(frame.f_code.co_filename)}, line {frame.f_lineno}"
