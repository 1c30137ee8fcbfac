"""Which runs have started, live and ended: what the workers' guard asks the same store.

**What is authoritative.** A *mark* for each message that was started: its slot and task id,
whether it runs, and until when it is believed to. And one line an entry: up to which slot a
start covered the slots before it, and whose start that was. And one *kept* run an entry at
most, which waits for the end of another (`overlap="buffer_one"`).

**What a worker may decide alone**: nothing about other runs. It asks `start`, one atomic
step that judges by the store's clock and leaves the mark; whoever asks later sees it.

**What happens in each failure**

- *The worker dies.* Nobody refreshes its mark, which is no longer live `LIVE_MS` later. A
  kept run that waited for it is then sent by the first beat that looks (`Store.release`).
- *The store is away.* `StoreUnavailable`: the worker runs the task. `refresh` and `finish`
  make the mark that `start` could not, as soon as one of them arrives.
- *A reply is lost.* The mark stands and the worker does not know: it runs the task, and its
  own `finish` ends that mark.
- *The store lost its marks.* A copy of a message that had been started may run again.

A kept run is taken and sent in one step, by the `finish` of the run it waits for or by
`release`: pushed where the store is the broker, else made a pending of nobody's, which a
beat publishes. So of any number that look, one sends it.

**Memory** is bounded: marks of the newest `MARKS` starts of an entry, besides those that
are live, and none for longer than `KEEP_MS`; up to `YOUNG_MARKS` while they are younger than
`YOUNG_MS`, for an entry that starts often; one message an entry that keeps a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from beatkit.entry import Kind, Overlap
from beatkit.store.values import Command

LIVE_MS = 30_000
"""How long a running mark stands that is not refreshed."""

MARKS = 32
"""How many starts of an entry are remembered, the newest first, besides live ones."""

KEEP_MS = 24 * 3600 * 1000
"""For how long a start is remembered."""

YOUNG_MS = 300_000
"""How long a start is remembered whatever came after it: five beats that take a message over,
one after another, publish the last copy 276 s after the first."""

YOUNG_MARKS = 300
"""How many such starts at most: one a second. They take 55 kB in Redis, and looking through
them makes the question before a run 0.6 ms long instead of 0.2 ms."""

Outcome = Literal["start", "duplicate", "held", "deadline", "coalesced", "overlap", "kept"]
Ending = Literal["finished", "handed_on", "torn"]
"""How a run ended: to its end, successful or not; by handing its id on to a retry or a
replacement; or unfinished, so that a redelivered copy is to run."""


@dataclass(frozen=True, slots=True)
class Run:
    """A message in a worker's hands, before the task's body.

    Attributes:
        entry: Of which entry.
        slot: For which slot, milliseconds since 1970, UTC.
        id: The task id.
        token: Of this very attempt to run it: a copy of the message has another.
        by: Who asks, for people.
        attempt: How often its id was handed on before, by retries and replacements. A later
            one goes on what an earlier one has begun: only a copy of itself stops it.
        redelivered: The broker says that somebody had it before.
        not_after: The latest instant at which it may start, milliseconds since 1970.
        coalesce: Its start covers, and it is covered by, the entry's other starts.
        delay: Milliseconds after its slot for which its message was held back (countdown).
            What is held back still is for runs to come, and not covered.
        overlap: What becomes of it while another run of the entry is live.
        kind: Why it was sent.
        previous: The slot before it, as its message says; None: it says none.
        commands: What puts its message on its queue again, run by the store once it was
            kept and may go; empty where the store is not the broker.
    """

    entry: str
    slot: int
    id: str
    token: str
    by: str = ""
    attempt: int = 0
    redelivered: bool = False
    not_after: int | None = None
    coalesce: bool = False
    delay: int = 0
    overlap: Overlap = "allow"
    kind: Kind = "scheduled"
    previous: int | None = None
    commands: tuple[Command, ...] = ()

    @property
    def key(self) -> str:
        """The mark's name. The slot is in it, for a task id may have been set by hand."""
        return f"{self.slot} {self.id}"


def as_text(commands: Sequence[Command]) -> tuple[tuple[str, ...], ...]:
    """Return commands in words that JSON can hold; a message is text on every broker."""
    return tuple(
        tuple(word.decode() if isinstance(word, bytes) else str(word) for word in command)
        for command in commands
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a run may start.

    Attributes:
        outcome: "start"; "held" if it is to be asked again after `wait`; "kept" if its
            message comes again by itself; or why not.
        slot: The slot that a run which starts is for: its own, or the newest that its
            start covers.
        wait: Milliseconds for which the mark of the same id is live.
    """

    outcome: Outcome
    slot: int
    wait: int = 0


class Runs(Protocol):
    """The runs of a store. Each method is one round trip and one atomic step.

    All raise `StoreUnavailable` when the store does not answer in time, and `StoreError`
    when it refuses.
    """

    def start(self, run: Run) -> Verdict:
        """Judge whether a run may start, and mark it as running if it may.

        The first of these that applies:

        - its `attempt` is later than that of its id's mark, or there is none: "start" if it
          is not the first, for the slot that the id's first start was given;
        - its id has a mark: "duplicate" if that is of a later attempt, ended by finishing or
          handing on, or if this is not redelivered; "held" while it is live; else, if it is
          not the first attempt, "start"; else on with the next;
        - it is after `not_after`: "deadline";
        - `coalesce`, and another id's start covers its slot: "coalesced";
        - another mark of the entry is live, and `overlap="skip"`: "overlap";
          `overlap="buffer_one"`: "kept", in the place of one kept before. Of two, the
          newer slot is kept, and the other answered or recorded as "overlap";
        - "start". With `coalesce` it covers all slots of the entry decided by now, and
          is given the newest of them; with a `delay`, while the newest is held back, it
          covers those that are not, and is given its own.

        What becomes of it goes into the store's history, but for "held".
        """
        ...

    def refresh(self, runs: Sequence[Run]) -> None:
        """Say that runs go on. Makes a missing mark; one that ended stays as it is."""
        ...

    def finish(
        self, run: Run, ending: Ending, *, state: str = "", took: int = 0, ago: int = 0
    ) -> None:
        """Say how a run ended. Makes a missing mark; leaves another attempt's live one.

        If no run of the entry lives after that, the one that was kept is sent.

        Args:
            run: The run.
            ending: What is to become of copies of its message.
            state: What Celery calls its outcome, for the history; "": torn out of its process.
            took: Milliseconds since it started.
            ago: Milliseconds since it ended, where the store could not be told at once.
        """
        ...


class KeepsRuns(Protocol):
    """What every store is besides `Store`, which is all that a beat needs to know of it."""

    def runs(self) -> Runs:
        """Return the same store as workers ask it."""
        ...
