"""The past in Redis or Valkey: what the scripts left behind, in two round trips at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from beatkit.store import replies
from beatkit.store.events import Event, from_text
from beatkit.store.history import Lasts, Past, Silence, unended

Command = Sequence[object]


class RedisHistory:
    """The `History` contract in a Redis or Valkey server.

    Args:
        ask: Runs commands in one round trip: name of the command, of the key, arguments.
        now: Makes the store's time of the reply to TIME.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Command]], list[Any]],
        now: Callable[[tuple[int, int]], int],
    ) -> None:
        self._ask = ask
        self._now = now

    def past(self, newest: int | None = None) -> Past:
        """See `History.past`."""
        time, texts, pendings, spans, heard, beats = self._ask(
            [
                ("TIME", ""),
                ("LRANGE", "history", -newest if newest else 0, -1),
                ("HGETALL", "pending"),
                ("LRANGE", "silences", 0, -1),
                ("GET", "heard"),
                ("HGETALL", "beats"),
            ]
        )
        now = self._now(time)
        events = tuple(from_text(text.decode()) for text in texts)
        silences = [_silence(span) for span in spans]
        if not replies.lives(beats, now):
            silences.append(Silence(int(heard or 0), None))
        live = self._live(unended(events), now)
        return Past(now, events, live, replies.pendings_of(pendings), tuple(silences))

    def lasts(self, entries: Sequence[str]) -> Lasts:
        """See `History.lasts`."""
        if not entries:
            return Lasts(self._now(self._ask([("TIME", "")])[0]), {}, {}, set())
        time, sent, ran = self._ask(
            [("TIME", ""), ("HMGET", "sent", *entries), ("HMGET", "ran", *entries)]
        )
        now = self._now(time)
        runs = _events(entries, ran)
        return Lasts(now, _events(entries, sent), runs, self._live(runs.values(), now))

    def _live(self, events: Iterable[Event], now: int) -> set[tuple[str, int, str]]:
        starts = [one for one in events if one.what == "started"]
        if not starts:
            return set()
        asked = [("HGET", f"marks:{one.entry}", f"{one.slot} {one.id}") for one in starts]
        pairs = zip(starts, self._ask(asked), strict=True)
        return {(one.entry, one.slot, one.id) for one, mark in pairs if mark and _lives(mark, now)}


def _events(entries: Sequence[str], rows: Sequence[bytes | None]) -> dict[str, Event]:
    pairs = zip(entries, rows, strict=True)
    return {name: from_text(row.decode()) for name, row in pairs if row is not None}


def _silence(span: bytes) -> Silence:
    since, until = span.split()
    return Silence(int(since), int(until))


def _lives(mark: bytes, now: int) -> bool:
    state, _given, _token, until, *_ = mark.split(b" ")
    return state == b"running" and int(until) > now
