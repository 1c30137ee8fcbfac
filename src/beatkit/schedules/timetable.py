"""What every public schedule answers, for people and for Celery, from the rule it holds.

For people: aware datetimes. Results are in UTC, because two datetimes of one zone compare
by their wall clocks, which goes wrong in the hour that clocks repeat.

For Celery: `is_due` and `remaining_estimate`, so the schedules are right under stock `celery
beat` too. Whether an entry is due depends on the slots alone and not on what time it last
ran, so nothing drifts, and the arithmetic never leaves UTC, so a change of the clocks
neither silences an entry nor sends it over and over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from beatkit.errors import ScheduleError
from beatkit.schedules.describe import describe
from beatkit.schedules.rules import Rule

if TYPE_CHECKING:
    from celery.schedules import schedstate

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_CHECK_AGAIN = 86400.0  # seconds until Celery asks again about a schedule that has ended


def to_ms(when: datetime, name: str = "the time") -> int:
    """Return milliseconds since the epoch, rounded down.

    Args:
        when: An aware datetime.
        name: What it is, for the error.

    Raises:
        ScheduleError: It is naive, or no datetime.
    """
    if not isinstance(when, datetime):
        raise ScheduleError(
            f"{name} is {when!r}, expected a datetime with a time zone\n"
            "  write for example datetime.now(UTC)"
        )
    if when.utcoffset() is None:
        raise ScheduleError(
            f"{name} is {when!r}, a datetime without a time zone, expected one with a zone\n"
            "  write for example .replace(tzinfo=UTC) if it is meant in UTC"
        )
    return (when - _EPOCH) // _MILLISECOND


def to_datetime(ms: int) -> datetime:
    """Return the instant as an aware datetime in UTC."""
    return _EPOCH + ms * _MILLISECOND


def written(at_ms: int) -> str:
    """Return Unix milliseconds as RFC 3339 text in UTC, to the second, for messages."""
    return f"{to_datetime(at_ms):%Y-%m-%dT%H:%M:%SZ}"


class Timetable:
    """The answers shared by `every`, `cron`, `at` and `solar`."""

    if TYPE_CHECKING:  # of celery.schedules.BaseSchedule, which stands beside this class

        def now(self) -> datetime: ...  # noqa: D102
        def maybe_make_aware(self, dt: datetime) -> datetime: ...  # noqa: D102
        @classmethod
        def from_json(cls, data: Mapping[str, Any]) -> Self: ...  # noqa: D102

    @property
    def rule(self) -> Rule:
        """The pure rule: integers in, integers out.

        Raises:
            ScheduleError: It depends on the entry's name, which is not known yet.
        """
        raise NotImplementedError

    def next(self, after: datetime) -> datetime | None:
        """Return the first slot strictly later than a time, in UTC; None if there is none.

        Raises:
            ScheduleError: The time is naive.
        """
        slot = self.rule.next(to_ms(after, "after"))
        return None if slot is None else to_datetime(slot)

    def previous(self, before: datetime) -> datetime | None:
        """Return the last slot strictly earlier than a time, in UTC; None if there is none.

        Raises:
            ScheduleError: The time is naive.
        """
        # Milliseconds are rounded down, and a slot in the last one begun is earlier.
        rest = to_ms(before, "before") + bool(before.microsecond % 1000)
        slot = self.rule.previous(rest)
        return None if slot is None else to_datetime(slot)

    def iter(self, after: datetime) -> Iterator[datetime]:
        """Yield the slots strictly later than a time, in order, in UTC.

        Raises:
            ScheduleError: The time is naive.
        """
        return self._walk(to_ms(after, "after"))

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the slots from a time on, up to and not including another, in UTC.

        Raises:
            ScheduleError: A time is naive.
        """
        first = to_ms(start, "start") + bool(start.microsecond % 1000) - 1
        stop = to_ms(end, "end") + bool(end.microsecond % 1000)
        found = []
        slot = self.rule.next(first)
        while slot is not None and slot < stop:
            found.append(to_datetime(slot))
            slot = self.rule.next(slot)
        return found

    def _walk(self, slot: int) -> Iterator[datetime]:
        following = self.rule.next(slot)
        while following is not None:
            yield to_datetime(following)
            following = self.rule.next(following)

    # Celery's side

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """Return how long it is from now to the slot after a time (negative if overdue)."""
        slot = self._rule_for_celery().next(self._last_ms(last_run_at))
        if slot is None:
            return timedelta(seconds=_CHECK_AGAIN)
        return to_datetime(slot) - self.maybe_make_aware(self.now()).astimezone(UTC)

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Return whether a slot came due since a time, and the seconds to the next one.

        Several slots that came due count as one, as with Celery's own schedules.
        """
        from celery.schedules import schedstate

        rule = self._rule_for_celery()
        now = self.maybe_make_aware(self.now()).astimezone(UTC)
        now_ms = to_ms(now)
        slot = rule.next(self._last_ms(last_run_at))
        due = slot is not None and slot <= now_ms
        if due:
            due = not self._stale(rule, now_ms)
            slot = rule.next(now_ms)
        wait = _CHECK_AGAIN if slot is None else (to_datetime(slot) - now).total_seconds()
        return schedstate(due, wait)

    def _rule_for_celery(self) -> Rule:
        return self.rule

    def _stale(self, rule: Rule, now_ms: int) -> bool:
        """Return whether the slot that is due is too old to send."""
        return False

    def _last_ms(self, last_run_at: datetime) -> int:
        return to_ms(self.maybe_make_aware(last_run_at))

    # What makes a value of it

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`; `schedule_from_json` reads it."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return the schedule in plain English, such as `every 15 seconds`."""
        return describe(self.rule)

    def _definition(self) -> tuple[object, ...]:
        """Return what equality and the hash compare."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        # False and not NotImplemented: Celery's own `schedule` would else compare intervals.
        return type(other) is type(self) and other._definition() == self._definition()

    def __hash__(self) -> int:
        return hash((type(self).__name__, *self._definition()))

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[dict[str, Any]]]:
        return type(self).from_json, (self.to_json(),)


def unbound(schedule: str, what: str) -> str:
    """Return the text of the error for times asked of a schedule that needs its entry's name."""
    return (
        f"{schedule} has no times yet: {what} comes from the entry's name\n"
        "  bind(schedule, timezone='UTC', name='the entry') gives it one"
    )
