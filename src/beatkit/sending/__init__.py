"""How a slot becomes a message: exactly the one that Celery would send, or not at all.

A way of sending takes a batch of claims and answers each. Which way is chosen by where the
broker and the store are, and shown by `schedule status`:

- *atomic* (`beatkit.sending.atomic`): both are one Redis or Valkey database. Claiming the
  slot and pushing its message is one script. Within it, entries whose building runs
  somebody's code are *reserved* first.
- *claimed* (`beatkit.sending.claimed`): anything else. The slot is claimed, the message
  published, the claim settled; whoever finds one that was not settled publishes it again.

**What is authoritative.** That a slot is decided: the store. What its message is: Celery,
from the entry and the slot alone (`message`), so that every beat and every attempt makes the
same one, with the same task id.

**What a way may decide alone.** When to build, what to keep for another try, what to render
anew and what to stamp (`template`). None of it changes which messages go out, nor how often.

**In each failure**

- *A message cannot be built*: that slot answers "failed" and is owed; no other is touched.
- *The broker refuses one message*: the same. *It is away*: `BrokerUnavailable`, in bounded
  time (`capture`, `pulse`); under the atomic way nothing has happened, under the claimed way
  what was claimed is published when it is back.
- *The process dies*: under the atomic way a message is out with its claim or not at all.
  Under the claimed way its pendings are taken over after 12 s.
- *A reply is lost*: send the same batch again.

Under the claimed way a slot may be published twice, with one task id: where a broker took a
message and its confirm was lost, and where a beat was stopped between claim and publish and
the broker had not closed its connection yet. The guard runs it once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from beatkit.entry import Entry
from beatkit.errors import StoreUnavailable
from beatkit.sending.message import Outgoing
from beatkit.store import Claim, Decision, Situation, Store, Writer
from beatkit.store.choice import Choice

__all__ = ["BrokerUnavailable", "Outgoing", "Way", "open_way"]


class BrokerUnavailable(StoreUnavailable):
    """The broker did not answer in time. Nothing is lost: what is owed is sent later."""


class Way(Protocol):
    """Sends batches of claims."""

    @property
    def name(self) -> str:
        """Return "atomic" or "claimed"."""
        ...

    @property
    def batch(self) -> int:
        """Return how many claims a pass gives to one `send`, at most."""
        ...

    def send(self, writer: Writer, batch: Sequence[tuple[Entry, Claim]]) -> Decision:
        """Decide each claim, in order, and see to its message.

        Claims come with `act` "push" to send and "miss" to send nothing; their commands are
        the way's own business. A slot whose message cannot be built answers "failed".

        Raises:
            StoreError: The store or the broker did not answer. What was decided is decided;
                sending the same batch again finds out.
        """
        ...

    def attend(
        self, writer: Writer, situation: Situation, find: Callable[[str], Entry | None]
    ) -> None:
        """See to what was left undone, by earlier batches or by workers that died.

        Call it with each announcement's answer.

        Args:
            writer: Who writes, in force.
            situation: What the store answered just now.
            find: Gives the definition of an entry by its name; None if the schedule has it
                no more.

        Raises:
            StoreError: The store or the broker did not answer; call it again.
        """
        ...

    def leave(self, store: Store) -> None:
        """Report what is out and was not reported yet, as the beat stops.

        Args:
            store: The same store, on a connection that no pass uses.

        Raises:
            StoreError: The store did not answer: it may be published again, by another beat.
        """
        ...

    def close(self) -> None:
        """Let go of the broker's connection."""
        ...


def open_way(
    app: Any,
    choice: Choice,
    store: Store,
    *,
    now: Callable[[], int],
    dispatch: Callable[[Outgoing, Any], object] | None = None,
    patched: Callable[[], bool] = lambda: False,
    timeout: float = 2.0,
) -> Way:
    """Open the way of sending that fits where broker and store are. Connects on first use.

    Args:
        app: The Celery app.
        choice: Where the store is; see `beatkit.store.choice.choose`.
        store: The store, open.
        now: The store's time, milliseconds since 1970.
        dispatch: Gives a message to Celery with a producer; None for `apply_async`.
        patched: Whether `dispatch` runs somebody's code; asked for each batch.
        timeout: Seconds for connecting to the broker and for each of its replies.
    """
    from beatkit.sending.atomic import AtomicWay
    from beatkit.sending.build import Builder
    from beatkit.sending.effects import judge

    if not choice.at_broker:
        return _claimed(app, choice.name, store, dispatch, timeout)
    builder = Builder(app, choice.name, now, dispatch, timeout)
    return AtomicWay(store, builder, lambda: judge(app, patched=patched()))


def _claimed(
    app: Any,
    name: str,
    store: Store,
    dispatch: Callable[[Outgoing, Any], object] | None,
    timeout: float,
) -> Way:
    from beatkit.sending.build import lay_out
    from beatkit.sending.claimed import ClaimedWay
    from beatkit.sending.publish import Publisher

    return ClaimedWay(store, Publisher(app, dispatch, timeout), partial(lay_out, app, name))
