"""The backfills in Redis or Valkey: a hash `backfills`, range -> how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from beatkit.errors import StoreError
from beatkit.store.backfills import KEEP_MS, LOST, Backfill, Range, Send

BACKFILL_SCRIPTS = ("backfill",)


class RedisBackfills:
    """The `Backfills` contract in a Redis or Valkey server.

    Args:
        call: Runs a script by its name, with names of keys and arguments.
        events: How many events the history keeps; 0: none.
    """

    def __init__(
        self, call: Callable[[str, Iterable[str], Sequence[object]], Any], events: int
    ) -> None:
        self._call = call
        self._events = events

    def begin(self, wanted: Range, by: str) -> Backfill:
        """See `Backfills.begin`."""
        row, _ = self._run("begin", wanted, by, [wanted.start - 1, KEEP_MS])
        return _backfill(wanted, row)

    def step(
        self, known: Backfill, sends: Sequence[Send], *, ends: bool = False
    ) -> tuple[Backfill, str]:
        """See `Backfills.step`."""
        words = [word for send in sends for word in _words(send)]
        head = [self._events, known.range.entry, known.cursor, int(ends)]
        row, error = self._run("step", known.range, known.by, [*head, *words])
        return _backfill(known.range, row), error.decode("utf-8", "replace")

    def _run(self, mode: str, of: Range, by: str, more: Sequence[object]) -> Any:
        return self._call("backfill", ("backfills", "history"), [mode, of.key, by, *more])


def _words(send: Send) -> list[object]:
    words: list[object] = [send.slot, send.id, len(send.commands)]
    for command in send.commands:
        words += [len(command), *command]
    return words


def _backfill(of: Range, row: bytes) -> Backfill:
    if not row:
        raise StoreError(LOST.format(of.entry))
    cursor, sent, ended, at, by = row.decode().split(" ")
    return Backfill(of, int(cursor), int(sent), ended == "1", int(at), by)
