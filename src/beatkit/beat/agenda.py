"""Which entry is due next.

A heap of (instant, name) with one live row an entry. Putting an entry again leaves its old
row in the heap as a dead one, which is dropped when it comes to the top; when dead rows
outnumber live ones the heap is rebuilt, so memory stays within twice the entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush


class Agenda:
    """Names by the instant (Unix milliseconds) at which each wants attention.

    A slot costs O(log n); asking when the next is due costs O(1).
    """

    def __init__(self, rows: Iterable[tuple[int, str]] = ()) -> None:
        self._heap: list[tuple[int, str]] = []
        self._at: dict[str, int] = {}
        self.put_all(rows)

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, name: str) -> bool:
        return name in self._at

    def put(self, name: str, at_ms: int) -> None:
        """Set when an entry wants attention, whether or not it was there."""
        if self._at.get(name) == at_ms:
            return
        self._at[name] = at_ms
        heappush(self._heap, (at_ms, name))
        if len(self._heap) > 2 * len(self._at) + 64:
            self._rebuild()

    def put_all(self, rows: Iterable[tuple[int, str]]) -> None:
        """Put many at once: O(n), where one by one it would be O(n log n)."""
        self._at |= {name: at for at, name in rows}
        self._rebuild()

    def drop(self, name: str) -> None:
        """Forget an entry; nothing happens if it is not there."""
        self._at.pop(name, None)

    def first(self) -> int | None:
        """Return the earliest instant at which an entry wants attention; None if empty."""
        heap, live = self._heap, self._at
        while heap and live.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def take(self, until_ms: int, limit: int) -> list[str]:
        """Take out at most `limit` names due at or before `until_ms`, earliest first.

        The caller puts each back with its next instant.
        """
        taken: list[str] = []
        while len(taken) < limit:
            first = self.first()
            if first is None or first > until_ms:
                break
            name = heappop(self._heap)[1]
            del self._at[name]
            taken.append(name)
        return taken

    def _rebuild(self) -> None:
        self._heap = [(at, name) for name, at in self._at.items()]
        heapify(self._heap)
