"""The values that go into a store and come out of it.

Every instant is an integer: milliseconds since 1970, UTC, by the store's own clock. A slot
is named by its entry and its `scheduled_for` in the same unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from beatkit.entry import Entry, Kind
from beatkit.store.actions import Pause

Command = tuple[str | bytes | int, ...]
"""One broker command as it goes on the wire: ("LPUSH", "celery", b"{...}")."""

Outcome = Literal[
    "sent",  # the commands were run and the slot is decided
    "pending",  # the slot is decided, its message is yet to be published by the caller
    "missed",  # the slot is decided without a message, as the claim asked
    "withheld",  # the slot is decided without a message, because of a pause or a skip
    "reserved",  # the slot is the caller's to build; nothing is decided yet
    "taken",  # somebody else's reservation stands
    "decided",  # progress is at the slot or past it already
    "moved",  # progress is not what the claim follows: read it and plan again
    "early",  # the store's clock is before the claim's `not_before`
    "not_in_force",  # another revision of the schedule is in force
    "lost",  # the store's identity is not the caller's: it lost its data
    "failed",  # the broker refused this slot's message; the slot is still owed
]


@dataclass(frozen=True, slots=True)
class Beat:
    """What one beat says about itself.

    Attributes:
        id: Unique to the process and the thread in it; letters, digits, `-` and `.` only.
        host: Where it runs, for people.
        pid: Its process there, for people.
        revision: The schedule it was started with.
        number: The deployment's own number of that schedule (`beatkit_revision`).
        appeared: When its revision first counted, as its own beats agree; None: not yet.
        passed: When it last completed a pass; 0: never.
        sent: When it last sent; 0: never.
        owed: How many slots are due and not decided, as far as it knows.
        way: How it sends: atomic, reserved or claimed.
        zones: The version of the time zone data it computes slots by, such as "2026f".
        refuses_ms: By how much the store's clock is ahead, and not believed; 0: it is.
    """

    id: str
    host: str
    pid: int
    revision: str
    number: int = 0
    appeared: int | None = None
    passed: int = 0
    sent: int = 0
    owed: int = 0
    way: str = "atomic"
    zones: str = ""
    refuses_ms: int = 0


@dataclass(frozen=True, slots=True)
class Peer:
    """A live beat: what it last said, and when it was heard first and last."""

    beat: Beat
    started: int
    seen: int


@dataclass(frozen=True, slots=True)
class Promotion:
    """Put a revision in force, if the other one still is ("" is: none)."""

    revision: str
    instead_of: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, and what it believes. A write under a false belief changes nothing.

    Attributes:
        beat: The writing beat's id.
        identity: The store's identity when the beat last looked.
        revision: The schedule it plans by.
    """

    beat: str
    identity: str
    revision: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A slot that is decided and whose message nobody has reported as published yet.

    Attributes:
        entry: The entry's name.
        slot: Its `scheduled_for`.
        kind: Why it is sent; the message says it.
        by: The beat that publishes it; "" once that beat gave it back.
        attempt: 1, and one more for each beat that took it over.
        since: When this attempt began.
        after: The progress that the slot follows; None: it follows none.
        id: The task id, of a run that was kept; "": the slot's own.
    """

    entry: str
    slot: int
    kind: Kind
    by: str
    attempt: int
    since: int
    after: int | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a beat learns by announcing itself.

    Attributes:
        now: The store's time.
        identity: Random, made with the store's first key and gone with its data.
        revision: The schedule in force; "" while none is.
        peers: The live beats, the caller among them, in order of start.
        paused: The pauses in force, by scope (see `pause_scopes`).
        pendings: All slots whose message was not reported as published.
        waiting: Entries that keep a run while no other of theirs lives: `Store.release`.
        owned: Version of the latest change among the runtime-owned entries; 0: none ever.
    """

    now: int
    identity: str
    revision: str
    peers: tuple[Peer, ...]
    paused: Mapping[str, Pause]
    pendings: tuple[Pending, ...]
    waiting: tuple[str, ...] = ()
    owned: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an entry is: every slot at or before `slot` is decided.

    Attributes:
        slot: The last slot decided, or the instant from which the entry counts.
        fingerprint: Of the definition that the entry counts by.
        by: The beat that decided it; "" where no beat did (a first sight).
        absent_since: When the entry was found missing from the schedule; None: it is there.
    """

    slot: int
    fingerprint: str
    by: str = ""
    absent_since: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Progress of the entries asked for. An entry that the store does not know is left out.

    Attributes:
        now: The store's time.
        progress: By entry name.
        claimed: When each beat (by id) last decided a slot. A standby waits on these.
            Empty in the answer to a `seed`.
        refused: Why a `seed` changed nothing; "" if it was done, and for a `read`.
    """

    now: int
    progress: Mapping[str, Progress]
    claimed: Mapping[str, int]
    refused: Literal["", "not_in_force", "lost"] = ""


