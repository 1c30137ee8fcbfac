"""An entry's message rendered once through Celery, and stamped for each slot.

Celery takes 120 µs to build a message of which eight fields differ from slot to slot: the
task id, the delivery tag, slot, the one before, kind, expiry, eta and time to live. Where
nobody watches single messages (`beatkit.sending.effects`), the first one is taken apart at
those fields and put together again for each slot.

A template proves itself before it is used: the entry's next message goes through Celery as
well, and unless the stamped one is the same to the byte, the entry has no template. So
whatever else differs from send to send (a router's answer, a clock in a serialiser) falls
back to the full way by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from beatkit.entry import Entry
from beatkit.sending.message import KIND, PREVIOUS, SLOT, Outgoing
from beatkit.store import Command

APART_MS = 1_000
"""A candidate is proven by a message rendered so much later, so that clocks have moved."""

KEPT = 20_000
"""Templates kept, at most: some 1,200 bytes each. Entries beyond go the full way."""


@dataclass(frozen=True, slots=True)
class Template:
    """A message in pieces.

    Attributes:
        before: The command's words before the message: LPUSH and the key.
        pieces: Text and names of fields, in turn.
        after: The commands that follow: PEXPIRE.
    """

    before: tuple[str | bytes | int, ...]
    pieces: tuple[str, ...]
    after: tuple[Command, ...]

    def stamp(self, fields: Mapping[str, str]) -> tuple[Command, ...]:
        """Return the commands of a slot's message."""
        pieces = list(self.pieces)
        for at in range(1, len(pieces), 2):
            pieces[at] = fields[pieces[at]]
        return ((*self.before, "".join(pieces)), *self.after)


def fields_of(out: Outgoing, now: int, tag: str = "") -> dict[str, str]:
    """Return what is stamped into a slot's message.

    Args:
        out: The slot's message, laid out.
        now: The store's time, milliseconds since 1970.
        tag: The delivery tag; a new one by default.
    """
    options = out.options
    fields = {
        "id": options["task_id"],
        "tag": tag or str(uuid4()),
        "slot": str(out.slot),
        "kind": options["headers"][KIND],
        "previous": json.dumps(options["headers"][PREVIOUS]),
    }
    if out.expires is not None:
        fields["expires"] = options["expires"].isoformat()
        fields["lives"] = str(max(0, out.expires - now))
    if isinstance(options.get("eta"), datetime):
        fields["eta"] = options["eta"].isoformat()
    return fields


def take_apart(commands: tuple[Command, ...], fields: Mapping[str, str]) -> Template | None:
    """Make a template of a rendered message; None if it is not of the simple kind.

    Simple is one LPUSH to the queue that was asked for, of a message in Celery's protocol 2.
    """
    if not commands or commands[0][0] != "LPUSH" or len(commands[0]) != 3:
        return None
    if any(command[0] != "PEXPIRE" for command in commands[1:]):
        return None
    *before, text = commands[0]
    message = json.loads(str(text))
    # A named exchange is looked up on the server for each message: it may have new queues.
    if message["properties"]["delivery_info"]["exchange"] or "id" not in message["headers"]:
        return None
    return Template(tuple(before), _pieces(str(text), message, fields), commands[1:])


def _pieces(text: str, message: dict[str, Any], fields: Mapping[str, str]) -> tuple[str, ...]:
    headers, properties = message["headers"], message["properties"]
    # What is in front tells a field from the same text elsewhere; an id is nowhere else.
    where = {
        "id": ("", fields["id"]),
        "tag": ("", properties["delivery_tag"]),
        "slot": (f'"{SLOT}": ', str(headers[SLOT])),
        "kind": (f'"{KIND}": "', headers[KIND]),
        "previous": (f'"{PREVIOUS}": ', json.dumps(headers[PREVIOUS])),
        "expires": ('"expires": "', headers.get("expires")),
        "eta": ('"eta": "', headers.get("eta")),
        "lives": ('"expiration": "', properties.get("expiration")),
    }
    cuts: list[tuple[int, int, str]] = []
    for name in fields:
        ahead, value = where[name]
        spelt = f"{ahead}{value}"
        at = text.find(spelt)
        while at >= 0:
            end = at + len(spelt)
            cuts.append((at + len(ahead), end, name))
            at = text.find(spelt, end)
    pieces: list[str] = []
    last = 0
    for begin, end, name in sorted(cuts):
        pieces += (text[last:begin], name)
        last = end
    return (*pieces, text[last:])


def _is_stamped(template: Template, out: Outgoing, commands: tuple[Command, ...], now: int) -> bool:
    """Say whether a slot's rendered message is the stamped one to the byte."""
    if not commands or len(commands[0]) != 3:
        return False
    tag = json.loads(str(commands[0][2]))["properties"]["delivery_tag"]
    return template.stamp(fields_of(out, now, tag)) == commands


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What is known of an entry: nothing can be had (None), a candidate, or a proven one."""

    entry: Entry
    slot: int
    at: int
    template: Template | None
    is_proven: bool = False


class Templates:
    """The templates of an app's entries, as many as memory is worth."""

    def __init__(self) -> None:
        self._learnt: dict[str, _Learnt] = {}

    def proven(self, entry: Entry) -> Template | None:
        """Return the entry's template; None if it has none yet, or was declared anew."""
        known = self._learnt.get(entry.name)
        if known is not None and known.is_proven and known.entry is entry:
            return known.template
        return None

    def learn(self, out: Outgoing, commands: tuple[Command, ...], now: int) -> None:
        """Take in a message that Celery rendered: a candidate, then the proof of it.

        Args:
            out: The slot's message as it was laid out.
            commands: As it was rendered.
            now: The store's time at which it was, milliseconds since 1970.
        """
        entry = out.entry
        known = self._learnt.get(entry.name)
        if known is None or known.entry is not entry:
            if known is not None or len(self._learnt) < KEPT:
                self._learnt[entry.name] = _Learnt(entry, out.slot, now, _candidate(out, commands))
        elif known.template is None or known.slot == out.slot or now < known.at + APART_MS:
            return
        else:
            proof = _is_stamped(known.template, out, commands, now)
            template = known.template if proof else None
            self._learnt[entry.name] = _Learnt(entry, out.slot, now, template, proof)


def _candidate(out: Outgoing, commands: tuple[Command, ...]) -> Template | None:
    if out.expires is None and out.options.get("expires") is not None:
        return None  # an instant without a zone: Celery works out what is left, each time
    return take_apart(commands, fields_of(out, 0, "any"))
