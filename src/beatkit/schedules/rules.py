"""Rules: what yields instants.

A rule answers two questions on whole UTC milliseconds since the epoch, `next` and
`previous`, and nothing else about it matters to whoever asks. Rules are values: equal
definitions are equal, hash alike, and survive pickling and JSON.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from beatkit.errors import ScheduleError
from beatkit.schedules.cron import CronRule
from beatkit.schedules.sun import SolarRule


class Rule(Protocol):
    """What yields slots.

    For every t: `next(t) > t`, no slot lies between, and `previous` retraces `next`.
    """

    def next(self, after_ms: int, /) -> int | None:
        """Return the first slot strictly later; None if there is none."""

    def previous(self, before_ms: int, /) -> int | None:
        """Return the last slot strictly earlier; None if there is none."""

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`; `rule_from_json` reads it."""


@dataclass(frozen=True, slots=True)
class IntervalRule:
    """The grid `offset + k * period` on the UTC line: no drift, the same everywhere.

    Attributes:
        period_ms: Milliseconds between two slots, at least 1.
        offset_ms: Milliseconds after the epoch of one slot; 0 up to the period.
    """

    period_ms: int
    offset_ms: int = 0

    def next(self, after_ms: int, /) -> int:
        """Return the first slot strictly later."""
        return after_ms + self.period_ms - (after_ms - self.offset_ms) % self.period_ms

    def previous(self, before_ms: int, /) -> int:
        """Return the last slot strictly earlier."""
        return before_ms - 1 - (before_ms - 1 - self.offset_ms) % self.period_ms

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`."""
        return {"kind": "every", "period_ms": self.period_ms, "offset_ms": self.offset_ms}


@dataclass(frozen=True, slots=True)
class InstantsRule:
    """Given instants.

    Attributes:
        instants_ms: In order, without repetition.
    """

    instants_ms: tuple[int, ...]

    def next(self, after_ms: int, /) -> int | None:
        """Return the first slot strictly later; None after the last."""
        place = bisect_right(self.instants_ms, after_ms)
        return self.instants_ms[place] if place < len(self.instants_ms) else None

    def previous(self, before_ms: int, /) -> int | None:
        """Return the last slot strictly earlier; None before the first."""
        place = bisect_left(self.instants_ms, before_ms)
        return self.instants_ms[place - 1] if place else None

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`."""
        return {"kind": "at", "instants_ms": list(self.instants_ms)}


@dataclass(frozen=True, slots=True)
class UnionRule:
    """Every slot of several rules; one that several share counts once.

    Attributes:
        rules: At least one.
    """

    rules: tuple[Rule, ...]

    def next(self, after_ms: int, /) -> int | None:
        """Return the first slot strictly later of any rule."""
        found = (rule.next(after_ms) for rule in self.rules)
        return min((slot for slot in found if slot is not None), default=None)

    def previous(self, before_ms: int, /) -> int | None:
        """Return the last slot strictly earlier of any rule."""
        found = (rule.previous(before_ms) for rule in self.rules)
        return max((slot for slot in found if slot is not None), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`."""
        return {"kind": "union", "rules": [rule.to_json() for rule in self.rules]}


def rule_from_json(data: Mapping[str, Any]) -> Rule:
    """Read what a rule's `to_json` wrote.

    Raises:
        ScheduleError: The kind is unknown (a newer beatkit's), or a value cannot work.
    """
    given = {name: value for name, value in data.items() if name != "kind"}
    match data.get("kind"):
        case "every":
            return IntervalRule(**given)
        case "cron":
            return CronRule(**given)
        case "at":
            return InstantsRule(tuple(given["instants_ms"]))
        case "solar":
            return SolarRule(**given)
        case "union":
            return UnionRule(tuple(map(rule_from_json, given["rules"])))
        case kind:
            raise ScheduleError(
                f"the rule's kind is {kind!r}, expected every, cron, at, union or solar\n"
                "  it was written by another version of beatkit: run the same one everywhere"
            )
