"""The only file that reads a clock: the store's time, carried on a monotonic one.

A beat must not trust its host's wall clock: it may be wrong, and it may step. It reads the
store's time with each announcement and carries it from there on a clock that only counts.
Each reading bounds the truth: the store's clock was read at some moment between asking and
being answered, so on arrival the true time is between the reading and the reading plus the
time that the answer took (minutes, if the process was stopped meanwhile). What is carried
is that interval; each reading narrows it, or moves it as far as it must. So a slow answer
does no harm, and the drift of two clocks is followed in small steps. Asked for the time, we
give the interval's lower end: never early, and late by a fraction of a round trip.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

LEAP_MS = 5_000
"""Forward leaps of the store's clock above this are followed only if the host agrees."""

_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)

Verdict = Literal["carried", "followed", "refused"]


@dataclass(frozen=True, slots=True)
class HostClock:
    """One look at the host's two clocks, both in milliseconds.

    Attributes:
        steady: Only ever counts up, also while the machine sleeps where the system can
            tell (CLOCK_BOOTTIME on Linux); its zero means nothing.
        wall: Unix time as this host believes it; may be wrong and may step.
    """

    steady: float
    wall: float


def read_host() -> HostClock:
    """Read the host's clocks."""
    steady = time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)
    return HostClock(steady * 1000, time.time() * 1000)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The store's time at one moment of the steady clock, in milliseconds.

    Attributes:
        store: The earliest that the store's time can have been.
        steady: The moment.
        slack: By how much it can have been later.
    """

    store: float
    steady: float
    slack: float = 0.0

    def at(self, steady: float) -> float:
        """The store's time, carried to another moment of the steady clock."""
        return self.store + (steady - self.steady)


def reconcile(
    anchor: Anchor | None,
    reading_ms: float,
    asked: HostClock,
    answered: HostClock,
    abandoned: Anchor | None = None,
) -> tuple[Anchor, Verdict]:
    """Fit the carried time to a reading of the store's clock.

    Args:
        anchor: What was carried so far; None before the first reading.
        reading_ms: The store's time, Unix milliseconds, from the answer.
        asked: The host's clocks just before the question.
        answered: The host's clocks just after the answer.
        abandoned: What was carried before a step back was followed, if one was: a leap
            forward to that time is the step being undone.

    Returns:
        The anchor to carry from now on, and what became of the reading: "carried" if it
        agrees with what was carried (or is the first), "followed" if the time was
        moved by more than `LEAP_MS`, "refused" if it leapt forward and neither the host's
        clock nor the time before a step back confirms it.
    """
    now = answered.steady
    low, high = reading_ms, reading_ms + (now - asked.steady)
    if anchor is None:
        return Anchor(low, now, high - low), "carried"
    earliest = anchor.at(now)
    latest = earliest + anchor.slack
    fitted = min(max(earliest, low), high)
    narrowed = Anchor(fitted, now, min(max(latest, low), high) - fitted)
    if low <= latest + LEAP_MS and earliest <= high + LEAP_MS:
        return narrowed, "carried"
    # Backwards is followed at once: the store answers "early" to anything sooner. Forwards
    # would make slots due that are not, so a second witness is asked for.
    witnesses = [answered.wall, *([] if abandoned is None else [abandoned.at(now)])]
    if low > latest and all(abs(witness - reading_ms) > LEAP_MS for witness in witnesses):
        return Anchor(earliest, now, anchor.slack), "refused"
    return narrowed, "followed"


class StoreClock:
    """The store's time, to be asked as often as one likes.

    Attributes:
        verdict: What became of the latest reading; see `reconcile`.
        apart_ms: How far the store's latest reading was ahead of the carried time.
    """

    def __init__(self) -> None:
        self._anchor: Anchor | None = None
        self._abandoned: Anchor | None = None
        self.verdict: Verdict = "carried"
        self.apart_ms = 0.0

    @property
    def known(self) -> bool:
        """Whether the store's time was ever read."""
        return self._anchor is not None

    @property
    def refuses_ms(self) -> int:
        """By how much the store's latest reading is refused; 0: it is not."""
        return round(self.apart_ms) if self.verdict == "refused" else 0

    def begin(self, now_ms: float, asked: HostClock, answered: HostClock) -> None:
        """Take a first time that is not the store's own; readings are held against it."""
        self._anchor, _ = reconcile(None, now_ms, asked, answered)

    def observe(self, reading_ms: float, asked: HostClock, answered: HostClock) -> Verdict:
        """Take a reading of the store's clock; see `reconcile`."""
        before = self._anchor
        self.apart_ms = 0.0 if before is None else reading_ms - before.at(answered.steady)
        self._anchor, self.verdict = reconcile(before, reading_ms, asked, answered, self._abandoned)
        if self.verdict == "followed":
            # Of several steps back, the time before the first is the one to come back to.
            stepped_back = self.apart_ms < 0
            self._abandoned = (self._abandoned or before) if stepped_back else None
        return self.verdict

    def now_ms(self, host: HostClock) -> int:
        """Return the store's time, Unix milliseconds; the host's wall clock before any reading."""
        if self._anchor is None:
            return int(host.wall)
        return int(self._anchor.at(host.steady))
