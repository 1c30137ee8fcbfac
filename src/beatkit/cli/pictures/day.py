"""What a picture of the schedule shows: rows of runs, load by queue, pile-ups, clock changes.

Pure: Unix milliseconds in, numbers and names out. The axis is elapsed time, so the hour that
clocks repeat is there twice, and the one they skip has no width.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from beatkit.cli.clocks import Shift, shifts
from beatkit.cli.when import aware

MINUTE = 60_000
HOUR = 3_600_000

CROWD = 10
"""So many entries of one queue may come due in one minute before it is a pile-up."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One entry's runs.

    Attributes:
        name: The entry's.
        schedule: Its schedule, briefly.
        queue: Where its messages go.
        slots: Unix milliseconds, in order.
    """

    name: str
    schedule: str
    queue: str
    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pile:
    """Entries of one queue that come due in the same minute.

    Attributes:
        at: Every minute in which just these do, in Unix milliseconds.
        queue: The queue.
        entries: Their names.
    """

    at: tuple[int, ...]
    queue: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """What one queue gets.

    Attributes:
        queue: Its name.
        counts: Runs in each of equal parts of the day.
        runs: All of them.
        peak: Runs in its busiest minute.
        peak_at: The first such minute, in Unix milliseconds; None without runs.
    """

    queue: str
    counts: tuple[int, ...]
    runs: int
    peak: int
    peak_at: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """A span of the schedule.

    Attributes:
        start: Unix milliseconds.
        stop: Unix milliseconds; not part of it.
        zone: Whose wall clock is written beside it.
        lanes: By queue, and then by their first run.
        now: Unix milliseconds; marked if it lies inside.
        crowd: More entries of one queue than this in one minute are a pile-up.
    """

    start: int
    stop: int
    zone: tzinfo
    lanes: tuple[Lane, ...]
    now: int
    crowd: int = CROWD

    def wall(self, at: int) -> datetime:
        """Return the wall clock at an instant."""
        return aware(at, self.zone)

    def clock(self, at: int) -> str:
        """Return `04:00`, with the weekday where the span is longer than a day."""
        long = self.stop - self.start > 25 * HOUR
        return f"{self.wall(at):%a %H:%M}" if long else f"{self.wall(at):%H:%M}"

    def queues(self) -> list[str]:
        """Return the queues, in the order of their rows."""
        return list(dict.fromkeys(lane.queue for lane in self.lanes))

    def load(self, queue: str, parts: int) -> Load:
        """Return what a queue gets, in so many parts of the day."""
        slots = [slot for lane in self.lanes if lane.queue == queue for slot in lane.slots]
        return load(queue, slots, self.start, self.stop, parts)

    def hours(self) -> list[int]:
        """Return the instants at which the wall clock shows a whole hour."""
        quarter = 15 * MINUTE  # offsets from UTC are multiples of it, in this century
        first = -(-self.start // quarter) * quarter
        return [at for at in range(first, self.stop + 1, quarter) if not self.wall(at).minute]

    def shifts(self) -> list[Shift]:
        """Return the changes of the clocks inside the span."""
        return shifts(self.zone, self.start, self.stop)

    def piles(self) -> list[Pile]:
        """Return where more entries than `crowd` come due at once, the biggest first."""
        minutes: dict[tuple[int, str], list[str]] = {}
        for lane in self.lanes:
            for minute in dict.fromkeys(slot // MINUTE for slot in lane.slots):
                minutes.setdefault((minute, lane.queue), []).append(lane.name)
        crowds: dict[tuple[str, ...], list[int]] = {}
        for (minute, queue), names in minutes.items():
            if len(names) > self.crowd:
                crowds.setdefault((queue, *names), []).append(max(minute * MINUTE, self.start))
        piles = [Pile(tuple(sorted(at)), who[0], who[1:]) for who, at in crowds.items()]
        return sorted(piles, key=lambda pile: (-len(pile.entries), pile.at, pile.queue))


def arranged(lanes: Iterable[Lane]) -> tuple[Lane, ...]:
    """Return lanes by queue, and within one by their first run."""
    never = 1 << 62
    return tuple(
        sorted(lanes, key=lambda lane: (lane.queue, (*lane.slots[:1], never)[0], lane.name))
    )


def load(queue: str, slots: Sequence[int], start: int, stop: int, parts: int) -> Load:
    """Count runs in equal parts of a span, and find the busiest minute."""
    counts = [0] * parts
    for slot in slots:
        counts[(slot - start) * parts // (stop - start)] += 1
    minutes = Counter(slot // MINUTE for slot in slots)
    peak = max(minutes.values(), default=0)
    busiest = min((minute for minute, count in minutes.items() if count == peak), default=None)
    peak_at = None if busiest is None else max(busiest * MINUTE, start)
    return Load(queue, tuple(counts), len(slots), peak, peak_at)
