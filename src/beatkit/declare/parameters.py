"""The parameters of @periodic, by name and type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, TypedDict

from beatkit.entry import CatchUp, Overlap

Duration = float | timedelta
"""Seconds, or a timedelta."""


class Parameters(TypedDict, total=False):
    """What may be written in `@periodic(...)`; all of it is optional but for a time."""

    seconds: Duration
    minutes: Duration
    hours: Duration
    days: Duration
    weeks: Duration
    cron: str | Sequence[str]
    timezone: str | None
    gap: Literal["run", "skip"]
    fold: Literal["first", "both"]
    offset: Duration | Literal["hash"]
    jitter: Duration
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    queue: str | None
    priority: int | None
    routing_key: str | None
    headers: Mapping[str, Any] | None
    expires: Duration | None
    options: Mapping[str, Any]
    catch_up: CatchUp
    coalesce: bool | None
    deadline: Duration | None
    overlap: Overlap
    even_when_paused: bool
    name: str | None
    description: str | None
    enabled: bool | Callable[[], bool]
    tags: Iterable[str]


NAMES: tuple[str, ...] = tuple(Parameters.__annotations__)
