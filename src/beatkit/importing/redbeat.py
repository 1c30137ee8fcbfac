"""The entries of redbeat, read from its keys; redbeat itself need not be installed.

An entry is a hash under its prefix with the JSON of its definition, in which a schedule is a
mapping with `__type__` (redbeat/decoder.py, redbeat 2.4). Keys with another colon after the
prefix are redbeat's own, such as `redbeat::schedule`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from celery.schedules import crontab, schedule

from beatkit.entry import Entry
from beatkit.errors import ScheduleError
from beatkit.importing import (
    ADDED_ANYWAY,
    CLEANUP,
    RUNS_ANEW,
    Candidate,
    NotReadable,
    SourceUnavailable,
)
from beatkit.schedules.convert import convert

PREFIX = "redbeat:"


def read(app: Any, url: str | None = None, prefix: str | None = None) -> list[Candidate]:
    """Read the entries of a redbeat.

    Args:
        app: The Celery app, whose settings `redbeat_redis_url` (else the broker) and
            `redbeat_key_prefix` count where the next are not given.
        url: Of the Redis.
        prefix: Of redbeat's keys, with the colon at its end.

    Raises:
        SourceUnavailable: The server does not answer.
        NotReadable: It refuses, or the URL cannot be read.
    """
    from redis.exceptions import ConnectionError as NoConnection
    from redis.exceptions import RedisError
    from redis.exceptions import TimeoutError as NoReply

    from beatkit.store.link import connect, parse

    where = url or app.conf.get("redbeat_redis_url") or str(app.conf.broker_url or "")
    own = str(app.conf.get("redbeat_key_prefix") or PREFIX)
    try:
        client = connect(parse(where), timeout=3.0)
    except ValueError as error:
        raise NotReadable(_NO_URL.format(error)) from error
    try:
        return list(_read(client, own if prefix is None else prefix))
    except (NoConnection, NoReply, OSError) as error:
        raise SourceUnavailable(_AWAY.format(parse(where), error)) from error
    except RedisError as error:
        raise NotReadable(_AWAY.format(parse(where), error)) from error
    finally:
        client.close()


def _read(client: Any, prefix: str) -> Iterator[Candidate]:
    statics = {name.decode() for name in client.smembers(f"{prefix}:statics")}
    keys = client.scan_iter(match=f"{prefix}*", count=1_000, _type="hash")
    for key in sorted(key.decode() for key in keys):
        name = key.removeprefix(prefix)
        if name.startswith(":"):
            continue
        definition = client.hget(key, "definition")
        if definition is not None:
            yield candidate(name, definition, is_static=name in statics)


def candidate(name: str, definition: str | bytes, *, is_static: bool = False) -> Candidate:
    """Return what an entry of redbeat becomes.

    Args:
        name: Its name.
        definition: Its definition, JSON.
        is_static: It stands in the settings, from where redbeat copied it.
    """
    if name == CLEANUP:
        return Candidate(name, refused=ADDED_ANYWAY)
    if is_static:
        why = "it comes from beat_schedule in the settings, which is read anyway"
        return Candidate(name, refused=why)
    try:
        data = json.loads(definition, object_hook=_decoded)
        entry = _entry(data)
    except (ValueError, KeyError, TypeError, ScheduleError, _Unknown) as error:
        return Candidate(name, refused=str(error).splitlines()[0])
    return Candidate(entry.name, entry, loses=tuple(_loses(data)))


def _entry(data: dict[str, Any]) -> Entry:
    return Entry(
        name=data["name"],
        task=data["task"],
        schedule=convert(data["schedule"]),
        args=tuple(data.get("args") or ()),
        kwargs=dict(data.get("kwargs") or {}),
        options={key: one for key, one in (data.get("options") or {}).items() if one is not None},
        enabled=bool(data.get("enabled", True)),
    )


def _loses(data: dict[str, Any]) -> Iterator[str]:
    if getattr(data["schedule"], "was_relative", False):
        yield "relative: its slots do not depend on when anything started"
    yield RUNS_ANEW


class _Unknown(Exception):
    """A kind of value that beatkit has no counterpart of."""


def _decoded(data: dict[str, Any]) -> Any:
    kind = data.pop("__type__", None)
    match kind:
        case None:
            return data
        case "interval":
            made = schedule(run_every=timedelta(seconds=float(data["every"])))
            made.was_relative = bool(data.get("relative"))
            return made
        case "crontab":
            return crontab(**data)
        case "datetime":
            return datetime(tzinfo=_zone(data.pop("timezone", "UTC")), **data)
        case "rrule":
            raise _Unknown("an rrule has no counterpart; write cron(...) or at(...)")
        case _:
            raise _Unknown(f"a value of type {kind!r} is unknown")


def _zone(zone: Any) -> Any:
    if zone in ("UTC", 0):
        return UTC
    if isinstance(zone, int | float):
        return timezone(timedelta(seconds=zone))
    return ZoneInfo(zone)


_NO_URL = (
    "redbeat's Redis cannot be read from: {0}\n"
    "  from --url, redbeat_redis_url or broker_url\n"
    "  write --url redis://HOST:6379/0"
)
_AWAY = (
    "redbeat's Redis {0} cannot be read from: {1}\n"
    "  from --url, redbeat_redis_url or broker_url\n"
    "  write --url redis://HOST:6379/0"
)
