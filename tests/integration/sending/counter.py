"""A desk whose broker is not its store, and what may be asked of it."""

from __future__ import annotations

from typing import Any

from beatkit.entry import Entry
from beatkit.store import Beat, Situation
from tests.integration.sending.desk import Desk


class Counter(Desk):
    """A desk whose broker is not its store, with a queue of its own."""

    queue_name = ""

    def entry(self, name: str = "hello", **more: Any) -> Entry:
        options = {"queue": self.queue_name}
        return Entry(name, more.pop("task", "elsewhere.task"), None, options=options, **more)

    def received(self) -> list[Any]:
        """Take all messages off the queue, oldest first."""
        found = []
        with self.app.connection_for_read() as connection:
            queue = self.app.amqp.queues[self.queue_name](connection.default_channel)
            queue.declare()
            while (message := queue.get(no_ack=True)) is not None:
                found.append(message)
        return found

    def ids(self) -> list[str]:
        return [message.properties["correlation_id"] for message in self.received()]

    def look(self) -> Situation:
        return self.store.announce(Beat("watcher", "host", 1, "r1"), expires=1)

    def attend(self, *entries: Entry, situation: Situation | None = None) -> None:
        known = {entry.name: entry for entry in entries}
        self.way.attend(self.writer, situation or self.look(), known.get)

    def pendings(self) -> list[tuple[str, int, str, int]]:
        return [(one.entry, one.slot, one.by, one.attempt) for one in self.look().pendings]
