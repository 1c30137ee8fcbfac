"""Entry, Slot and Policy: the values everything else speaks about, and their JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from beatkit.errors import ScheduleError

CatchUp = Literal["latest", "all"]
Overlap = Literal["allow", "skip", "buffer_one"]
Kind = Literal["scheduled", "catch_up", "manual", "backfill"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What may happen to a slot that is late, missed or overtaken.

    Attributes:
        catch_up: Which of the slots that came due while no beat could send are sent:
            the latest, or all of them in order.
        coalesce: The guard skips a run when another of this entry has started since
            its slot came due.
        deadline: Seconds after `scheduled_for` at which a run may no longer start;
            also the message's absolute expiry. None: no limit.
        overlap: What happens when a slot's run would start while the previous runs.
        even_when_paused: Send this entry also while a pause of many is in force.
        jitter: Seconds by which a slot's send may be delayed, at most; the delay is a
            stable function of the slot. It never changes `scheduled_for`.
    """

    catch_up: CatchUp = "latest"
    coalesce: bool = True
    deadline: float | None = None
    overlap: Overlap = "allow"
    even_when_paused: bool = False
    jitter: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the fields that differ from the defaults, ready for `json.dumps`."""
        default = Policy()
        pairs = ((name, getattr(self, name)) for name in Policy.__slots__)
        return {name: value for name, value in pairs if value != getattr(default, name)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Policy:
        """Read what `to_json` wrote; unknown fields (a newer beatkit's) are left out."""
        return cls(**{name: data[name] for name in cls.__slots__ if name in data})


PLAIN = Policy(coalesce=False)
"""The policy of entries written plainly in `beat_schedule`: Celery's own meaning."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an entry was declared, for error messages: a file and a line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A named row of the schedule: a task, when it is due, and with what.

    Attributes:
        name: Unique in the schedule.
        task: The task's registered name.
        schedule: A beatkit schedule (`every`, `cron`, `at`, `solar`), which holds a pure
            `rule`, or any Celery `BaseSchedule`, which is asked through its `is_due`.
        args: Positional arguments of each run.
        kwargs: Keyword arguments of each run.
        options: What `apply_async` takes: queue, priority, routing_key, headers, expires ...
        policy: None for an entry with Celery's own meaning and no guard.
        description: One line for people.
        tags: Labels to select entries by.
        enabled: False: the entry is listed and never sent.
        source: Where it was declared; None for what came from settings.
    """

    name: str
    task: str
    schedule: Any
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = True
    source: Source | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps` if its arguments are.

        Fields that have their defaults are left out, and so is `source`, which is a place in
        code and no part of what runs.

        Raises:
            ScheduleError: The schedule is of a kind that has no JSON form.
        """
        data = {"name": self.name, "task": self.task, "schedule": _schedule_to_json(self)}
        plain = {
            "args": list(self.args),
            "kwargs": dict(self.kwargs),
            "options": dict(self.options),
            "description": self.description,
            "tags": list(self.tags),
        }
        data |= {name: value for name, value in plain.items() if value}
        if self.policy is not None:
            data["policy"] = self.policy.to_json()
        return data if self.enabled else {**data, "enabled": False}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Entry:
        """Read what `to_json` wrote; unknown fields (a newer beatkit's) are left out.

        Raises:
            ScheduleError: The schedule's kind is unknown, or a value in it cannot work.
        """
        from beatkit.schedules.celery import schedule_from_json

        policy = data.get("policy")
        return cls(
            name=data["name"],
            task=data["task"],
            schedule=schedule_from_json(data["schedule"]),
            args=tuple(data.get("args", ())),
            kwargs=dict(data.get("kwargs", {})),
            options=dict(data.get("options", {})),
            policy=None if policy is None else Policy.from_json(policy),
            description=data.get("description", ""),
            tags=tuple(data.get("tags", ())),
            enabled=data.get("enabled", True),
        )


def _schedule_to_json(entry: Entry) -> dict[str, Any]:
    to_json = getattr(entry.schedule, "to_json", None)
    if to_json is None:
        raise ScheduleError(
            f"Entry {entry.name!r}: schedule {entry.schedule!r} has no JSON form\n"
            "  write every(...), cron(...), at(...) or solar(...)"
        )
    data: dict[str, Any] = to_json()
    return data


@dataclass(frozen=True, slots=True)
class Slot:
    """One intended run of an entry.

    Attributes:
        entry: The entry's name.
        scheduled_for: The instant the run is for, aware, in UTC.
        kind: Why it was sent: in time, as catch-up, by hand, or as backfill.
        previous: The slot decided before this one, aware, in UTC; None if there is none.
    """

    entry: str
    scheduled_for: datetime
    kind: Kind = "scheduled"
    previous: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the slot with its instants in milliseconds since 1970, UTC."""
        previous = None if self.previous is None else _ms(self.previous)
        return {
            "entry": self.entry,
            "scheduled_for": _ms(self.scheduled_for),
            "kind": self.kind,
            "previous": previous,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Slot:
        """Read what `to_json` wrote."""
        previous = data.get("previous")
        return cls(
            entry=data["entry"],
            scheduled_for=_instant(data["scheduled_for"]),
            kind=data.get("kind", "scheduled"),
            previous=None if previous is None else _instant(previous),
        )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _ms(instant: datetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND


def _instant(ms: int) -> datetime:
    return _EPOCH + ms * _MILLISECOND
