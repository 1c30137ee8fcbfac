"""What happens to slots, one line an event: what the history is made of.

Nothing is ever written over: a run's sending, start and end are three lines, each added by
the very step that makes it true, and put together by whoever reads (`beatkit.history`). So
the history costs its writers one addition to the end of a list, needs no step of its own to
be right under repeated claims, and is bounded by cutting the list's other end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

from beatkit.entry import Kind

EVENTS_A_RUN = 3
"""Sent, started, ended: a history of so many runs keeps this many times as many events."""

What = Literal["sent", "kept", "started", "ended", "skipped", "missed"]

_KINDS = {kind[0]: kind for kind in get_args(Kind)}

_MORE: dict[str, int] = {"sent": 0, "kept": 0, "started": 1, "ended": 3, "skipped": 1, "missed": 3}
"""How many words of its own each kind of event has, between the common ones and the entry."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history. Instants are milliseconds since 1970, by the store's clock.

    Attributes:
        what: "sent" by a beat, "kept" by a worker's guard until another run ends, "started"
            and "ended" by a worker, "skipped" by a worker's guard, "missed" by a beat.
        at: When.
        entry: The entry's name.
        slot: The slot of the message; of what was missed, the last.
        kind: Why it was sent; "scheduled" where nothing was.
        by: The beat's id, or the worker's name.
        id: The task id; "" where it follows from the slot.
        given: Of a start and an end: the slot that the task was given.
        took: Of an end: milliseconds since that attempt began.
        why: Of an end: Celery's state, "" if the run was torn from its process. Of what was
            skipped or missed: the reason.
        first: Of what was missed: the first slot.
        count: Of what was missed: how many slots.
    """

    what: What
    at: int
    entry: str
    slot: int
    kind: Kind = "scheduled"
    by: str = ""
    id: str = ""
    given: int = 0
    took: int = 0
    why: str = ""
    first: int = 0
    count: int = 1


def to_text(event: Event) -> str:
    """Write an event as the scripts of Redis do: words between tabs, the entry's name last.

    A kind is its first letter, and `given` is left empty where it is the slot: there are
    tens of thousands of these in a store.
    """
    given = "" if event.given == event.slot else event.given
    more: dict[str, tuple[object, ...]] = {
        "sent": (),
        "kept": (),
        "started": (given,),
        "ended": (given, event.took, event.why),
        "skipped": (event.why,),
        "missed": (event.first, event.count, plain(event.why)),
    }
    words = (event.what, event.at, event.slot, event.kind[0], event.by, event.id, *more[event.what])
    return "\t".join(map(str, (*words, event.entry)))


def plain(text: str) -> str:
    """Return a text without control characters: it is a word of a line."""
    return "".join(char if ord(char) >= 32 and ord(char) != 127 else " " for char in text)


def from_text(text: str) -> Event:
    """Read what `to_text` wrote."""
    what = text.partition("\t")[0]
    words = text.split("\t", 6 + _MORE[what])
    _, at, slot, kind, by, id_ = words[:6]
    entry = words[-1]
    made = Event(cast(What, what), int(at), entry, int(slot), _KINDS[kind], by, id_)
    return made if not _MORE[what] else _with_more(made, words[6:-1])


def _with_more(event: Event, more: list[str]) -> Event:
    head = (event.what, event.at, event.entry, event.slot, event.kind, event.by, event.id)
    if event.what == "started":
        return Event(*head, given=int(more[0] or event.slot))
    if event.what == "ended":
        return Event(*head, given=int(more[0] or event.slot), took=int(more[1]), why=more[2])
    if event.what == "skipped":
        return Event(*head, why=more[0])
    return Event(*head, first=int(more[0]), count=int(more[1]), why=more[2])
