"""The one suite runs over every kind of store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import fakeredis
import pytest

from tests.contract.benches import Bench, MemoryBench, RedisBench, SqliteBench
from tests.servers import ValkeyServer, unavailable


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    binary = shutil.which("redis-server")
    if binary is None:
        unavailable("no redis-server on PATH")
    server = ValkeyServer(tmp_path_factory.mktemp("redis"), binary=binary).start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "sqlite", "fakeredis", "valkey", "redis"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "memory":
        yield MemoryBench()
        return
    if request.param == "sqlite":
        file = SqliteBench(request.getfixturevalue("tmp_path") / "beatkit.db")
        yield file
        file.store.close()
        return
    if request.param == "fakeredis":
        made = RedisBench("redis://unused", fakeredis.FakeRedis(server=fakeredis.FakeServer()))
    else:
        name = {"valkey": "valkey", "redis": "redis_server"}[request.param]
        made = RedisBench(request.getfixturevalue(name).url())
    yield made
    made.store.close()
    made.redis.close()
