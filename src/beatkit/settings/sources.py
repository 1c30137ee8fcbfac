"""Where settings come from: one `Source` for each thing that a user can hand over."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from beatkit.settings.problems import Problem, SettingsError

# A mapping with one of these is a web application's whole configuration.
_WEB = frozenset({"SECRET_KEY", "INSTALLED_APPS", "ROOT_URLCONF", "SQLALCHEMY_DATABASE_URI"})
_DJANGO = "Django settings"
_FILES = (".toml", ".yaml", ".yml", ".json")


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
    """

    label: str
    values: Mapping[str, Any]
    namespace: str | None = None
    shared: bool = False
    python: bool = False
    environment: bool = False

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
    label, values, is_shared, python = _open(source)
    if label == _DJANGO:
        values = _in_djangos_zone(values, namespace or "CELERY")
    web = not _WEB.isdisjoint(values)
    decided = (is_shared or web or namespace is not None) if shared is None else shared
    inner = _nested(values, namespace)
    if inner is not None:
        values, label, decided = inner, f"CELERY in {label}", False
        namespace = None
    return Source(label, values, namespace, decided, python)


def _open(source: Any) -> tuple[str, Mapping[str, Any], bool, bool]:
    """Return label, values, whether shared, and whether they are names of Python code."""
    if source is None:
        return "nothing", {}, False, False
    if isinstance(source, str | Path):
        return _named(source)
    if isinstance(source, Mapping):
        flask = type(source).__module__.partition(".")[0] == "flask"
        return ("the Flask config" if flask else f"the mapping{caller()}"), source, flask, False
    if isinstance(source, ModuleType):
        return _module(source)
    config = getattr(source, "config", None)
    if isinstance(config, Mapping) and hasattr(source, "import_name"):
        return f"the config of Flask app {source.import_name!r}", config, True, False
    if type(source).__module__ == "django.conf" or hasattr(source, "SETTINGS_MODULE"):
        return _django(source)
    return _object(source)


def _object(source: Any) -> tuple[str, Mapping[str, Any], bool, bool]:
    fields = getattr(type(source), "model_fields", None)
    if fields is not None and not isinstance(source, type):
        values = {name: getattr(source, name) for name in source.model_fields_set | set(fields)}
        unset = {n for n in set(fields) - source.model_fields_set if values[n] is None}
        kept = {name: value for name, value in values.items() if name not in unset}
        return f"an instance of {type(source).__qualname__}", kept, False, False
    if isinstance(source, type) and hasattr(source, "model_fields"):
        _refuse(source, f"is the class {source.__qualname__}, expected an instance of it",
                f"write load({source.__qualname__}())")  # fmt: skip
    kind = f"class {source.__qualname__}" if isinstance(source, type) else "an instance of "
    label = kind if isinstance(source, type) else kind + type(source).__qualname__
    values = {name: getattr(source, name) for name in dir(source) if not name.startswith("_")}
    return label, values, False, True


def _module(module: ModuleType) -> tuple[str, Mapping[str, Any], bool, bool]:
    values = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    label = getattr(module, "__file__", None) or f"module {module.__name__}"
    return _short(label), values, False, True


def _django(settings: Any) -> tuple[str, Mapping[str, Any], bool, bool]:
    # dir() of Django's lazy object also lists what its own defaults hold.
    names = [name for name in dir(settings) if name.isupper()]
    return _DJANGO, {name: getattr(settings, name) for name in names}, True, False


def _in_djangos_zone(values: Mapping[str, Any], prefix: str) -> Mapping[str, Any]:
    """Django's TIME_ZONE is Celery's timezone where that is not set: Celery's own rule."""
    zone, inner = values.get("TIME_ZONE"), values.get(prefix)
    if not zone:
        return values
    if isinstance(inner, Mapping):
        unset = inner.get("timezone") is None
        return {**values, prefix: {**inner, "timezone": zone}} if unset else values
    unset = values.get(f"{prefix}_TIMEZONE") is None
    return {**values, f"{prefix}_TIMEZONE": zone} if unset else values


def _named(source: str | Path) -> tuple[str, Mapping[str, Any], bool, bool]:
    path = Path(source)
    if isinstance(source, Path) or path.suffix.lower() in _FILES:
        return _short(str(path)), _file(path), False, False
    module, colon, attribute = str(source).partition(":")
    try:
        found: Any = import_module(module)
    except ImportError as error:
        found, attribute = _attribute(module, error)
    for part in filter(None, attribute.split(".") if colon or attribute else ()):
        found = getattr(found, part)
    return _open(found)


def _attribute(dotted: str, error: ImportError) -> tuple[Any, str]:
    """Read "package.module.Class": import what can be imported, the rest are attributes."""
    parent, _, last = dotted.rpartition(".")
    missing = getattr(error, "name", None)
    if not parent or missing not in (dotted, dotted.partition(".")[0], parent):
        raise error
    try:
        module = import_module(parent)
    except ModuleNotFoundError:
        module = None
    if module is None or not hasattr(module, last):
        _refuse(dotted, f"is {dotted!r}, which cannot be imported", "check the name and sys.path")
    return module, last


def _file(path: Path) -> Mapping[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be read"
        _refuse(path, f"is the file {_short(str(path))}: {reason}", "check the path")
    values = _parse(path, content)
    if not isinstance(values, Mapping):
        _refuse(path, f"is the file {_short(str(path))}, which holds no table of names", "")
    tables: list[Mapping[str, Any]] = [
        values[key] for key in ("celery", "CELERY") if isinstance(values.get(key), Mapping)
    ]
    return tables[0] if tables else dict(values)


def _parse(path: Path, content: bytes) -> Any:
    try:
        return _parser(path)(content.decode())
    except ImportError:
        failure = "YAML needs a package: pip install beatkit[yaml]"
    except ValueError as error:
        failure = str(error)
    except Exception as error:  # noqa: BLE001  PyYAML's errors share no base with ValueError
        # Its whole text quotes the file, passwords and all.
        mark = getattr(error, "problem_mark", None)
        failure = f"{getattr(error, 'problem', None) or 'it is no YAML'}"
        failure += f", line {mark.line + 1}" if mark else ""
    return _refuse(path, f"is the file {_short(str(path))}, which cannot be read", failure)


def _parser(path: Path) -> Any:
    if path.suffix.lower() == ".toml":
        import tomllib

        return tomllib.loads
    if path.suffix.lower() == ".json":
        import json

        return json.loads
    import yaml

    return yaml.safe_load


def _nested(values: Mapping[str, Any], namespace: str | None) -> Mapping[str, Any] | None:
    """A CELERY mapping inside a configuration is the source, with what stands beside it."""
    inner = values.get(namespace or "CELERY")
    if not isinstance(inner, Mapping):
        return None
    beside = {
        key: value
        for key, value in values.items()
        if isinstance(key, str) and key.startswith(("CELERY_", "CELERYD_", "CELERYBEAT_"))
    }
    return {**beside, **inner}


def _short(path: str) -> str:
    """Return a path relative to the working directory, where it is inside it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path


def _refuse(source: object, said: str, remedy: str) -> Any:
    message = f"the source of settings {said}" + (f"\n  {remedy}" if remedy else "")
    raise SettingsError([Problem("type_error", "source", None, "load()", message)]) from None


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
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "beatkit":
        frame = frame.f_back
    return f" given in {_short(frame.f_code.co_filename)}, line {frame.f_lineno}"
