"""The lines of a crontab, as entries.

A crontab runs shell commands; an entry runs a task. `celery -A app call TASK` says which one;
any other command can only become the argument of a task that runs commands, if there is one.
The rules of the file are those of crontab(5): comments, assignments, `CRON_TZ`, `%`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beatkit.entry import Entry
from beatkit.errors import ScheduleError
from beatkit.importing import Candidate, NotReadable
from beatkit.schedules.celery import cron

_ASSIGNMENT = re.compile(r"\s*(\w+)\s*=\s*(.*)")
_VALUES = {
    "-a": "args", "--args": "args", "-k": "kwargs", "--kwargs": "kwargs",
    "--queue": "queue", "-Q": "queue", "--exchange": "exchange",
    "--routing-key": "routing_key", "--serializer": "serializer", "--expires": "expires",
    "--countdown": "countdown",
}  # fmt: skip


@dataclass
class _Place:
    """What the lines before a line have said."""

    file: Path
    has_user: bool
    task: str | None
    zone: str | None = None
    lost: list[str] = field(default_factory=list)
    comment: str = ""


def read(file: Path, *, has_user: bool = False, task: str | None = None) -> list[Candidate]:
    """Read a crontab.

    Args:
        file: Such as what `crontab -l` prints, or /etc/cron.d/shop.
        has_user: A user stands between the times and the command, as in /etc/crontab.
        task: Of a task that takes a command as its one argument, for lines that call none.

    Raises:
        NotReadable: There is no such file, or it is no text.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotReadable(_NO_FILE.format(str(file), error)) from error
    return list(candidates(text, _Place(file, has_user, task)))


def candidates(text: str, place: _Place) -> Iterator[Candidate]:
    """Yield what the lines become."""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            place.comment = line.lstrip("# ").strip()
            continue
        assignment = _ASSIGNMENT.fullmatch(line)
        if assignment and not line.startswith("@") and not line[0].isdigit() and line[0] != "*":
            _assign(place, assignment[1], assignment[2].strip("\"'"))
            continue
        yield _candidate(line, number, place)
        place.comment = ""


def _assign(place: _Place, name: str, value: str) -> None:
    if name in ("CRON_TZ", "TZ"):
        place.zone = value
    else:
        place.lost.append(f"{name}={value}: a worker's environment is its own")


def _candidate(line: str, number: int, place: _Place) -> Candidate:
    count = 1 if line.startswith("@") else 5
    words = line.split(None, count + place.has_user)
    name = f"{place.file.name}:{number}"
    if len(words) <= count + place.has_user:
        return Candidate(name, refused="the line has no command")
    if words[0].lower() == "@reboot":
        return Candidate(name, refused="@reboot is no time; start it with the machine's services")
    loses = list(place.lost)
    if place.has_user:
        loses.append(f"its user, {words[count]}: a worker runs as its own")
    times, command = " ".join(words[:count]), words[-1]
    command, loses = _without_input(command, loses)
    try:
        schedule = cron(times, timezone=place.zone)
        entry = _entry(name, schedule, command, place)
    except (ScheduleError, ValueError) as error:
        return Candidate(name, refused=str(error).splitlines()[0])
    return Candidate(entry.name, entry, loses=tuple(loses))


def _without_input(command: str, loses: list[str]) -> tuple[str, list[str]]:
    """Cut off what crontab(5) hands to a command's standard input: what follows a bare %."""
    parts = re.split(r"(?<!\\)%", command, maxsplit=1)
    if len(parts) == 2:
        loses = [*loses, "the input after %: write it into the command"]
    return parts[0].replace("\\%", "%").strip(), loses


def _entry(name: str, schedule: Any, command: str, place: _Place) -> Entry:
    call = called(command)
    if call is not None:
        return Entry(f"{call.task}:{name.rpartition(':')[2]}", call.task, schedule, call.args,
                     call.kwargs, call.options, description=place.comment)  # fmt: skip
    if place.task is None:
        raise ValueError(f"it runs a command, {command!r}, not a task; --task names one for it")
    return Entry(name, place.task, schedule, (command,), description=place.comment)


@dataclass(frozen=True, slots=True)
class Call:
    """A `celery call` of a task."""

    task: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def called(command: str) -> Call | None:
    """Return the call of a task that a command makes with `celery call`; None if it makes none.

    Raises:
        ValueError: Its arguments cannot be read.
    """
    try:
        words = shlex.split(command, comments=False)
    except ValueError:
        return None
    programs = [at for at, word in enumerate(words) if word.rpartition("/")[2] == "celery"]
    if not programs or "call" not in words[programs[0] :]:
        return None
    rest = words[words.index("call", programs[0]) + 1 :]
    given, free = _read_options(rest)
    if len(free) != 1 or {";", "&&", "|", "||"} & set(rest):
        return None
    args = tuple(json.loads(given.pop("args", "[]")))
    kwargs = dict(json.loads(given.pop("kwargs", "{}")))
    options: dict[str, Any] = dict(given)
    for name in ("expires", "countdown"):
        if name in options:
            options[name] = float(options[name])
    return Call(free[0], args, kwargs, options)


def _read_options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    given: dict[str, str] = {}
    free: list[str] = []
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=")
        if name in _VALUES:
            given[_VALUES[name]] = value if equals else next(left, "")
        elif word.startswith((">", "2>", "&>")):
            if word in (">", ">>", "2>", "&>"):
                next(left, "")
        else:
            free.append(word)
    return given, free


_NO_FILE = (
    "The crontab {0!r} cannot be read: {1}\n"
    "  write the path of a file, such as: crontab -l > shop.cron"
)
