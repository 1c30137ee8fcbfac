"""Apps that leave Celery as they found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import _state

from beatkit import Registry


@pytest.fixture(autouse=True)
def _no_app_left() -> Iterator[None]:
    apps = set(_state._apps)
    yield
    for app in set(_state._apps) - apps:
        app.close()


@pytest.fixture
def registry() -> Registry:
    return Registry()
