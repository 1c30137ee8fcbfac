"""Two hosts whose clocks are ten minutes apart: the guard goes by the store's alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.integration.worker.conftest import Shop, now_ms
from tests.integration.worker.test_guard import skipped


def test_hosts_whose_clocks_are_minutes_apart_judge_alike(redis_shop: Shop) -> None:
    shop = redis_shop
    logs = []
    for wrong in ("+300", "-300"):
        shop.env["CLOCK"] = wrong
        logs.append(shop.worker("-c", "2"))

    def left_out(why: str) -> int:
        return sum(skipped(log, why) for log in logs)

    slot = now_ms()
    for _ in range(10):
        shop.send("quick", slot)
    shop.until(lambda: left_out("it is a copy") == 9)
    assert len(shop.ran()) == 1

    shop.notes.delete("ran")
    limit = {"deadline": 60, "coalesce": False}
    expires = datetime.now(UTC) + timedelta(seconds=60)
    for at in range(1, 11):
        shop.send("quick", slot + at, policy=limit, expires=expires)
        shop.send("quick", slot - 90_000 - at, policy=limit)
    shop.until(lambda: left_out("it is past its deadline") == 10)
    shop.until(lambda: len(shop.ran()) == 10)

    shop.notes.delete("ran")
    shop.decide(slot + 100)
    for at in range(11, 31):
        shop.send("quick", slot + at, policy={"coalesce": True})
    shop.until(lambda: left_out("a later start") == 19)
    assert len(shop.ran()) == 1

    for at in range(101, 121):
        shop.send("slow", slot + at, 0.1, policy={"overlap": "skip", "coalesce": False})
    shop.until(lambda: left_out("another run") + len(shop.spans()) // 2 == 20)
    assert [span.split()[0] for span in shop.spans()] == ["begin", "end"] * (len(shop.spans()) // 2)
