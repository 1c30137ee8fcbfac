"""How far is each backfill? What the one who runs it keeps in the store, to go on after a kill.

**What is authoritative.** The *cursor*: every slot of the range at or before it has been
sent. A step names the cursor it follows and moves it over the slots that it sends, and holds
only if the cursor still is the former; so two who run one backfill send each slot once.

**In each failure.** Where the store is the broker, a step's messages and its cursor are one
atomic step: a kill leaves no slot out and sends none twice. With any other broker a message
goes out before its step: a kill between the two sends one slot twice, with one task id. A
lost reply is found out by asking `begin` again.

**Memory.** One row a backfill; those that ended are forgotten `KEEP_MS` after they began.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from beatkit.store.values import Command

KEEP_MS = 30 * 24 * 3600 * 1000
"""For how long a backfill that ended is remembered: asked for again, it sends nothing."""

LOST = (
    "The store has lost how far the backfill of {0!r} was\n"
    "  what is on its way stays on its way\n"
    "  look at schedule history before you ask for the range again"
)


@dataclass(frozen=True, slots=True)
class Range:
    """What is backfilled: the slots of an entry from `start` on and before `end`.

    Attributes:
        entry: The entry's name.
        start: Milliseconds since 1970, UTC; belongs to it.
        end: The same; does not belong to it.
        round: 0, and one more each time that the same range is wanted again.
    """

    entry: str
    start: int
    end: int
    round: int = 0

    @property
    def key(self) -> str:
        """The range as one text; it is part of each run's task id."""
        return f"{self.start} {self.end} {self.round} {self.entry}"


@dataclass(frozen=True, slots=True)
class Backfill:
    """How far a backfill is.

    Attributes:
        range: What it is of.
        cursor: The last slot that was sent; before the range: none was.
        sent: How many were sent.
        ended: Whether all were.
        at: When it began, by the store's clock.
        by: Who began it.
    """

    range: Range
    cursor: int
    sent: int = 0
    ended: bool = False
    at: int = 0
    by: str = "-"


@dataclass(frozen=True, slots=True)
class Send:
    """One slot of a step: its task id, and what to tell the broker; nothing if that is done."""

    slot: int
    id: str
    commands: tuple[Command, ...] = ()


class Backfills(Protocol):
    """The backfills of a store. Each method is one round trip and one atomic step.

    All raise `StoreUnavailable` when the store does not answer in time, and `StoreError`
    when it refuses.
    """

    def begin(self, wanted: Range, by: str) -> Backfill:
        """Return how far a backfill is; it begins if there is none."""
        ...

    def step(
        self, known: Backfill, sends: Sequence[Send], *, ends: bool = False
    ) -> tuple[Backfill, str]:
        """Send slots in order, and move the cursor over them.

        Nothing happens if the cursor is not the known one. The first command of a slot
        carries its message; if the broker refuses it, the step stops before that slot.

        Args:
            known: The backfill as the caller knows it.
            sends: The next slots, in order.
            ends: These are the last ones.

        Returns:
            How far it is then, and the broker's error; "" if there was none.
        """
        ...


def backfill_from_json(text: str) -> Backfill:
    """Read a backfill from the JSON list of its fields."""
    of, *rest = json.loads(text)
    return Backfill(Range(*of), *rest)


class KeepsBackfills(Protocol):
    """What every store is besides `Store`."""

    def backfills(self) -> Backfills:
        """Return the same store as the keeper of backfills."""
        ...
