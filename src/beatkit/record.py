"""Who did what to a running schedule, when and why: what each operator's action leaves behind."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beatkit.errors import BeatkitError
from beatkit.schedules.timetable import to_datetime
from beatkit.store import Action
from beatkit.store.actions import Verb

LONGEST = 500
"""Characters of a reason: records are kept in the store, whose memory is bounded."""


NAMED = 20
"""Entries that one record names, at most."""


class ActionError(BeatkitError, ValueError):
    """What an operator asks for does not say enough, or says too much."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action on record.

    Attributes:
        at: When, by the store's clock; aware, in UTC.
        verb: "pause", "resume", "trigger", "skip_next", "backfill", "forget", "upsert" or
            "remove".
        scopes: What it concerned: "entry:NAME", "tag:TAG", or "*" for everything; "skip:NAME"
            for the next slot of an entry, "slots:NAME" for what one owed.
        by: Who, such as "ann@desk"; "-" if it is not known.
        reason: Why; "" if nothing was said.
        until: Of a pause: when it ends by itself; None: it does not.
        task_id: Of a trigger: the id of its run.
    """

    at: datetime
    verb: Verb
    scopes: tuple[str, ...]
    by: str
    reason: str
    until: datetime | None = None
    task_id: str = ""


def deed(action: Action) -> Deed:
    """Return an action as people read it."""
    until = None if action.until is None else to_datetime(action.until)
    at = to_datetime(action.at)
    return Deed(at, action.verb, action.scopes, action.by, action.reason, until, action.task_id)


def scopes_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return what a record says of entries: their names, and of very many how many more."""
    shown = tuple(f"entry:{name}" for name in names[:NAMED])
    return shown if len(names) <= NAMED else (*shown, f"and {len(names) - NAMED} more")


def signed(by: str | None) -> str:
    """Return who acts, as it is recorded: what was given, else the user of this process."""
    return "-".join((by or _user()).split()) or "-"


def _user() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user often has no name
        name = f"uid-{os.getuid()}" if hasattr(os, "getuid") else "-"
    return f"{name}@{socket.gethostname()}"


def checked(reason: str, *, wanted: bool = False) -> str:
    """Return a reason without blanks around it.

    Args:
        reason: What was given.
        wanted: An empty one is refused.

    Raises:
        ActionError: It is empty and wanted, or too long.
    """
    text = reason.strip()
    if wanted and not text:
        raise ActionError(_EMPTY.format(reason))
    if len(text) > LONGEST:
        raise ActionError(_LONG.format(text[:20] + "...", len(text), LONGEST))
    return text


_EMPTY = (
    "reason is {0!r}, expected why this is done\n"
    "  whoever finds it at night needs it\n"
    "  write such as 'migration of the invoices, until Ann is done'"
)
_LONG = (
    "reason {0!r} has {1} characters, expected {2} at most\n"
    "  it is kept with every record in the store\n"
    "  write one sentence, and where to read more"
)
