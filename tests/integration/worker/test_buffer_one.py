"""`overlap="buffer_one"` with real workers and beats: one is kept, and sent once."""

from __future__ import annotations

from itertools import pairwise

from tests.integration.worker.conftest import Shop, now_ms
from tests.integration.worker.test_guard import skipped

BUFFER_ONE = {"overlap": "buffer_one", "coalesce": False}
KEPT = "another run of the entry has not ended; it is kept"


def test_of_those_that_wait_the_latest_runs_once_when_the_running_one_ends(one_shop: Shop) -> None:
    log = one_shop.worker("-c", "4")
    slot = now_ms()
    first = one_shop.send("slow", slot, 3, policy=BUFFER_ONE)
    one_shop.until(lambda: one_shop.spans() == [f"begin {first}"])
    for at in range(1, 4):
        last = one_shop.send("slow", slot + at, 0, policy=BUFFER_ONE)
    one_shop.until(lambda: skipped(log, "another run of the entry has not ended") == 3)
    assert one_shop.spans() == [f"begin {first}"]
    one_shop.until(lambda: len(one_shop.spans()) == 4)
    assert one_shop.spans() == [f"begin {first}", f"end {first}", f"begin {last}", f"end {last}"]
    assert one_shop.recorded("overlap") == [slot + 1, slot + 2]
    assert one_shop.ran()[1] == f"{last} 0 {slot + 3}"


def test_it_is_sent_although_the_worker_that_it_waits_for_is_killed(either_shop: Shop) -> None:
    shop = either_shop
    shop.env |= {"LIVE": "3", "EARLY": "yes"}
    shop.beat(hours=24, args=[0], overlap="buffer_one")
    shop.worker("-c", "1")
    slot = now_ms()
    dead = shop.send("slow", slot, 60, policy=BUFFER_ONE)
    shop.until(lambda: shop.spans() == [f"begin {dead}"])
    apart = f"{shop.queue}-apart"  # that the first worker does not fetch from
    log = shop.worker("-c", "2", queues=[apart])
    kept = shop.send("slow", slot + 1, 0, policy=BUFFER_ONE, queue=apart)
    shop.until(lambda: skipped(log, KEPT) == 1)
    shop.kill(0)
    shop.until(lambda: len(shop.spans()) == 3)
    assert shop.spans() == [f"begin {dead}", f"begin {kept}", f"end {kept}"]


def test_under_a_beat_one_run_follows_the_other_whatever_dies(either_shop: Shop) -> None:
    shop = either_shop
    shop.env |= {"LIVE": "3", "EARLY": "yes"}
    for _ in range(2):
        shop.worker("-c", "2")
        shop.beat(seconds=1, args=[1.5], overlap="buffer_one", deadline=60)
    shop.until(lambda: len(shop.spans()) >= 6)
    shop.kill(0)
    shop.worker("-c", "2")
    after = len(shop.spans())
    shop.until(lambda: len(shop.spans()) >= after + 6)
    spans = shop.spans()
    begun = [span.split()[1] for span in spans if span.startswith("begin")]
    assert len(begun) == len(set(begun))
    ended = [span for span in spans if span.startswith("end")]
    # Runs do not overlap: each end is that of the latest begin.
    for earlier, later in pairwise(spans):
        assert later.startswith("begin") or later == earlier.replace("begin", "end")
    assert len(begun) - len(ended) <= 2  # the one that was killed, and the one that runs
