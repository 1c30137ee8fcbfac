"""How much goes into one script: so many entries that no other client waits for long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from beatkit.store.values import Seed

T = TypeVar("T")

CLAIMS_AT_ONCE = 500
SEEDS_AT_ONCE = 1_000
READS_AT_ONCE = 5_000
"""Entries a call, so that none keeps the broker's other clients waiting for long."""


def in_parts(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Cut items into parts of at most some size."""
    return [items[at : at + size] for at in range(0, len(items), size)]


def batches(
    seeds: Sequence[Seed], gone: Sequence[str]
) -> list[tuple[Sequence[Seed], Sequence[str]]]:
    """Return what to seed and what is gone, batch by batch; one at least."""
    first: list[tuple[Sequence[Seed], Sequence[str]]] = [
        (part, ()) for part in in_parts(seeds, SEEDS_AT_ONCE)
    ]
    then: list[tuple[Sequence[Seed], Sequence[str]]] = [
        ((), part) for part in in_parts(gone, SEEDS_AT_ONCE)
    ]
    return [*first, *then] or [((), ())]
