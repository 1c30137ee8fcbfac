"""RabbitMQ killed and started again while a beat publishes: nothing is lost."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from beatkit.errors import StoreError
from beatkit.sending.message import task_id
from tests.integration.sending.counter import Counter
from tests.integration.sending.rabbit import RabbitNode


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RabbitNode]:
    made = RabbitNode(tmp_path).start()
    yield made
    made.kill()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_no_slot_is_lost_and_every_double_has_its_slots_id(
    node: RabbitNode, counter_at: Callable[[str], Counter]
) -> None:
    counter = counter_at(node.url)
    entry = counter.entry()
    claimed: list[int] = []
    stop = threading.Event()

    def kill_and_start() -> None:
        for _ in range(3):
            time.sleep(1.5)
            node.kill()
            node.start()
        time.sleep(1)
        stop.set()

    breaker = threading.Thread(target=kill_and_start)
    breaker.start()
    while not stop.is_set():
        with contextlib.suppress(StoreError):
            counter.attend(entry)
            answer, slot = counter.send(entry)
            assert answer.outcome == "pending"
            claimed.append(slot)
    breaker.join()
    end = time.monotonic() + 60
    while counter.pendings() and time.monotonic() < end:
        with contextlib.suppress(StoreError):
            counter.attend(entry)

    received = Tally(counter.ids())
    assert set(received) == {task_id("beatkit:shop:", "hello", slot) for slot in claimed}
    print(f"{len(claimed)} slots claimed, {sum(received.values()) - len(claimed)} doubled, 0 lost")
