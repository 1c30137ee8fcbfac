"""What happened: slots sent and runs started and ended, in whichever process it happened.

Runs happen in the pool's processes, sends in the scheduler's thread. Each writes one short
line of JSON to a pipe that the pool's processes inherit (a write of up to 512 bytes is one
step everywhere, so lines never mix); one thread of the command reads them, in order.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from threading import Thread
from typing import Literal

Kind = Literal[
    "sent", "started", "ran", "failed", "retried", "skipped", "rejected", "revoked", "ended"
]

LONGEST_LINE = 512  # POSIX's smallest PIPE_BUF, which is macOS's


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: "sent" is a slot's; all others are a run's; all after "started" end the run,
            "ended" without a word of its own, by a second Ctrl-C.
        task_id: The message's id, the same in all events of one run.
        name: The entry's name; the task's where the run belongs to no entry.
        at: Epoch seconds.
        tick: The machine's monotonic clock, in seconds; comparable between processes.
        text: The exception, or the reason of a skip.
        seconds: How long the run took, once it ended and its start was seen.
    """

    kind: Kind
    task_id: str
    name: str
    at: float
    tick: float
    text: str = ""
    seconds: float | None = None


def now(kind: Kind, task_id: str, name: str, text: str = "") -> Event:
    """Return the event of this moment."""
    return Event(kind, task_id, name, time.time(), time.monotonic(), text)


class Wire:
    """The pipe. Make it before the pool's processes are forked."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        self._thread: Thread | None = None

    def send(self, event: Event) -> None:
        """Write the event; called in any process and thread."""
        os.write(self._writer, _encoded(event))

    def deliver(self, show: Callable[[Event], None]) -> None:
        """Call `show` with each event, in a thread, until `close`; a second call does nothing."""
        if self._thread is not None:
            return
        self._thread = Thread(target=self._read, args=(show,), name="events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Deliver what was written so far, and end the thread."""
        os.write(self._writer, b"\n")
        if self._thread is not None:
            self._thread.join(1.0)
        os.close(self._writer)

    def _read(self, show: Callable[[Event], None]) -> None:
        runs = Runs()
        with open(self._reader, encoding="utf-8") as lines:  # noqa: PTH123 - a descriptor
            for line in lines:
                if line == "\n":
                    break
                event = runs.seen(Event(**json.loads(line)))
                if event is not None:
                    show(event)
        for event in runs.ended(time.time(), time.monotonic()):
            show(event)


def _encoded(event: Event) -> bytes:
    """One line; a text that would not fit is cut."""
    room = len(event.text)
    while True:
        line = json.dumps(asdict(replace(event, text=event.text[:room]))).encode() + b"\n"
        if len(line) <= LONGEST_LINE or not room:
            return line
        room = min(room - 1, room // 2 + 32) if room > 64 else room // 2


class Runs:
    """Which runs are under way; pairs an end with its start."""

    def __init__(self) -> None:
        self._started: dict[str, Event] = {}

    def seen(self, event: Event) -> Event | None:
        """Return the event with its `seconds`; None for the second report of one end.

        A failure is reported by the process that ran the task, or by the worker where that
        process was lost; with a pool of threads by both.
        """
        if event.kind == "sent":
            return event
        if event.kind == "started":
            self._started[event.task_id] = event
            return event
        start = self._started.pop(event.task_id, None)
        if start is not None:
            return replace(event, seconds=event.tick - start.tick)
        return event if event.kind == "revoked" else None

    def ended(self, at: float, tick: float) -> list[Event]:
        """Return the end of each run that is still under way: the worker has ended them all."""
        return [
            replace(start, kind="ended", at=at, tick=tick, seconds=tick - start.tick)
            for start in self._started.values()
        ]
