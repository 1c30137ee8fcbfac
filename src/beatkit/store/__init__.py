"""What has been decided: the store of a schedule's progress, shared by all its beats.

**What is authoritative.** One integer an entry, its *progress*: every slot at or before it
is decided. It only ever grows. A claim names the progress it follows and the slot it takes,
and holds only if progress still is the former; so of any number of beats that claim one
slot, one is answered "sent" (or "pending", "missed", "withheld") and the others "decided".
Code is the truth about which entries exist; the store holds how far each one is.

**What a beat may decide alone**: which slots are due, what their messages are, and when to
try. Nothing it believes is taken on trust. Each write names the store's identity and the
schedule revision that the writer believes in, and changes nothing where either is another;
each claim names a time before which the store's own clock refuses it. A beat that was
stopped for an hour and goes on in the middle of a write is refused like any other late
comer.

**What happens in each failure**

- *A reply is lost.* Nobody knows whether the batch ran. Run the same batch again: what was
  done answers "decided" with the caller's own id, what was not is done now. Every operation
  here may be repeated after an error with the same arguments.
- *A writer dies.* Operations are atomic: done or not. A reservation of the dead beat is
  taken over after `RESERVED_MS`; a pending stays until another beat hands it to itself.
- *The broker refuses one message* (wrong type of key, no permission, memory full). That
  slot answers "failed" and stays owed; its neighbours in the batch are not touched.
- *The store is away*: `StoreUnavailable`, within the store's timeout. It answered with a
  refusal that only a person can end: `StoreError`.
- *The store lost everything.* The next `announce` makes a new identity; writes under the
  old one answer "lost". Beats `seed` with the highest progress they know.
- *The store lost the latest* (an older snapshot, a replica that took over). Progress is
  lower than a beat knows: it seeds what it knows, and progress is raised to that.

**Memory** is bounded: a row an entry (forgotten `FORGET_MS` after it left the schedule), a
row a live beat, a row a slot that is being published, `HISTORY` and `ACTIONS` records.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from beatkit.store.actions import ACTIONS, Action, Pause, Pauses
from beatkit.store.opening import ServerOptions, open_store
from beatkit.store.rules import FORGET_MS, HISTORY, RESERVED_MS
from beatkit.store.values import (
    Answer,
    Beat,
    Claim,
    Command,
    Decision,
    Missed,
    Outcome,
    Peer,
    Pending,
    Progress,
    Promotion,
    Seed,
    Situation,
    View,
    Writer,
    pause_scopes,
)

__all__ = [
    "ACTIONS",
    "FORGET_MS",
    "HISTORY",
    "RESERVED_MS",
    "Action",
    "Answer",
    "Beat",
    "Claim",
    "Command",
    "Decision",
    "Missed",
    "Outcome",
    "Pause",
    "Pauses",
    "Peer",
    "Pending",
    "Progress",
    "Promotion",
    "Seed",
    "ServerOptions",
    "Situation",
    "Store",
    "View",
    "Writer",
    "open_store",
    "pause_scopes",
]


class Store(Protocol):
    """Where progress is kept.

    Each method is one round trip; large batches are cut into several, each of them one
    atomic step. All methods raise `StoreUnavailable` when the store does not answer in
    time, and `StoreError` when it refuses. After either, call again with the same arguments.
    """

    def announce(self, beat: Beat, *, expires: int, promote: Promotion | None = None) -> Situation:
        """Say that this beat lives, and look around.

        Makes the store's identity if there is none. Removes beats whose announcement has
        expired. A beat keeps its `started` while it is announced without a gap.

        Args:
            beat: What to tell the others.
            expires: Milliseconds for which this announcement stands; 0 withdraws it.
            promote: Change the revision in force, before looking; if another than
                `instead_of` is in force, nothing is changed. The caller sees the outcome
                in the `revision` of what is returned.

        Returns:
            What stands after that. A withdrawn beat is not among the peers.
        """
        ...

    def read(self, entries: Sequence[str] | None = None) -> View:
        """Return the progress of some entries, or of all that the store knows."""
        ...

    def seed(self, writer: Writer, seeds: Sequence[Seed], gone: Sequence[str] = ()) -> View:
        """Make entries known before their first claim, durably; note which are gone.

        For each seed:

        - unknown to the store: progress is `known`, or else `anchor`. Nothing is caught up
          for an entry never seen before, and everything after it is, from then on;
        - known with another fingerprint, or absent for `FORGET_MS`: it counts anew, from
          `anchor`, or from its progress if that is later;
        - known otherwise: it goes on where it is; raised to `known` if that is later;
        - runtime-owned, and changed or removed since: as it was.

        Each name in `gone` is marked absent; one that has been marked for `FORGET_MS` is
        forgotten: call again after that. A seed ends the absence.

        Returns:
            Progress of all seeds after that, as far as there is any; or why nothing was
            changed, in `refused`.
        """
        ...

    def reserve(self, writer: Writer, claims: Sequence[Claim]) -> Decision:
        """Take slots aside, before building messages where building has side effects.

        Nothing is decided: the claims must be made good by `claim` with the `attempt` of
        the answer. The claims' `act` and `commands` are not looked at.

        Answers "reserved" if nobody holds the slot, if the caller does already (the same
        attempt, from now on), or if another beat's reservation is `RESERVED_MS` old, which
        raises the attempt; "taken" otherwise; and "decided", "moved", "early",
        "not_in_force", "lost" as `claim` does. "withheld" decides the slot at once.
        """
        ...

    def claim(self, writer: Writer, claims: Sequence[Claim]) -> Decision:
        """Decide slots, each by itself, in order. Later ones may follow earlier ones.

        A slot is answered by the first of these that applies: "lost", "not_in_force",
        "moved" (progress is unknown, or the entry counts by another fingerprint), "decided"
        (progress is at the slot or past it), "moved" (it is not `after`), "early",
        "withheld" (paused, skipped), "taken" (its reservation no longer stands), then what
        `act` asks for.

        "push": progress is set and the commands are run, both or neither. The first
        command carries the message; if the broker refuses it, the answer is "failed" and
        nothing has changed. A later command's error does not undo what was pushed: the
        answer is "sent" with the error as detail.

        "pend": progress is set and a `Pending` of the caller, attempt 1, is kept.

        "miss": progress is set.

        What was sent goes into the history, and so do `missed`, a withheld slot and one for
        which there was nothing to send.
        """
        ...

    def settle(self, pendings: Sequence[Pending]) -> tuple[bool, ...]:
        """Report messages as published, for the history too. True for each that still stood.

        False: another beat took it over, and will publish a message of the same id.
        """
        ...

    def drop(self, pendings: Sequence[Pending], reason: str) -> None:
        """Give up pendings that still stand: their slots are recorded as missed.

        Args:
            pendings: Whose messages are not to be published.
            reason: Why; a single word.
        """
        ...

    def hand_over(self, pendings: Sequence[Pending], to: str) -> tuple[Pending | None, ...]:
        """Give pendings to a beat, or back to anybody with `to=""`.

        Each holds only while owner and attempt are as given; the attempt is raised and
        `since` is now. The beat that takes over publishes, with the same task id.

        Returns:
            The pending as it stands now, or None where it had changed hands or was settled.
        """
        ...

    def release(self, entries: Sequence[str]) -> tuple[str, ...]:
        """Send the runs that entries keep, where the run that they wait for lives no more.

        Taking and sending are one step. Where the store is the broker the message is
        pushed; if that is refused, it is kept for another try. Elsewhere it becomes a
        `Pending` of nobody's.

        Returns:
            The entries of which one was sent.
        """
        ...

    def act(self, action: Action) -> Pauses:
        """Do what somebody asked for and record it, in one step.

        "pause" pauses each scope anew, in force for every claim from now on; "skip_next" lets
        the next slot that would be sent be withheld, once; "resume" lifts just these scopes
        (what came due in a pause is withheld after its end too, for `ENDED_MS`);
        "forget" drops what is kept of entries, or what they owe; others only leave the
        record. A second call does the same again, and leaves another.

        Returns:
            The pauses in force after that, and the time that the record bears.
        """
        ...

    def pauses(self) -> Pauses:
        """Return the pauses in force."""
        ...

    def actions(self, limit: int = 100) -> tuple[Action, ...]:
        """Return what people did, newest first; the newest `ACTIONS` at least are kept."""
        ...

    def close(self) -> None:
        """Let go of connections. Nothing is written; a second call does nothing."""
        ...
