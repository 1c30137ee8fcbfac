"""The Slot that runs are given, by real beats and workers."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from tests.integration.worker.conftest import Shop

LOOKS = """

    import asyncio

    def look(name, slot):
        notes.rpush("slots", json.dumps([name, slot.to_json() if slot else None]))

    QUEUE = os.environ["QUEUE"]

    @periodic(seconds=1, queue=QUEUE, name="plain")
    def plain(*, slot: Slot | None = None) -> None:
        look("plain", slot)

    @periodic(seconds=1, queue=QUEUE, name="bound", args=["hi"])
    @app.task(bind=True)
    def bound(self, word: str, *, when: Slot | None = None) -> None:
        look("bound", when)
        if not self.request.retries and when is not None:
            raise self.retry(countdown=0)

    @periodic(seconds=1, queue=QUEUE, name="async")
    async def later(*, slot: Slot | None = None) -> None:
        await asyncio.sleep(0)
        look("async", slot)

    @periodic(seconds=2, queue=QUEUE, name="decorated", overlap="buffer_one")
    @periodic(seconds=4, queue=QUEUE, name="twice")
    @app.task
    def decorated(*, slot: Slot | None = None) -> None:
        look("decorated", slot)
"""


def _looks(shop: Shop) -> dict[str, list[dict[str, Any] | None]]:
    found: dict[str, list[dict[str, Any] | None]] = {}
    for text in shop.notes.lrange("slots", 0, -1):
        name, slot = json.loads(text)
        found.setdefault(name if slot is None else slot["entry"], []).append(slot)
    return found


def test_plain_bound_decorated_and_async_tasks_are_given_their_slot(one_shop: Shop) -> None:
    shop = one_shop
    shop.add(LOOKS)
    shop.worker("-c", "1")
    shop.beat()
    shop.until(lambda: all(len(_looks(shop).get(name, ())) >= 4 for name in ("plain", "twice")))
    seen = _looks(shop)
    assert set(seen) == {"plain", "bound", "async", "decorated", "twice"}
    for name, step in {"plain": 1_000, "async": 1_000, "decorated": 2_000, "twice": 4_000}.items():
        slots = [_of(slot) for slot in seen[name]]
        assert slots[0][1] is None
        assert all(at % step == 0 for at, _ in slots)
        # A message is for one slot, and its run for that or, late, for a newer one.
        assert all(previous <= at - step for at, previous in slots[1:] if previous)
        assert any(then[1] == at for (at, _), then in pairwise(slots))
    # A retry is for the slot of its first try.
    bound = [slot and slot["scheduled_for"] for slot in seen["bound"]]
    assert all(bound.count(slot) <= 2 for slot in bound)
    assert bound[0] == bound[1]


def test_after_an_outage_the_slot_says_catch_up_and_what_was_decided_before(one_shop: Shop) -> None:
    shop = one_shop
    shop.add(LOOKS)
    shop.worker("-c", "1")
    shop.beat()
    shop.until(lambda: len(_looks(shop).get("twice", ())) >= 1)
    shop.end_beat()
    last = _progress(shop)
    shop.until(lambda: _store_now(shop) > last + 8_500)
    shop.beat()

    def caught_up() -> list[dict[str, Any]]:
        return [one for one in _looks(shop)["twice"] if one and one["kind"] == "catch_up"]

    shop.until(lambda: bool(caught_up()))
    (slot,) = caught_up()
    assert slot["previous"] == last
    assert slot["scheduled_for"] >= last + 8_000


def _of(slot: dict[str, Any] | None) -> tuple[int, int | None]:
    assert slot is not None
    return slot["scheduled_for"], slot["previous"]


def _progress(shop: Shop) -> int:
    with shop.store.client(1) as client:
        return int(client.hget("beatkit:shop:progress", "twice").split()[0])


def _store_now(shop: Shop) -> int:
    with shop.store.client(1) as client:
        seconds, micros = client.time()
    return int(seconds * 1000 + micros // 1000)


def test_called_by_hand_or_sent_by_stock_beat_there_is_no_slot(one_shop: Shop) -> None:
    shop = one_shop
    shop.add(LOOKS + "    look('by hand', None) if plain() is None else None\n")
    shop.worker("-c", "1")
    shop.notes.delete("slots")
    shop.beat(stock=True)
    shop.until(lambda: shop.notes.llen("slots") >= 4)
    assert {text.split(", ", 1)[1] for text in shop.notes.lrange("slots", 0, -1)} == {"null]"}
