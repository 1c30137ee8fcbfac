"""A RabbitMQ node that is killed and started again, or full, while a beat publishes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from beatkit.errors import StoreError
from beatkit.sending.message import task_id
from tests.integration.sending.counter import Counter
from tests.rabbit import RabbitNode


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RabbitNode]:
    made = RabbitNode(tmp_path).start()
    yield made
    made.kill()


@pytest.mark.slow
@pytest.mark.timeout(400)
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


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_memory_alarm_blocks_and_what_was_on_the_wire_is_not_sent_again(
    node: RabbitNode, counter_at: Callable[[str], Counter]
) -> None:
    counter = counter_at(node.url)
    entry = counter.entry()
    counter.send(entry)
    node.control("set_vm_memory_high_watermark", "0.0000001")

    slots = [counter.send(entry)[1]]  # the node tells whoever publishes, and reads no more
    assert [one[1] for one in counter.pendings()] == slots
    with pytest.raises(StoreError, match="its memory or its disk is full"):
        counter.attend(entry)
    publisher: Any = counter.way._publisher  # type: ignore[attr-defined]
    assert publisher.blocked

    node.control("set_vm_memory_high_watermark", "0.4")
    end = time.monotonic() + 60
    while counter.pendings() and time.monotonic() < end:
        with contextlib.suppress(StoreError):
            counter.attend(entry)
        time.sleep(0.1)
    assert len(counter.ids()) == len(slots) + 1
