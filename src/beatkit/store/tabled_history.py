"""The past in tables, each question one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from beatkit.store.events import Event
from beatkit.store.history import Lasts, Past, Silence, unended
from beatkit.store.tables import Kept, Tables


class TabledHistory:
    """The `History` contract over tables. Safe to share between threads.

    Args:
        tables: Where rows are kept.
        clock: The store's time, milliseconds since 1970.
    """

    def __init__(self, tables: Tables, clock: Callable[[], int]) -> None:
        self._tables = tables
        self._clock = clock

    def past(self, newest: int | None = None) -> Past:
        """See `History.past`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            events = kept.told(newest)
            pendings = sorted(kept.pendings.values(), key=lambda one: (one.slot, one.entry))
            live = _live(kept, unended(events), now)
            return Past(now, events, live, tuple(pendings), _silences(kept, now))

    def lasts(self, entries: Sequence[str]) -> Lasts:
        """See `History.lasts`."""
        with self._tables.transaction() as kept:
            now = self._clock()
            sent = {name: kept.sent[name] for name in entries if name in kept.sent}
            ran = {name: kept.ran[name] for name in entries if name in kept.ran}
            return Lasts(now, sent, ran, _live(kept, ran.values(), now))


def _silences(kept: Kept, now: int) -> tuple[Silence, ...]:
    spans = [Silence(since, until) for until, since in sorted(kept.silences.items())]
    if not any(until > now for _, until in kept.peers.values()):
        spans.append(Silence(kept.heard, None))
    return tuple(spans)


def _live(kept: Kept, events: Iterable[Event], now: int) -> set[tuple[str, int, str]]:
    live = set()
    for event in events:
        if event.what != "started" or event.entry not in kept.ledgers:
            continue
        mark = kept.ledgers[event.entry].mark(f"{event.slot} {event.id}")
        if mark is not None and mark.live(now):
            live.add((event.entry, event.slot, event.id))
    return live
