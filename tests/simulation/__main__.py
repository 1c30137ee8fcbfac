"""`python -m tests.simulation [HISTORIES]`: run many histories and print what came of them."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.test_everything import CALM_S, STAYS, a_history_of_everything
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
    "everything at once": (a_history_of_everything, CALM_S - 5),
    "wiped stores": (a_history_of_wipes, 125),
}


def main(count: int) -> None:
    print("| kind | histories | messages | lost | doubled | seconds |\n|---|---|---|---|---|---|")
    for kind, (make, until) in KINDS.items():
        started = time.perf_counter()
        with ProcessPoolExecutor() as cores:
            found = list(cores.map(partial(came_of, make, until), range(count), chunksize=10))
        sent, lost, doubled = map(sum, zip(*found, strict=True))
        took = time.perf_counter() - started
        print(f"| {kind} | {count:,} | {sent:,} | {lost} | {doubled} | {took:.0f} |", flush=True)


def came_of(make: Callable[[int], World], until: int, seed: int) -> tuple[int, int, int]:
    """Return how many messages a history sent, lost and doubled."""
    logging.disable(logging.CRITICAL)
    world = make(seed)
    return len(world.sent), lost_in(world, until), len(world.doubled())


def lost_in(world: World, until: int) -> int:
    """Slots of the entries that every release has, neither sent nor recorded as missed."""
    first = min(one.slot for one in world.sent if one.entry in ("second", "latest"))
    # A wiped store's records are gone too: ask only for what must be sent, all of "seven".
    entries = SCHEDULE[1:2] if world.wipes else [*SCHEDULE[:2], *STAYS]
    served = world.slots_sent()
    entries = [one for one in entries if one.name in served]
    return sum(len(world.undecided(one, first, START + until * 1000)) for one in entries)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
