"""Which app does TARGET mean? Files, modules, `module:app` and dotted names.

TARGET is found the way Python finds it when started in the current folder; a file is
imported under the name it would have there, so that its tasks are called the same as under
`celery -A`. The app is the module's only Celery app, whatever its variable is called; a
Flask object called `app` beside it does not matter. Whatever goes wrong is one
`TargetError` that says where.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from celery import Celery, Task
from celery.local import Proxy

from beatkit.dev.blame import blaming, of_a_library, shown
from beatkit.errors import BeatkitError


class TargetError(BeatkitError):
    """TARGET names no Celery app that can be run; the message says why, and what to write."""


@dataclass(frozen=True, slots=True)
class Target:
    """The app to run.

    Attributes:
        app: The Celery app.
        name: The form that `celery -A` takes too: "shop:app".
        file: The file of the module that holds it; None if it has none.
    """

    app: Celery
    name: str
    file: str | None


def load(target: str) -> Target:
    """Import what TARGET names and return its Celery app.

    Args:
        target: A file ("shop/tasks.py"), a module ("shop.tasks"), either of them with a
            variable ("shop.tasks:app"), or the dotted form ("shop.tasks.app").

    Raises:
        TargetError: There is no such file, module, variable or app; or importing it fails.
    """
    before = frozenset(sys.modules)
    source, variable = _split(target)
    if not source:
        raise TargetError(
            f"TARGET is {target!r}, expected a file or a module"
            f"\n  write the file that makes the Celery app{_such_as(Path().glob('*.py'), Path())}"
        )
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    if source.endswith((".py", "/", os.sep)) or Path(source).name != source:
        module = _import_file(Path(source))
    else:
        module, dotted = _import_dotted(source)
        variable = variable or dotted
    return _named(module, variable) if variable else _only(module, before)


def _split(target: str) -> tuple[str, str]:
    """'shop:app' is ('shop', 'app'); a Windows drive is no module."""
    source, colon, variable = target.rpartition(":")
    if not colon or (len(source) == 1 and variable[:1] in ("/", "\\")):
        return target, ""
    return source, variable


def _import_file(path: Path) -> ModuleType:
    if path.is_dir() and (path / "__init__.py").exists():
        path /= "__init__.py"
    if path.is_dir():
        raise _folder(path)
    if not path.exists():
        raise TargetError(
            f"There is no file {str(path)!r}"
            f"\n  looked for {path.absolute()}"
            f"\n  write the path of a file that exists{_such_as(path.parent.glob('*.py'), path)}"
        )
    root, name = _importable(path.resolve())
    if sys.path[0] != str(root):
        sys.path.insert(0, str(root))
    module = _import(name)
    if getattr(module, "__file__", None) is None or Path(module.__file__ or "") != path.resolve():
        raise TargetError(
            f"{str(path)!r} cannot be imported as {name!r}: another module has that name"
            f"\n  it is {getattr(module, '__file__', None) or 'built into Python'}"
            f"\n  give the file a name of its own"
        )
    return module


def _folder(path: Path) -> TargetError:
    return TargetError(
        f"{str(path)!r} is a folder, expected a file or a module"
        f"\n  write the file that makes the Celery app{_such_as(path.glob('*.py'), path)}"
    )


def _importable(path: Path) -> tuple[Path, str]:
    """The folder that must be on sys.path, and the module's name seen from there."""
    names = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists():
        names.append(folder.name)
        folder = folder.parent
    return folder, ".".join(reversed(names))


def _import_dotted(source: str) -> tuple[ModuleType, str]:
    """Import the module; the last part may be a variable, as `celery -A` allows."""
    try:
        return _import(source), ""
    except _NoSuchModule:
        parent, _, variable = source.rpartition(".")
    try:
        if parent and variable:
            return _import(parent), variable
    except _NoSuchModule:
        pass
    names = [path.stem for path in Path.cwd().glob("*.py")]
    close = difflib.get_close_matches(source, names, n=1)
    raise TargetError(
        f"There is no module {source!r}"
        f"\n  looked in {Path.cwd()} and among the installed packages\n"
        + (
            f"  did you mean {close[0]!r}?"
            if close
            else "  write a module or a file, or start in the folder that holds it"
        )
    )


class _NoSuchModule(Exception):
    """The name itself leads nowhere, as opposed to an import inside it."""


def _import(name: str) -> ModuleType:
    with blaming(f"{name!r} cannot be imported", TargetError):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
    raise _NoSuchModule


