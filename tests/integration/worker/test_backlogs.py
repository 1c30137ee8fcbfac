"""Queues that are behind, and what their messages come to."""

from __future__ import annotations

from tests.integration.worker.conftest import Shop, now_ms
from tests.integration.worker.test_guard import skipped

COALESCE = {"coalesce": True}


def test_a_queue_that_is_always_late_runs_once_for_all_that_came_due_meanwhile(
    redis_shop: Shop,
) -> None:
    """A 15 s entry on a queue that is 60 s behind is run about once a minute."""
    log = redis_shop.worker("-c", "1")
    first = now_ms() // 15_000 * 15_000
    slots = [first + 15_000 * at for at in range(48)]
    for at, slot in enumerate(slots):
        redis_shop.decide(slot)
        if at >= 4:  # the message of a minute ago arrives
            redis_shop.send("quick", slots[at - 4], policy=COALESCE)
            redis_shop.until(
                lambda at=at: len(redis_shop.ran()) + skipped(log, "a later start") == at - 3
            )
    given = [int(row.split()[2]) for row in redis_shop.ran()]
    assert given == slots[4::5]


def test_manual_and_backfill_runs_are_never_coalesced(redis_shop: Shop) -> None:
    log = redis_shop.worker("-c", "1")
    slot = now_ms()
    redis_shop.decide(slot)
    ran = [f"{redis_shop.send('quick', slot, policy=COALESCE)} 0 {slot}"]
    redis_shop.until(lambda: redis_shop.ran() == ran)
    for back, kind in enumerate(["manual", "backfill", "backfill"]):
        made = redis_shop.send("quick", slot - back, policy=COALESCE, kind=kind)
        ran.append(f"{made} 0 {slot - back}")
    redis_shop.until(lambda: redis_shop.ran() == ran)
    redis_shop.send("quick", slot - 5, policy=COALESCE)
    redis_shop.until(lambda: skipped(log, "a later start") == 1)
    # They cover nothing either: what comes due next is run.
    ran.append(f"{redis_shop.send('quick', slot + 1, policy=COALESCE)} 0 {slot + 1}")
    redis_shop.until(lambda: redis_shop.ran() == ran)


def test_what_a_beat_sent_too_long_ago_is_not_started_and_that_is_recorded(one_shop: Shop) -> None:
    """The deadline is the message's expiry too: Celery does not drop it before the guard looks."""
    one_shop.beat(seconds=1, args=[0], deadline=2, coalesce=False)
    one_shop.until(lambda: len(one_shop.waiting()) >= 6)
    log = one_shop.worker("-c", "1")
    one_shop.until(lambda: len(one_shop.ran()) >= 2)
    late = one_shop.recorded("deadline")
    assert skipped(log, "it is past its deadline") >= len(late) >= 3
    assert "Discarding revoked task" not in log.read_text()
