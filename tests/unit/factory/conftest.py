"""Apps that leave Celery as they found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import _state

from beatkit import Registry
from beatkit.declare import DEFAULT


@pytest.fixture(autouse=True)
def _celery_as_it_was() -> Iterator[None]:
    apps, finalizers = set(_state._apps), set(_state._on_app_finalizers)
    current, default = _state._tls.current_app, _state.default_app
    declared = dict(DEFAULT.declarations._by_identity)
    yield
    DEFAULT.declarations._by_identity = declared
    for app in set(_state._apps) - apps:
        app.close()
    _state._on_app_finalizers.clear()
    _state._on_app_finalizers.update(finalizers)
    _state._tls.current_app, _state.default_app = current, default


@pytest.fixture
def registry() -> Registry:
    return Registry()
