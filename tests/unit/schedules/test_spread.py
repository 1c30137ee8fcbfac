"""Stable hashes in the place of chance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from beatkit.schedules.spread import jitter_ms, stable_hash


def test_the_hash_is_the_same_in_every_process_and_release() -> None:
    assert stable_hash("shop.close_day") == 34774625507672
    assert stable_hash("") < 2**48


def test_jitter_differs_by_entry_and_slot_and_fills_its_range() -> None:
    delays = [jitter_ms("e", slot * 1000, 0.5, slot * 1000 + 1000) for slot in range(2000)]

    assert 0 <= min(delays) < 5
    assert 495 <= max(delays) < 500
    assert jitter_ms("e", 0, 60, None) == jitter_ms("e", 0, 60, None)
    assert jitter_ms("e", 0, 60, None) != jitter_ms("f", 0, 60, None)


@given(some.text(), some.integers(0, 2**42), some.floats(0, 1e6), some.integers(1, 10**9))
def test_jitter_is_less_than_the_distance_to_the_next_slot(
    entry: str, slot: int, jitter: float, distance: int
) -> None:
    delay = jitter_ms(entry, slot, jitter, slot + distance)

    assert 0 <= delay < distance
    assert delay <= jitter * 1000


def test_no_jitter_delays_nothing() -> None:
    assert jitter_ms("e", 1000, 0, 2000) == 0