def _only(module: ModuleType, before: frozenset[str]) -> Target:
    """The one app of the module; of a package also that of its `celery` module."""
    found = _apps(module)
    if not found and _has_celery_module(module):
        module = _import(f"{module.__name__}.celery")
        found = _apps(module)
    if len(found) == 1:
        return _target(found[0][1], module, found[0][0])
    if found:
        names = [repr(name) for name, _ in found]
        raise TargetError(
            f"{_called(module)} holds {len(found)} Celery apps: "
            f"{', '.join(names[:-1])} and {names[-1]}"
            f"\n  name the one to run: beatkit dev {module.__name__}:{found[0][0]}"
        )
    folder = Path(module.__name__)
    if getattr(module, "__file__", None) is None and folder.is_dir():
        raise _folder(folder)  # Python takes any folder for a package
    raise TargetError(
        f"{_called(module)} holds no Celery app"
        + (
            _imported(before)
            or _stranger(module)
            or "\n  make one in it, or name the module that does"
        )
    )


def _named(module: ModuleType, variable: str) -> Target:
    value: Any = module
    for part in variable.split("."):
        if not hasattr(value, part):
            raise TargetError(f"{_called(module)} has no variable {variable!r}" + _instead(module))
        value = getattr(value, part)
    if not issubclass(type(value), Celery):
        raise TargetError(
            f"'{module.__name__}:{variable}' is {_kind(value)}, not a Celery app"
            + (_flask_recipe(value, module, variable) or _instead(module))
        )
    return _target(value, module, variable)


def _target(app: Celery, module: ModuleType, variable: str) -> Target:
    return Target(app, f"{module.__name__}:{variable}", getattr(module, "__file__", None))


def _apps(module: ModuleType) -> list[tuple[str, Celery]]:
    """Names and apps, each app once; `type`, as Celery's proxies pose as what they stand for."""
    found: dict[int, tuple[str, Celery]] = {}
    for name, value in vars(module).items():
        if issubclass(type(value), Celery) and (id(value) not in found or name in _USUAL):
            found[id(value)] = (name, value)
    return list(found.values())


_USUAL = ("app", "celery")


def _has_celery_module(module: ModuleType) -> bool:
    if not hasattr(module, "__path__"):
        return False
    return importlib.util.find_spec(f"{module.__name__}.celery") is not None


def _called(module: ModuleType) -> str:
    path = getattr(module, "__file__", None)
    return f"Module {module.__name__!r} ({shown(path) if path else 'no file'})"


def _kind(value: object) -> str:
    if value is None or isinstance(value, str | int):
        return repr(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if issubclass(type(value), Proxy) or isinstance(value, Task):
        return "a task"
    if isinstance(value, FunctionType | ModuleType):
        return f"a {type(value).__name__}"
    return f"a {type(value).__name__} object"


def _imported(before: frozenset[str]) -> str:
    """Name the user's module that has made an app meanwhile: a view imports its tasks."""
    for name in sorted(sys.modules.keys() - before):
        module = sys.modules[name]
        file = getattr(module, "__file__", None)
        if file and not of_a_library(file) and _apps(module):
            return f"\n  it imports {name!r} ({shown(file)}), which does\n  write {name}"
    return ""


def _stranger(module: ModuleType) -> str:
    """Say what `app` is, where the module has one that is not Celery's."""
    value = getattr(module, "app", None)
    if value is None:
        return ""
    recipe = _flask_recipe(value, module, "app")
    make = "\n  make a Celery app beside it, such as celery_app = beatkit.make_app('shop')"
    return f"\n  its 'app' is {_kind(value)}" + (recipe or make)


def _flask_recipe(value: object, module: ModuleType, variable: str) -> str:
    """Flask's documentation keeps the Celery app in `extensions["celery"]`."""
    extensions = getattr(value, "extensions", None)
    if not isinstance(extensions, dict) or not isinstance(extensions.get("celery"), Celery):
        return ""
    return (
        f"\n  it carries a Celery app; write below it: celery_app = {variable}"
        f'.extensions["celery"]; and run: beatkit dev {module.__name__}:celery_app'
    )


def _instead(module: ModuleType) -> str:
    found = _apps(module)
    if not found:
        return "\n  the module holds no Celery app: name one that does"
    return f"\n  write {module.__name__}:{found[0][0]}"


def _such_as(paths: Iterable[Path], wanted: Path) -> str:
    names = sorted(str(path) for path in paths if path.stem != "__init__")
    close = difflib.get_close_matches(str(wanted), names, n=1, cutoff=0.4) or names[:1]
    return f", such as {close[0]!r}" if close else ""
