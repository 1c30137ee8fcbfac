"""What people do to a running schedule, as values: pauses, and the record of each action.

Every instant is an integer: milliseconds since 1970, UTC, by the store's own clock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

ACTIONS = 1_000
"""How many actions are kept, the newest."""

ENDED_MS = 7 * 24 * 3600 * 1000
"""For so long a pause that has ended still withholds the slots that came due in it: beats may
have been away all the while, and come back after it."""

Verb = Literal["pause", "resume", "trigger", "skip_next", "backfill", "forget", "upsert", "remove"]


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause as the store keeps it.

    Attributes:
        reason: Why, for people.
        by: Who paused; without white space, "-" if it is not known.
        at: Since when.
        until: From when on it no longer holds; None: until somebody resumes.
    """

    reason: str
    by: str = "-"
    at: int = 0
    until: int | None = None

    def holds(self, now: int) -> bool:
        """Say whether it is in force: a slot due at `until` is sent."""
        return self.until is None or now < self.until

    def withholds(self, slot: int, now: int) -> bool:
        """Say whether a slot is not to be sent: it is in force, or was when the slot came due."""
        return self.until is None or now < self.until or self.at <= slot < self.until

    def is_over(self, now: int) -> bool:
        """Say whether it ended so long ago that it concerns no slot any more."""
        return self.until is not None and self.until + ENDED_MS <= now


@dataclass(frozen=True, slots=True)
class Action:
    """Something that somebody did, and why.

    Attributes:
        verb: What.
        scopes: To what: see `pause_scopes`; "skip:NAME" for a slot to be skipped. To forget
            "entry:NAME" drops all that is kept of it, and "slots:NAME" just what is owed.
        by: Who; without white space, "-" if it is not known.
        reason: Why; "" if nothing was said.
        until: Of a pause: when it ends by itself; None: it does not.
        task_id: Of a trigger: the id of its run; of a backfill: its range.
        at: When; the store fills it in.
    """

    verb: Verb
    scopes: tuple[str, ...]
    by: str = "-"
    reason: str = ""
    until: int | None = None
    task_id: str = ""
    at: int = 0


NOTHING = Action("resume", ())
"""Stands where no action is recorded."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """The pauses in force, by scope, and the store's time."""

    now: int
    pauses: Mapping[str, Pause]


def skip_scope(entry: str) -> str:
    """Return the scope under which an entry's next slot is to be skipped, beside the pauses."""
    return f"skip:{entry}"


def in_force(pauses: Mapping[str, Pause], now: int) -> dict[str, Pause]:
    """Return those of some pauses that hold now."""
    return {scope: pause for scope, pause in pauses.items() if pause.holds(now)}


def pause_from_text(text: str) -> Pause:
    """Read a pause as the scripts write it: "until at by reason"."""
    until, at, by, reason = text.split(" ", 3)
    return Pause(reason, by, int(at), None if until == "-" else int(until))


def action_to_words(action: Action) -> list[object]:
    """Write an action as the script reads it."""
    until = "-" if action.until is None else action.until
    scopes = json.dumps(action.scopes)
    words = (action.verb, action.by, action.reason, until, action.task_id, ACTIONS, scopes)
    return [*words, *action.scopes]


def action_from_fields(fields: Mapping[bytes, bytes]) -> Action:
    """Read one record of the stream of actions."""
    cells = {name.decode(): value.decode() for name, value in fields.items()}
    until = None if cells["until"] == "-" else int(cells["until"])
    return Action(
        cast(Verb, cells["verb"]), tuple(json.loads(cells["scopes"])), cells["by"],
        cells["reason"], until, cells["task_id"], int(cells["at"]),
    )  # fmt: skip


def action_from_json(text: str) -> Action:
    """Read an action that was written field by field, as a JSON list."""
    verb, scopes, *others = json.loads(text)
    rest: tuple[Any, ...] = tuple(others)
    return Action(verb, tuple(scopes), *rest)
