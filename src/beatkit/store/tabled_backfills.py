"""The backfills in tables; `lua/backfill.lua` says the same in the language of Redis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from beatkit.errors import StoreError
from beatkit.store.backfills import KEEP_MS, LOST, Backfill, Range, Send
from beatkit.store.events import Event
from beatkit.store.tables import Kept, Tables
from beatkit.store.values import Command


class TabledBackfills:
    """The `Backfills` contract over tables. Safe to share between threads.

    Args:
        tables: Where rows are kept.
        clock: The store's time, milliseconds since 1970.
        refused: The broker: runs one command, and returns why it refuses it, or "".
    """

    def __init__(
        self, tables: Tables, clock: Callable[[], int], refused: Callable[[Command], str]
    ) -> None:
        self._tables = tables
        self._clock = clock
        self._refused = refused

    def begin(self, wanted: Range, by: str) -> Backfill:
        """See `Backfills.begin`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            for key, old in list(kept.backfills.items()):
                if old.ended and old.at + KEEP_MS <= now:
                    del kept.backfills[key]
            fresh = Backfill(wanted, wanted.start - 1, at=now, by=by)
            return kept.backfills.setdefault(wanted.key, fresh)

    def step(
        self, known: Backfill, sends: Sequence[Send], *, ends: bool = False
    ) -> tuple[Backfill, str]:
        """See `Backfills.step`."""
        with self._tables.transaction() as kept:
            found = kept.backfills.get(known.range.key)
            if found is None:
                raise StoreError(LOST.format(known.range.entry))
            if found.ended or found.cursor != known.cursor:
                return found, ""
            error = ""
            for send in sends:
                error = self._send(send)
                if error:
                    break
                found = replace(found, cursor=send.slot, sent=found.sent + 1)
                self._tell(kept, known, send)
            found = replace(found, ended=ends and not error)
            kept.backfills[known.range.key] = found
            return found, error

    def _send(self, send: Send) -> str:
        message, *others = send.commands or (None,)
        error = self._refused(message) if message else ""
        if not error:
            for command in others:
                self._refused(command)
        return error

    def _tell(self, kept: Kept, known: Backfill, send: Send) -> None:
        entry, by = known.range.entry, known.by
        kept.tell(Event("sent", self._clock(), entry, send.slot, "backfill", by, send.id))
