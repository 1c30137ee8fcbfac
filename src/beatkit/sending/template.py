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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from beatkit.entry import Entry
from beatkit.sending.message import KIND, PREVIOUS, SLOT, Durations, Outgoing
from beatkit.store import Command

APART_MS = 1_000
"""A candidate is proven by a message rendered so much later, so that clocks have moved."""

KEPT = 200_000
"""Templates kept, at most. Entries of one task share most of their text, and then each has
some 600 bytes of its own. Entries beyond go the full way."""


@dataclass(frozen=True, slots=True)
class Template:
    """A message in pieces.

    Attributes:
        before: The command's words before the message: LPUSH and the key.
        pieces: Text and names of fields, in turn.
        after: The commands that follow: PEXPIRE.
        durations: When, after its slot, a message expires and may run.
    """

    before: tuple[str | bytes | int, ...]
    pieces: tuple[str, ...]
    after: tuple[Command, ...]
    durations: Durations

    def stamp(self, fields: Mapping[str, str]) -> tuple[Command, ...]:
        """Return the commands of a slot's message."""
        pieces = list(self.pieces)
        for at in range(1, len(pieces), 2):
            pieces[at] = fields[pieces[at]]
        return ((*self.before, "".join(pieces)), *self.after)


def fields_of(
    id: str,  # noqa: A002 - as the message calls it
    tag: str,
    slot: int,
    kind: str,
    previous: int | None,
    durations: Durations,
    now: Callable[[], int],
) -> dict[str, str]:
    """Return what is stamped into a slot's message.

    Args:
        id: The task id.
        tag: The delivery tag.
        slot: `scheduled_for`, milliseconds since 1970.
        kind: Why it is sent.
        previous: The slot before it; None: there is none.
        durations: Of the entry.
        now: The store's time, milliseconds since 1970.
    """
    fields = {
        "id": id,
        "tag": tag,
        "slot": str(slot),
        "kind": kind,
        "previous": "null" if previous is None else str(previous),
    }
    if durations.expires is not None:
        at = datetime.fromtimestamp(slot / 1000, UTC) + durations.expires
        fields["expires"] = at.isoformat()
        fields["lives"] = str(max(0, round(at.timestamp() * 1000) - now()))
    if durations.eta is not None:
        fields["eta"] = (datetime.fromtimestamp(slot / 1000, UTC) + durations.eta).isoformat()
    return fields


def _fields(out: Outgoing, tag: str, durations: Durations, now: int) -> dict[str, str]:
    headers = out.options["headers"]
    at = out.options["task_id"], tag, out.slot, headers[KIND], headers[PREVIOUS]
    return fields_of(*at, durations, lambda: now)


def take_apart(
    commands: tuple[Command, ...], fields: Mapping[str, str], durations: Durations
) -> Template | None:
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
    pieces = _pieces(str(text), message, fields)
    return Template(tuple(before), pieces, commands[1:], durations)


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
    return template.stamp(_fields(out, tag, template.durations, now)) == commands


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
        self._texts: dict[Any, Any] = {}  # what many templates have in common, once
        # Delivery tags are unique, as kombu's are: 80 bits of chance, and a number.
        self._tag = str(uuid4())[:24]
        self._number = count()

    def tag(self) -> str:
        """Return a delivery tag that no message has had."""
        return f"{self._tag}{next(self._number):012x}"

    def proven(self, entry: Entry) -> Template | None:
        """Return the entry's template; None if it has none yet, or was declared anew."""
        known = self._learnt.get(entry.name)
        if known is not None and known.is_proven and known.entry is entry:
            return known.template
        return None

    def learn(
        self, out: Outgoing, commands: tuple[Command, ...], durations: Durations | None, now: int
    ) -> None:
        """Take in a message that Celery rendered: a candidate, then the proof of it.

        Args:
            out: The slot's message as it was laid out.
            commands: As it was rendered.
            durations: Of the entry; None: its times are instants, and there is no template.
            now: The store's time at which it was, milliseconds since 1970.
        """
        entry = out.entry
        known = self._learnt.get(entry.name)
        if known is None or known.entry is not entry:
            if known is not None or len(self._learnt) < KEPT:
                template = None
                if durations is not None:
                    fields = _fields(out, "any", durations, now)
                    template = take_apart(commands, fields, durations)
                self._learnt[entry.name] = _Learnt(entry, out.slot, now, template)
        elif known.template is None or known.slot == out.slot or now < known.at + APART_MS:
            return
        else:
            proof = _is_stamped(known.template, out, commands, now)
            template = self._shared(known.template) if proof else None
            self._learnt[entry.name] = _Learnt(entry, out.slot, now, template, proof)

    def _shared(self, template: Template) -> Template:
        """Let it share with others whatever is equal."""
        same = self._texts.setdefault
        pieces = [same(piece, piece) for piece in template.pieces]
        before, durations = template.before, template.durations
        return replace(
            template,
            before=same(before, before),
            pieces=tuple(pieces),
            durations=same(durations, durations),
        )
