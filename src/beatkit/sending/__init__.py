"""How a slot becomes a message: exactly the one that Celery would send, or not at all.

A way of sending takes a batch of claims and answers each. Which way is chosen by where the
broker and the store are, and shown by `schedule status`:

- *atomic* (`beatkit.sending.atomic`): both are one Redis or Valkey database. Claiming the
  slot and pushing its message is one script. Within it, entries whose building runs
  somebody's code are *reserved* first.
- *claimed* (`beatkit.sending.claimed`): anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from beatkit.entry import Entry, Kind
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
        """See to what earlier batches left undone. Call it with each announcement's answer.

        Args:
            writer: Who writes, in force.
            situation: What the store answered just now.
            find: Gives the definition of an entry by its name; None if the schedule has it
                no more.

        Raises:
            StoreError: The store or the broker did not answer; call it again.
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
    from beatkit.sending.effects import side_effects

    if not choice.at_broker:
        return _claimed(app, choice.name, store, dispatch, timeout)
    builder = Builder(app, choice.name, now, dispatch, timeout)
    return AtomicWay(store, builder, lambda entry: side_effects(app, entry, patched=patched()))


def _claimed(
    app: Any,
    name: str,
    store: Store,
    dispatch: Callable[[Outgoing, Any], object] | None,
    timeout: float,
) -> Way:
    from beatkit.sending.claimed import ClaimedWay
    from beatkit.sending.message import outgoing
    from beatkit.sending.publish import Publisher

    def lay_out(entry: Entry, slot: int, kind: Kind) -> Outgoing:
        return outgoing(name, entry, slot, kind, app.tasks.get(entry.task))

    return ClaimedWay(store, Publisher(app, dispatch, timeout), lay_out)
