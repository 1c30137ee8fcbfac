"""What the contract's tests say again and again, in fewer words."""

from __future__ import annotations

from typing import Any

from beatkit.store import Answer, Beat, Claim, Decision, Promotion, Seed, Store, Writer
from beatkit.store.events import Event


def beat(name: str = "beat-1", revision: str = "r1", **more: Any) -> Beat:
    return Beat(id=name, host="host", pid=7, revision=revision, **more)


def in_force(store: Store, name: str = "beat-1", revision: str = "r1") -> Writer:
    """Announce a beat, put its revision in force, and return it as a writer."""
    seen = store.announce(beat(name, revision), expires=60_000)
    promote = Promotion(revision, instead_of=seen.revision)
    seen = store.announce(beat(name, revision), expires=60_000, promote=promote)
    assert seen.revision == revision
    return Writer(name, seen.identity, revision)


def push(after: int, slot: int, entry: str = "hello", **more: Any) -> Claim:
    commands = (("LPUSH", "celery", f"{entry}@{slot}"),)
    return Claim(entry, after, slot, more.pop("not_before", 0), **{"commands": commands, **more})


def seed_one(store: Store, writer: Writer, entry: str = "hello", **more: Any) -> int:
    """Seed an entry as new and return its progress: the store's time."""
    now = store.read().now
    view = store.seed(writer, [Seed(entry, "f1", more.pop("anchor", now), **more)])
    return view.progress[entry].slot


def outcomes(decision: Decision) -> list[str]:
    return [answer.outcome for answer in decision.answers]


def only(decision: Decision) -> Answer:
    (answer,) = decision.answers
    return answer


def told(store: Any) -> list[Event]:
    """All events of the history, the oldest first."""
    return list(store.history().past().events)
