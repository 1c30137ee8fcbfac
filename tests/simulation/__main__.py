"""`python -m tests.simulation [HISTORIES]`: run many histories and print what came of them."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

from tests.simulation.test_histories import (
    SCHEDULE,
    a_history,
    a_history_of_deployments,
    a_history_of_wipes,
    a_history_over_another_broker,
)
from tests.simulation.world import START, World

KINDS: dict[str, tuple[Callable[[int], World], int]] = {
    "trouble": (a_history, 195),
    "deployments and leaping clocks": (a_history_of_deployments, 290),
    "trouble, over another broker": (a_history_over_another_broker, 410),
    "wiped stores": (a_history_of_wipes, 125),
}


def main(count: int) -> None:
    logging.disable(logging.CRITICAL)
    print("| kind | histories | messages | lost | doubled | seconds |\n|---|---|---|---|---|---|")
    for kind, (make, until) in KINDS.items():
        started = time.perf_counter()
        sent = lost = doubled = 0
        for seed in range(count):
            world = make(seed)
            sent += len(world.sent)
            doubled += len(world.doubled())
            lost += lost_in(world, until)
        took = time.perf_counter() - started
        print(f"| {kind} | {count:,} | {sent:,} | {lost} | {doubled} | {took:.0f} |", flush=True)


def lost_in(world: World, until: int) -> int:
    """Slots of the entries that every release has, neither sent nor recorded as missed."""
    first = min(one.slot for one in world.sent if one.entry == "second")
    # A wiped store's records are gone too: ask only for what must be sent, all of "seven".
    entries = SCHEDULE[1:2] if world.wipes else SCHEDULE[:2]
    return sum(len(world.undecided(one, first, START + until * 1000)) for one in entries)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
