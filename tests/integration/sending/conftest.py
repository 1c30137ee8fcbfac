"""An app on a real Valkey, and both beats' messages to compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery

from beatkit.sending import open_way
from beatkit.store.choice import choose, open_choice
from tests.integration.sending.desk import Desk
from tests.servers import ValkeyServer


@pytest.fixture
def desk(valkey: ValkeyServer) -> Callable[..., Desk]:
    """Make a desk: an app on the server, its store and its way of sending."""
    desks: list[Desk] = []

    def make(app: Celery | None = None, **settings: Any) -> Desk:
        app = app or Celery("shop", broker=valkey.url(), set_as_current=False)
        app.conf.update(settings)
        choice = choose(app)
        store = open_choice(choice)
        way = open_way(app, choice, store, now=lambda: store.read([]).now)
        desks.append(Desk(app, store, way, valkey))
        return desks[-1]

    yield make
    for one in desks:
        one.close()