@dataclass(frozen=True, slots=True)
class Seed:
    """An entry, by its name, that a beat is about to serve.

    Attributes:
        fingerprint: Of its definition: schedule, policy, whatever makes old slots void.
        anchor: From when it counts if it is new, changed, or was gone: the time now.
            Nothing at or before it is ever sent.
        known: The highest progress this beat ever saw, to raise a store that lost data;
            None: it saw none.
        owned: Of a runtime-owned entry, the version that the beat has read: nothing is done
            where it was changed or removed since. 0 of one in code.
    """

    entry: str
    fingerprint: str
    anchor: int
    known: int | None = None
    owned: int = 0


@dataclass(frozen=True, slots=True)
class Missed:
    """Slots that will not be sent: the first, the last, how many, and the reason."""

    first: int
    last: int
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Decide one slot, or several of which only the last is sent.

    Attributes:
        entry: The entry's name.
        after: Its progress as the plan saw it. Holds only if it still is.
        slot: The slot to decide; progress becomes this.
        not_before: The slot plus its jitter: earlier, by the store's clock, is refused.
        act: "push" runs `commands`; "pend" leaves publishing to the caller and keeps a
            `Pending`; "miss" only moves progress.
        commands: For "push". The first carries the message and decides; see `Store.claim`.
        kind: Why the slot is sent.
        scopes: The pauses that hold this entry (`pause_scopes`).
        missed: Slots passed over by this claim, for the history.
        attempt: The reservation under which the message was built; 0: none was needed.
        fingerprint: As in the entry's seed: "moved" where it counts by another now; "": by any.
    """

    entry: str
    after: int
    slot: int
    not_before: int
    act: Literal["push", "pend", "miss"] = "push"
    commands: tuple[Command, ...] = ()
    kind: Kind = "scheduled"
    scopes: tuple[str, ...] = ()
    missed: Missed | None = None
    attempt: int = 0
    fingerprint: str = ""

    def carrying(self, commands: tuple[Command, ...]) -> Claim:
        """Return the claim with its commands, as `replace` would in thrice the time."""
        return Claim(
            self.entry, self.after, self.slot, self.not_before, self.act, commands,
            self.kind, self.scopes, self.missed, self.attempt, self.fingerprint,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one claim: its `Outcome`, and what goes with it.

    Attributes:
        progress: The entry's progress now; None where the store knows or told none.
        by: Who decided that progress. "decided" by yourself at your own slot means that
            the reply to your earlier try was lost: the slot was sent, once.
        attempt: "reserved": yours. "taken": the other's.
        until: "early": when to come again. "taken": when it may be taken over.
        detail: "withheld": "paused: " or "skipped: ", and why. "failed", "sent": the
            broker's error, after the first command if it was sent.
    """

    outcome: Outcome
    progress: int | None = None
    by: str = ""
    attempt: int = 0
    until: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answers to a batch of claims, in its order, and the store's time."""

    now: int
    answers: tuple[Answer, ...]


def pause_scopes(entry: Entry) -> tuple[str, ...]:
    """Return the pauses that hold an entry: its own, and those of many unless exempt.

    Returns:
        "entry:NAME"; and unless the policy says `even_when_paused`, "tag:TAG" for each of
        its tags, and "*" for the pause of everything.
    """
    own = f"entry:{entry.name}"
    if entry.policy is not None and entry.policy.even_when_paused:
        return (own,)
    return (own, *(f"tag:{tag}" for tag in entry.tags), "*")
