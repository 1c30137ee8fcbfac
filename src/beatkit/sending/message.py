"""What a slot's message says: its task id, headers, and the times computed from the slot.

Pure. The rest of the message is Celery's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any
from uuid import UUID

from beatkit.entry import Entry, Kind

ENTRY, SLOT, KIND, POLICY = "beatkit-entry", "beatkit-slot", "beatkit-kind", "beatkit-policy"
PREVIOUS = "beatkit-previous"
"""Headers of each message. The slots are in milliseconds since 1970, UTC; the policy is there
only if the entry has one, and is then the guard's only source."""

_IDS = UUID("a1c0f5d2-6a5b-4c9e-9d2f-7d1b0b3f9a55")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One slot on its way to becoming a message.

    Attributes:
        entry: Its definition.
        slot: Its `scheduled_for`, milliseconds since 1970.
        args: Positional arguments; a list of its own.
        kwargs: Keyword arguments; a dict of its own.
        options: What `apply_async` takes; a dict of its own, which whoever watches the
            sending (Sentry does) may change.
        expires: When the message expires, milliseconds since 1970; None: never, or at an
            instant that Celery works out.
    """

    entry: Entry
    slot: int
    args: list[Any]
    kwargs: dict[str, Any]
    options: dict[str, Any]
    expires: int | None


def task_id(name: str, entry: str, slot: int, request: str = "") -> str:
    """Return the id of the run of a slot: the same from every beat, and on every attempt.

    Args:
        name: What sets this schedule apart from others (the key prefix).
        entry: The entry's name.
        slot: Its `scheduled_for`, milliseconds since 1970.
        request: Of a manual or backfill run: what asked for it, so that it is a run apart.
    """
    # What uuid.uuid5 returns, as text, in a third of its time: it is a tenth of a stamped send.
    named = _IDS.bytes + f"{name}{entry}@{slot}{request}".encode()
    text = sha1(named, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def outgoing(
    name: str, entry: Entry, slot: int, kind: Kind, task: Any = None, after: int | None = None
) -> Outgoing:
    """Lay out a slot's message.

    `expires` and `countdown` count from the slot, not from when a beat came round to it, so
    that a late message expires when a punctual one would have; a backfilled one never does.

    Args:
        name: What sets this schedule apart from others (the key prefix).
        entry: The slot's entry.
        slot: Its `scheduled_for`, milliseconds since 1970.
        kind: Why it is sent.
        task: The registered task, whose own `expires` counts where the entry has none.
        after: The progress that the slot follows; None: it follows none.
    """
    options: dict[str, Any] = _own(entry.options)
    options["headers"] = _own(options.get("headers") or {}) | _headers(entry, slot, kind, after)
    options["task_id"] = options.get("task_id") or task_id(name, entry.name, slot)
    # A property that django-celery-results shows as the periodic task's name.
    options.setdefault("periodic_task_name", entry.name)
    at = datetime.fromtimestamp(slot / 1000, UTC)
    countdown = options.pop("countdown", None)
    if countdown is not None:
        options["eta"] = at + _duration(countdown)
    expires = _expiry(entry, options, task)
    if kind == "backfill":  # its slot is past, and whoever backfills wants it all the same
        expires = None
        options.pop("expires", None)
    if isinstance(expires, int | float | timedelta):
        expires = at + _duration(expires)
    if expires is not None:
        options["expires"] = expires
    args, kwargs = list(_own(list(entry.args))), _own(entry.kwargs)
    return Outgoing(entry, slot, args, kwargs, options, _instant(expires))


def _headers(entry: Entry, slot: int, kind: Kind, after: int | None) -> dict[str, Any]:
    headers: dict[str, Any] = {
        "celery_beat_task": True,
        ENTRY: entry.name,
        SLOT: slot,
        KIND: kind,
        PREVIOUS: slot_at(entry, after),
    }
    if entry.policy is not None:
        headers[POLICY] = entry.policy.to_json()
    return headers


def slot_at(entry: Entry, progress: int | None) -> int | None:
    """Return progress that is a slot; None for where an entry begins to count."""
    if progress is None:
        return None
    rule = getattr(entry.schedule, "rule", None)
    return progress if rule is None or rule.next(progress - 1) == progress else None


def _expiry(entry: Entry, options: Mapping[str, Any], task: Any) -> Any:
    if entry.policy is not None and entry.policy.deadline is not None:
        return entry.policy.deadline
    if "expires" in options:
        return options["expires"]
    return getattr(task, "expires", None)


@dataclass(frozen=True, slots=True)
class Durations:
    """What of a message's times counts from its slot: how long after it each is."""

    expires: timedelta | None
    eta: timedelta | None


def durations(entry: Entry, task: Any) -> Durations | None:
    """Return an entry's durations; None if one of its times is an instant instead.

    Args:
        entry: The entry.
        task: The registered task, as for `outgoing`.
    """
    expires, countdown = _expiry(entry, entry.options, task), entry.options.get("countdown")
    if "eta" in entry.options or not isinstance(expires, int | float | timedelta | None):
        return None
    return Durations(*(None if one is None else _duration(one) for one in (expires, countdown)))


def _duration(seconds: Any) -> timedelta:
    return seconds if isinstance(seconds, timedelta) else timedelta(seconds=float(seconds))


def _instant(expires: Any) -> int | None:
    if isinstance(expires, datetime) and expires.tzinfo is not None:
        return round(expires.timestamp() * 1000)
    return None


def _own(value: Any) -> Any:
    """Copy plain containers, however deep, and keep what they hold."""
    if isinstance(value, dict) and type(value) is dict:
        return {key: _own(item) for key, item in value.items()}
    if type(value) is list:
        return [_own(item) for item in value]
    if type(value) is tuple:
        return tuple(_own(item) for item in value)
    return value
