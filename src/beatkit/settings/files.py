"""Settings from a TOML, YAML or JSON file: the table of names in it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from beatkit.settings.problems import Problem, SettingsError

SUFFIXES = (".toml", ".yaml", ".yml", ".json")


def read_file(path: Path) -> tuple[str, Mapping[str, Any]]:
    """Return what messages call a file, and its names: its `celery` table if it has one.

    Raises:
        SettingsError: It cannot be read or parsed, or is no table of names.
    """
    label, remedy = short(path), "write names and values: broker_url = ..."
    try:
        content = path.read_text("utf-8")
    except FileNotFoundError:
        reason, remedy = "there is none", f"looked for {path.absolute()}"
    except OSError as error:
        reason, remedy = error.strerror or "cannot be read", "check the path, and who may read it"
    except UnicodeDecodeError:
        reason, remedy = "is not UTF-8 text", "save it as UTF-8"
    else:
        values = _parse(path, content)
        if isinstance(values, Mapping):
            inner = values.get("celery", values.get("CELERY"))
            return (
                (f"[celery] in {label}", inner) if isinstance(inner, Mapping) else (label, values)
            )
        reason = "holds no table of names"
    raise unreadable(f"the settings file {label}: {reason}", remedy)


def _parse(path: Path, content: str) -> Any:
    try:
        return _parser(path)(content)
    except ImportError:
        reason = "YAML needs a package: pip install beatkit[yaml]"
    except ValueError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001  PyYAML's errors share no base with ValueError
        # Its whole text quotes the file, passwords and all.
        mark = getattr(error, "problem_mark", None)
        reason = str(getattr(error, "problem", None) or "it is no YAML")
        reason += f", line {mark.line + 1}" if mark else ""
    raise unreadable(f"the settings file {short(path)} cannot be read", reason)


def _parser(path: Path) -> Callable[[str], Any]:
    suffix = path.suffix.lower()
    if suffix in (".toml", ".json"):
        return tomllib.loads if suffix == ".toml" else json.loads
    import yaml

    parse: Callable[[str], Any] = yaml.safe_load
    return parse


def short(path: str | Path) -> str:
    """Return a path relative to the working directory, where it is inside it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def unreadable(said: str, remedy: str) -> SettingsError:
    """Return the error of a source that cannot be read at all."""
    message = f"{said}\n  {remedy}"
    return SettingsError([Problem("type_error", "source", None, "load()", message)])
