"""The entries of django-celery-beat, read from its tables by plain SQL.

Neither Django nor django-celery-beat is needed for a SQLite file; any other database is read
through the connection that Django's settings describe. Columns are those of versions 2.5 to
2.9; what an older one lacks is left out.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from celery.schedules import crontab

from beatkit.entry import Entry
from beatkit.errors import ScheduleError
from beatkit.importing import ADDED_ANYWAY, CLEANUP, RUNS_ANEW, Candidate, NotReadable
from beatkit.schedules.celery import at, every, solar
from beatkit.schedules.convert import convert

_TABLE = "django_celery_beat_{0}"
_TABLES = {
    "task": "periodictask",
    "interval": "intervalschedule",
    "crontab": "crontabschedule",
    "solar": "solarschedule",
    "clocked": "clockedschedule",
}
_FIELDS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")

Rows = Mapping[str, list[dict[str, Any]]]
"""The rows of each table, by the short names above."""


def read(database: str | None = None, alias: str = "default") -> list[Candidate]:
    """Read the entries of a django-celery-beat.

    Args:
        database: `sqlite:///FILE`; None: what Django's settings describe.
        alias: Which of the databases in those settings.

    Raises:
        NotReadable: It cannot be opened, or holds no such tables.
    """
    try:
        rows = _file(database) if database is not None else _through_django(alias)
    except sqlite3.Error as error:
        raise NotReadable(_NO_TABLES.format(database, error)) from error
    return [candidate(one, rows) for one in rows["task"]]


def _file(database: str) -> Rows:
    path = Path(database.removeprefix("sqlite:///").split("?")[0])
    if not database.startswith("sqlite:///") or not path.exists():
        raise NotReadable(_NO_FILE.format(database))
    with closing(sqlite3.connect(f"file:{path.absolute()}?mode=ro", uri=True)) as connection:
        return {short: _rows(connection.cursor(), name) for short, name in _TABLES.items()}


def _through_django(alias: str) -> Rows:
    try:
        import django
        from django.core.exceptions import ImproperlyConfigured
        from django.db import DatabaseError, connections
    except ImportError as error:
        raise NotReadable(_NO_DJANGO) from error
    try:
        django.setup()
        with connections[alias].cursor() as cursor:
            return {short: _rows(cursor, name) for short, name in _TABLES.items()}
    except (ImproperlyConfigured, ImportError) as error:
        raise NotReadable(_NO_SETTINGS.format(str(error).splitlines()[0])) from error
    except DatabaseError as error:
        raise NotReadable(_NO_TABLES.format(f"of Django's settings ({alias})", error)) from error


def _rows(cursor: Any, name: str) -> list[dict[str, Any]]:
    cursor.execute(f"SELECT * FROM {_TABLE.format(name)}")
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def candidate(row: Mapping[str, Any], rows: Rows) -> Candidate:
    """Return what a row of the table of periodic tasks becomes."""
    name = str(row["name"])
    if name == CLEANUP:
        return Candidate(name, refused=ADDED_ANYWAY)
    if row.get("one_off") and not row.get("clocked_id"):
        why = "it runs once (one_off) at a time that only its beat can tell; write at(...)"
        return Candidate(name, refused=why)
    try:
        entry = Entry(
            name=name,
            task=str(row["task"]),
            schedule=_schedule(row, rows),
            args=tuple(json.loads(row.get("args") or "[]")),
            kwargs=json.loads(row.get("kwargs") or "{}"),
            options=_options(row),
            description=" ".join(str(row.get("description") or "").split()),
            enabled=bool(row["enabled"]),
        )
    except (ValueError, KeyError, TypeError, ScheduleError) as error:
        return Candidate(name, refused=str(error).splitlines()[0])
    return Candidate(name, entry, loses=tuple(_loses(row)))


def _schedule(row: Mapping[str, Any], rows: Rows) -> Any:
    for kind, make in _MAKERS.items():
        number = row.get(f"{kind}_id")
        if number is not None:
            return make(next(one for one in rows[kind] if one["id"] == number))
    raise ValueError("it has no schedule")


def _interval(row: Mapping[str, Any]) -> Any:
    if row["period"] == "microseconds":
        return every(seconds=row["every"] / 1_000_000)
    return every(**{row["period"]: row["every"]})


def _crontab(row: Mapping[str, Any]) -> Any:
    made = crontab(**{field: str(row[field]) for field in _FIELDS})
    made.__dict__["tz"] = ZoneInfo(str(row.get("timezone") or "UTC"))
    return convert(made)


def _clocked(row: Mapping[str, Any]) -> Any:
    instant = _aware(row["clocked_time"])
    if instant <= datetime.now(UTC):
        raise ValueError(f"its one time, {instant}, is past")
    return at(instant)


def _solar(row: Mapping[str, Any]) -> Any:
    return solar(str(row["event"]), float(row["latitude"]), float(row["longitude"]))


_MAKERS = {"interval": _interval, "crontab": _crontab, "solar": _solar, "clocked": _clocked}


def _aware(value: Any) -> datetime:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _options(row: Mapping[str, Any]) -> dict[str, Any]:
    names: Sequence[str] = ("queue", "exchange", "routing_key", "priority")
    options = {name: row[name] for name in names if row.get(name) not in (None, "")}
    headers = json.loads(row.get("headers") or "{}")
    if headers:
        options["headers"] = headers
    if row.get("expire_seconds"):
        options["expires"] = row["expire_seconds"]
    return options


def _loses(row: Mapping[str, Any]) -> Iterator[str]:
    if row.get("expires"):
        yield f"its expiry on a date, {row['expires']}: remove it by then"
    start = row.get("start_time")
    if start and _aware(start) > datetime.now(UTC):
        yield f"its start, {start}: it counts from its import"
    yield RUNS_ANEW


_NO_FILE = (
    "database is {0!r}, expected the path of a file that is there after sqlite:///\n"
    "  from --database\n"
    "  write sqlite:///db.sqlite3; any other database is read through Django's settings: set "
    "DJANGO_SETTINGS_MODULE and leave --database out"
)
_NO_TABLES = (
    "The database {0} holds no schedule of django-celery-beat: {1}\n"
    "  write --database with the one that its beat uses, or --alias with its name in DATABASES"
)
_NO_DJANGO = (
    "No database is given, and Django is not installed to ask for one\n"
    "  write --database sqlite:///db.sqlite3, or run this where the project runs"
)
_NO_SETTINGS = (
    "Django's settings cannot be used: {0}\n"
    "  set DJANGO_SETTINGS_MODULE, or write --database sqlite:///db.sqlite3"
)
