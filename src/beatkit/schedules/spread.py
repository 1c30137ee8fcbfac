"""Spreading load: stable hashes in the place of chance.

What is spread must come out the same in every process, on every machine and after every
restart, so nothing here is random: the entry's name decides.
"""

from __future__ import annotations

from hashlib import blake2b


def stable_hash(text: str) -> int:
    """Return 48 bits that depend on the text alone (unlike `hash`, which differs by process)."""
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big")


def jitter_ms(entry: str, slot_ms: int, jitter_s: float, next_ms: int | None) -> int:
    """Return by how many milliseconds a slot's send is delayed.

    The same slot has the same delay wherever it is asked for; slots of one entry differ. The
    delay is less than the distance to the next slot, so slots are sent in their order.

    Args:
        entry: The entry's name.
        slot_ms: The slot's instant, in milliseconds since the epoch.
        jitter_s: The longest delay, in seconds; 0 for none.
        next_ms: The entry's next slot; None if this is the last.

    Returns:
        From 0 up to, not including, both `jitter_s` and the distance to the next slot.
    """
    room = round(jitter_s * 1000)
    if next_ms is not None:
        room = min(room, next_ms - slot_ms)
    return stable_hash(f"{entry}\0{slot_ms}") % room if room > 0 else 0
