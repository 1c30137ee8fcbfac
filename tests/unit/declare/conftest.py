"""Modules as a user writes them, executed from a folder of their own."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from celery import _state

from beatkit import BeatkitError, Registry


@pytest.fixture(autouse=True)
def _no_app_left() -> Iterator[None]:
    apps = set(_state._apps)
    yield
    for app in set(_state._apps) - apps:
        app.close()


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def module(
    folder: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ModuleType]]:
    """Execute a text as shop.py, where `periodic` declares in the test's registry."""
    # Python takes compiled code for current if the file has the same size and second.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def execute(text: str, name: str = "shop", **names: Any) -> ModuleType:
        path = folder / "shop.py"
        path.write_text(dedent(text).lstrip("\n"))
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        vars(made).update({"periodic": registry.periodic, **names})
        sys.modules[name] = made
        spec.loader.exec_module(made)
        return made

    yield execute
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def refusal(module: Callable[..., ModuleType]) -> Callable[[str], str]:
    """Execute a text as shop.py and return the message with which beatkit refuses it."""

    def execute(text: str, **names: Any) -> str:
        with pytest.raises(BeatkitError) as raised:
            module(text, **names)
        return str(raised.value)

    return execute
