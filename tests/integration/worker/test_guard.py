"""Real workers on real brokers: which messages they run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from beatkit.store.events import from_text
from tests.integration.worker.conftest import Shop, now_ms

REASON = "not started: "


def skipped(log: Path, why: str) -> int:
    return log.read_text().count(REASON + why)


def test_a_copy_of_a_message_is_not_started_and_a_retry_is(shop: Shop) -> None:
    log = shop.worker("-c", "2")
    slot = now_ms()
    ran = [f"{shop.send('quick', slot)} 0 {slot}"]
    shop.until(lambda: shop.ran() == ran)
    shop.send("quick", slot)
    shop.until(lambda: skipped(log, "it is a copy") == 1)
    retried = shop.send("fragile", slot + 1)
    ran += [f"{retried} 0 {slot + 1}", f"{retried} 1 {slot + 1}"]
    shop.until(lambda: shop.ran() == ran)
    shop.send("fragile", slot + 1)
    shop.until(lambda: skipped(log, "it is a copy") == 2)
    assert shop.ran() == ran


def test_of_many_copies_at_once_one_runs(shop: Shop) -> None:
    logs = [shop.worker("-c", "4") for _ in range(2)]
    slot = now_ms()
    for _ in range(40):
        made = shop.send("quick", slot)
    shop.until(lambda: sum(skipped(log, "it is a copy") for log in logs) == 39)
    assert shop.ran() == [f"{made} 0 {slot}"]


def test_past_its_deadline_a_run_is_not_started_and_that_is_recorded(shop: Shop) -> None:
    log = shop.worker("-c", "1")
    slot = now_ms() - 60_000
    shop.send("quick", slot, policy={"deadline": 30, "coalesce": False})
    made = shop.send("quick", slot + 1, policy={"deadline": 120, "coalesce": False})
    shop.until(lambda: shop.ran() == [f"{made} 0 {slot + 1}"])
    assert skipped(log, "it is past its deadline") == 1
    with shop.store.client(1) as client:
        texts = client.lrange("beatkit:shop:history", 0, -1)
    events = [from_text(text.decode()) for text in texts]
    assert [(one.entry, one.slot, one.why) for one in events if one.what == "skipped"] == [
        ("hello", slot, "deadline")
    ]


@pytest.mark.parametrize(("coalesce", "runs"), [(True, 1), (False, 240)])
def test_a_backlog_of_240_slots_becomes_one_run_of_the_newest_or_all_of_them(
    shop: Shop, coalesce: bool, runs: int
) -> None:
    newest = now_ms() // 15_000 * 15_000
    slots = [newest - 15_000 * back for back in reversed(range(240))]
    ids = [
        shop.send("quick", slot, policy={"coalesce": coalesce, "deadline": 7200}) for slot in slots
    ]
    shop.decide(newest)
    log = shop.worker("-c", "2")
    shop.until(lambda: len(shop.ran()) + skipped(log, "a later start") == 240)
    if coalesce:
        assert len(shop.ran()) == 1
        assert shop.ran()[0].endswith(f" {newest}")
    else:
        assert sorted(shop.ran()) == sorted(
            f"{made} 0 {slot}" for made, slot in zip(ids, slots, strict=True)
        )


def test_a_message_whose_worker_died_waits_for_its_mark_and_runs_again(shop: Shop) -> None:
    log = shop.worker("-c", "1")
    slot = now_ms()
    made = shop.send("deadly", slot)
    shop.until(lambda: skipped(log, "it was delivered again and seems to run") == 1)
    assert shop.ran() == [f"{made} 0 {slot}"]
    shop.until(lambda: len(shop.ran()) == 2)
    shop.send("deadly", slot)
    shop.until(lambda: skipped(log, "it is a copy") == 1)
    assert shop.ran() == [f"{made} 0 {slot}"] * 2


def test_without_a_policy_nothing_is_asked(redis_shop: Shop) -> None:
    log = redis_shop.worker("-c", "2")
    slot = now_ms()
    for _ in range(3):
        made = redis_shop.send("quick", slot, policy=None)
    redis_shop.until(lambda: redis_shop.ran() == [f"{made} 0 {slot}"] * 3)
    with redis_shop.store.client(1) as client:
        assert client.keys() == []
        assert "cmdstat_evalsha" not in client.info("commandstats")
    assert "Runs start" not in log.read_text()


def test_a_run_costs_two_round_trips_one_script_each(redis_shop: Shop) -> None:
    redis_shop.worker("-c", "1")
    slot = now_ms()
    redis_shop.send("quick", slot)  # the first has the server learn the scripts
    redis_shop.until(lambda: len(redis_shop.ran()) == 1)
    with redis_shop.store.client(1) as client:
        marked = "beatkit:shop:marks:hello"
        redis_shop.until(lambda: b"running" not in b"".join(client.hvals(marked)))
        client.config_resetstat()
        for at in range(1, 21):
            redis_shop.send("quick", slot + at)
        redis_shop.until(lambda: client.hlen(marked) == 21)
        redis_shop.until(lambda: b"running" not in b"".join(client.hvals(marked)))
        calls = {name: row["calls"] for name, row in client.info("commandstats").items()}
    assert calls["cmdstat_evalsha"] == 40
    inside = {
        "hgetall",
        "hset",
        "pexpire",
        "time",
        "hget",
        "hdel",
        "hexists",
        "rpush",
        "ltrim",
        "zscore",
    }
    ours = {"config|resetstat", "hlen", "hvals", "info", "evalsha"}
    assert {name.removeprefix("cmdstat_") for name in calls} <= inside | ours


def test_while_the_store_is_away_runs_start_and_what_ran_does_not_run_again(shop: Shop) -> None:
    log = shop.worker("-c", "1")
    slot = now_ms()
    shop.send("quick", slot)
    shop.until(lambda: len(shop.ran()) == 1)
    shop.store.kill()
    for at in range(1, 4):
        shop.send("quick", slot + at)
    shop.until(lambda: len(shop.ran()) == 4)
    shop.store.start()
    for at in range(1, 4):
        shop.send("quick", slot + at)
    shop.until(lambda: skipped(log, "it is a copy") == 3)
    assert len(shop.ran()) == 4
    assert log.read_text().count("Runs start unguarded for now") == 1
    assert log.read_text().count("Runs are guarded again") == 1


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo", "gevent"])
def test_overlap_skip_runs_one_at_a_time(redis_shop: Shop, pool: str) -> None:
    if pool == "gevent":
        pytest.importorskip("gevent")
    logs = [redis_shop.worker("-c", "4", "-P", pool) for _ in range(2)]
    slot = now_ms()
    for at in range(100):
        redis_shop.send("slow", slot + at, 0.05, policy={"overlap": "skip", "coalesce": False})

    def over() -> bool:
        ended = redis_shop.notes.llen("spans") // 2
        return ended + sum(skipped(log, "another run") for log in logs) == 100

    redis_shop.until(over)
    spans = redis_shop.notes.lrange("spans", 0, -1)
    assert [span.split()[0] for span in spans] == ["begin", "end"] * (len(spans) // 2)
    assert len(spans) >= 2


def test_overlap_skip_outlives_five_worker_kills(shop: Shop) -> None:
    """100 slots, in each twentieth of which the worker that runs one is killed."""
    skip = {"overlap": "skip", "coalesce": False}
    shop.env |= {"LIVE": "3", "EARLY": "yes"}
    slots = count(now_ms())
    log = shop.worker("-c", "4")
    for _ in range(5):
        _send_until_one_runs(shop, log, slots, 60, policy=skip)
        shop.kill(-1)
        log = shop.worker("-c", "4")
        for _ in range(18):
            shop.send("slow", next(slots), 0.01, policy=skip)
        # ... and it is blocked no longer than the mark lives.
        _send_until_one_runs(shop, log, slots, 0, policy=skip)
        shop.until(lambda: shop.spans()[-1].startswith("end"))
    spans = shop.spans()
    # A run is followed by its own end, or was killed: none began while another went on.
    cut_off = [one for one, then in pairwise(spans) if one[:5] == "begin" == then[:5]]
    assert len(cut_off) == 5
    for one, then in pairwise(spans):
        assert then.startswith("begin") or then == one.replace("begin", "end")


def _send_until_one_runs(
    shop: Shop, log: Path, slots: Iterator[int], seconds: float, policy: dict[str, Any]
) -> None:
    """Send slot after slot, each once the one before was judged, until one is started."""
    for slot in slots:
        made = shop.send("slow", slot, seconds, policy=policy)
        begun, left_out = f"begin {made}", f"[{made}] ignored"
        shop.until(
            lambda begun=begun, left_out=left_out: (
                begun in shop.spans() or left_out in log.read_text()
            )
        )
        if begun in shop.spans():
            return


def test_a_run_that_ends_while_the_store_is_away_does_not_run_again(redis_shop: Shop) -> None:
    log = redis_shop.worker("-c", "1")
    slot = now_ms()
    made = redis_shop.send("slow", slot, 2)
    redis_shop.until(lambda: redis_shop.spans() == [f"begin {made}"])
    redis_shop.store.kill()
    redis_shop.until(lambda: redis_shop.spans() == [f"begin {made}", f"end {made}"])
    redis_shop.store.start()
    with redis_shop.store.client(1) as client:
        redis_shop.until(lambda: b"finished" in b"".join(client.hvals("beatkit:shop:marks:hello")))
    redis_shop.send("slow", slot, 2)
    redis_shop.until(lambda: skipped(log, "it is a copy") == 1)
    assert redis_shop.spans() == [f"begin {made}", f"end {made}"]


@pytest.mark.slow
def test_a_long_run_keeps_its_mark_live(redis_shop: Shop) -> None:
    redis_shop.worker("-c", "1")
    redis_shop.send("slow", now_ms(), 12)
    redis_shop.until(lambda: redis_shop.notes.llen("spans") == 1)
    with redis_shop.store.client(1) as client:

        def refreshed() -> bool:
            (mark,) = client.hvals("beatkit:shop:marks:hello")
            _, _, _, until, started, _ = mark.split()
            return int(until) >= int(started) + 39_000

        redis_shop.until(refreshed)
