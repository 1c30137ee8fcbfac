"""The same histories with the store of production: Valkey runs the scripts, time is virtual.

The server's clock is moved by the store's own offset before each call, so it is right to
within what a call takes; a history is not repeated to the millisecond.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from beatkit.store.redis import RedisStore
from tests.servers import ValkeyServer
from tests.simulation import test_everything, test_histories
from tests.simulation.test_everything import CALM_S, STAYS, a_history_of_everything
from tests.simulation.test_histories import SCHEDULE, a_history, assert_all_decided
from tests.simulation.wire import QUEUE
from tests.simulation.world import START, World

SEEDS = [1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 40))]


class ServedWorld(World):
    """A world whose store and broker are a real server."""

    server: ValkeyServer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._client = self.server.client()
        self._client.flushall()
        self.store: Any = RedisStore(
            self.server.url(), prefix="beatkit:sim:", timeout=60, history=100_000, replica_wait=0
        )
        self._set_clock()

    def _set_clock(self) -> None:
        self.store.offset = self.store_now() - time.time_ns() // 1_000_000

    def served(self, call: Callable[[], Any]) -> Any:
        self._set_clock()
        reply = call()
        messages: Any = self._client.lrange(QUEUE, 0, -1)
        if messages:
            self._client.delete(QUEUE)
        for message in reversed(messages):
            self.arrived(json.loads(message))
        return reply

    def act(self, *args: Any) -> None:
        self._set_clock()
        super().act(*args)


@pytest.fixture
def served(valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("Served", (ServedWorld,), {"server": valkey})
    for module in (test_histories, test_everything):
        monkeypatch.setattr(module, "World", kind)


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("seed", SEEDS)
def test_trouble(seed):
    world = a_history(seed)
    assert isinstance(world, ServedWorld)
    assert world.doubled() == []
    assert_all_decided(world, SCHEDULE, START + 2_000, START + 195_000)


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("seed", SEEDS)
def test_everything_at_once(seed):
    world = a_history_of_everything(seed)
    assert isinstance(world, ServedWorld)
    assert world.doubled() == []
    assert world.before_their_time == []
    assert_all_decided(world, STAYS, START + 3_000, START + (CALM_S - 5) * 1000)
    for one in world.sent:
        assert one.revision == one.in_force
        if one.entry == "pausable":
            assert not world.was_paused("entry:pausable", one.at)
