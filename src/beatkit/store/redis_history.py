"""The past in Redis or Valkey: what the scripts left behind, in three round trips at most.

Events are read first and marks after them, so a run may end in between: its start was read,
and its mark is gone, as if its worker had died. So where a mark is missing the events are
read once more: a worker's end takes the mark and tells of it in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from beatkit.store import replies
from beatkit.store.events import Event, from_text
from beatkit.store.history import Lasts, Past, Silence, unended

Command = Sequence[object]
Key = tuple[str, int, str]
"""A run: its entry, slot and task id."""


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
        events, live = self._judged(texts, newest, now)
        silences = [_silence(span) for span in spans]
        if not replies.lives(beats, now):
            silences.append(Silence(int(heard or 0), None))
        return Past(now, events, live, replies.pendings_of(pendings), tuple(silences))

    def _judged(
        self, texts: Sequence[bytes], newest: int | None, now: int
    ) -> tuple[tuple[Event, ...], set[Key]]:
        """Return the events, and the starts among them whose runs go on."""
        events = _told(texts)
        starts = _starts(unended(events))
        gone = set(starts) - self._live(starts, now)
        if gone:
            (texts,) = self._ask([("LRANGE", "history", -newest if newest else 0, -1)])
            events = _told(texts)
        return events, {_key(one) for one in _starts(unended(events)) if one not in gone}

    def lasts(self, entries: Sequence[str]) -> Lasts:
        """See `History.lasts`."""
        if not entries:
            return Lasts(self._now(self._ask([("TIME", "")])[0]), {}, {}, set())
        time, sent, ran = self._ask(
            [("TIME", ""), ("HMGET", "sent", *entries), ("HMGET", "ran", *entries)]
        )
        now = self._now(time)
        runs = _events(entries, ran)
        starts = _starts(runs.values())
        gone = set(starts) - self._live(starts, now)
        if gone:
            names = [one.entry for one in gone]
            (again,) = self._ask([("HMGET", "ran", *names)])
            runs |= _events(names, again)
        live = {_key(one) for one in _starts(runs.values()) if one not in gone}
        return Lasts(now, _events(entries, sent), runs, live)

    def _live(self, starts: Sequence[Event], now: int) -> set[Event]:
        if not starts:
            return set()
        asked = [("HGET", f"marks:{one.entry}", f"{one.slot} {one.id}") for one in starts]
        pairs = zip(starts, self._ask(asked), strict=True)
        return {one for one, mark in pairs if mark and _lives(mark, now)}


def _told(texts: Iterable[bytes]) -> tuple[Event, ...]:
    return tuple(from_text(text.decode()) for text in texts)


def _starts(events: Iterable[Event]) -> list[Event]:
    return [one for one in events if one.what == "started"]


def _key(start: Event) -> Key:
    return start.entry, start.slot, start.id


def _events(entries: Sequence[str], rows: Sequence[bytes | None]) -> dict[str, Event]:
    pairs = zip(entries, rows, strict=True)
    return {name: from_text(row.decode()) for name, row in pairs if row is not None}


def _silence(span: bytes) -> Silence:
    since, until = span.split()
    return Silence(int(since), int(until))


def _lives(mark: bytes, now: int) -> bool:
    state, _given, _token, until, *_ = mark.split(b" ")
    return state == b"running" and int(until) > now
