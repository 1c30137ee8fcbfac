"""What the marks of many entries take: an hour at full speed, without waiting for it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid5

import pytest

from beatkit.sending.message import _IDS
from beatkit.store.redis import RedisStore
from beatkit.store.runs import MARKS, Run
from tests.servers import ValkeyServer

BYTES_A_MARK = 200
"""A mark's key and value are some 110 bytes; the rest is the server's."""


def _minute(store: RedisStore, entries: int, minute: int) -> None:
    """Run each entry's slot of a minute."""
    runs, slot = store.runs(), 1_800_000_000_000 + 60_000 * minute
    for entry in range(entries):
        run = Run(f"entry-{entry}", slot, str(uuid5(_IDS, f"{entry} {slot}")), "0123456789ab")
        assert runs.start(run).outcome == "start"
        runs.finish(run, "finished")


@pytest.mark.parametrize(
    "entries",
    [50, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])],
    ids=["short", "whole"],
)
def test_the_memory_of_an_hours_marks_is_bounded(
    entries: int, new_valkey: Callable[..., ValkeyServer]
) -> None:
    """10,000 entries a minute for an hour; in the short form 50 entries."""
    server = new_valkey()
    store = RedisStore(server.url(), prefix="beatkit:shop:", timeout=30, history=0)
    used = []
    with server.client() as client:
        empty = client.info("memory")["used_memory"]
        for minute in range(60):
            store.offset += 60_000
            _minute(store, entries, minute)
            used.append(client.info("memory")["used_memory"] - empty)
        one = client.memory_usage("beatkit:shop:marks:entry-7")
        assert client.hlen("beatkit:shop:marks:entry-7") == MARKS + 1
        assert client.dbsize() == entries + 1  # and one of all entries' last runs
    store.close()
    print(f"{entries} entries: {used[34]:,} bytes after 35 minutes, {used[-1]:,} after 60")
    assert used[-1] < used[34] * 1.1 + 50_000
    assert one < (MARKS + 1) * BYTES_A_MARK
