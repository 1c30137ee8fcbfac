"""An app on a real Valkey, and both beats' messages to compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery

from beatkit.sending import open_way
from beatkit.store.choice import choose, open_choice
from tests.integration.sending.counter import Counter
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


@pytest.fixture
def counter_at(valkey: ValkeyServer) -> Iterator[Callable[[str], Counter]]:
    made: list[Counter] = []

    def make(broker: str) -> Counter:
        app = Celery("shop", broker=broker, set_as_current=False)
        app.conf.beatkit_store_url = valkey.url(3)
        choice = choose(app)
        store = open_choice(choice)
        way = open_way(app, choice, store, now=lambda: store.read([]).now)
        counter = Counter(app, store, way, valkey)
        counter.queue_name = f"beatkit-test-{uuid4().hex}"
        made.append(counter)
        return counter

    yield make
    for one in made:
        if one.app.conf.broker_url.startswith("amqp"):  # this server is shared, and stays
            with one.app.connection_for_write() as connection:
                queue = one.app.amqp.queues[one.queue_name](connection.default_channel)
                queue.delete()
                queue.exchange.delete()
        one.close()
