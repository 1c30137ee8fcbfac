"""The words that go into the scripts of Redis, and the values that come out of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from beatkit.entry import Kind
from beatkit.store.actions import Pauses, in_force, pause_from_text
from beatkit.store.rules import Refusal
from beatkit.store.texts import shared
from beatkit.store.values import (
    Answer,
    Beat,
    Claim,
    Command,
    Decision,
    Outcome,
    Peer,
    Pending,
    Progress,
    Seed,
    Situation,
    View,
)


def beat_to_json(beat: Beat) -> str:
    """Write what a beat says about itself."""
    return json.dumps({name: getattr(beat, name) for name in Beat.__slots__})


def beat_from_json(text: str | bytes) -> Beat:
    """Read it; what a newer beatkit says besides is left out."""
    said = json.loads(text)
    return Beat(**{name: said[name] for name in Beat.__slots__ if name in said})


def seeds_to_words(seeds: Iterable[Seed]) -> list[object]:
    """Write seeds as the script reads them."""
    return [
        word
        for seed in seeds
        for word in (
            seed.entry,
            f"{seed.fingerprint} {seed.anchor} {'-' if seed.known is None else seed.known} "
            f"{seed.owned}",
        )
    ]


def claims_to_words(claims: Iterable[Claim]) -> list[object]:
    """Write a batch of claims as the script reads them."""
    words: list[object] = []
    first: Command = ()
    for claim in claims:
        commands = claim.commands if claim.act == "push" else ()
        _add_claim(claim, commands, first, words)
        first = commands[0] if commands else first
    return words


def _add_claim(
    claim: Claim, commands: Sequence[Command], before: Command, words: list[object]
) -> None:
    tags, missed = claim.scopes, claim.missed
    own = every = 0
    if tags and tags[-1] == "*":
        every, tags = 1, tags[:-1]
    if tags and tags[0] == f"entry:{claim.entry}":
        own, tags = 1, tags[1:]
    passed = "- - -" if missed is None else f"{missed.first} {missed.last} {missed.count}"
    sizes = [str(len(command)) for command in commands]
    alike = bool(sizes and before) and commands[0][:-1] == before[:-1]
    if alike:  # as most are: LPUSH and one queue
        sizes[0] = "="
    words += (
        f"{claim.after} {claim.slot} {claim.not_before} {claim.act} {claim.kind} {claim.attempt} "
        f"{own} {len(tags)} {every} {claim.fingerprint or '-'} {passed} {' '.join(sizes)}",
        claim.entry,
        *tags,
    )
    if missed is not None:
        words.append(missed.reason)
    for command in commands:
        words += command[-1:] if alike and command is commands[0] else command


def situation(reply: Sequence[Any]) -> Situation:
    """Read the answer to an announcement."""
    now, identity, revision, beats, paused, pendings, waiting, owned = reply
    peers = sorted(
        (_peer(text) for text in _pairs(beats).values()),
        key=lambda peer: (peer.started, peer.beat.id),
    )
    return Situation(
        int(now),
        identity.decode(),
        revision.decode(),
        tuple(peers),
        pauses(int(now), paused).pauses,
        pendings_of(pendings),
        tuple(sorted(entry.decode() for entry in waiting)),
        int(owned),
    )


def pendings_of(flat: Any) -> tuple[Pending, ...]:
    """Read the rows of pendings, in the order of their slots."""
    rows = (_pending_row(field, row) for field, row in _pairs(flat).items())
    return tuple(sorted(rows, key=lambda one: (one.slot, one.entry)))


def lives(beats: Any, now: int) -> bool:
    """Say whether one of the rows of beats has not expired."""
    return any(int(row.split(b" ", 2)[1]) > now for row in _pairs(beats).values())


def pauses(now: int, flat: Any) -> Pauses:
    """Read the rows of pauses, and leave out those that have ended."""
    rows = {scope.decode(): row.decode() for scope, row in _pairs(flat).items()}
    return Pauses(now, in_force({scope: pause_from_text(rows[scope]) for scope in rows}, now))


def milliseconds(time: tuple[int, int]) -> int:
    """Read the reply to TIME."""
    return time[0] * 1000 + time[1] // 1000


def _pairs(flat: Any) -> Mapping[bytes, bytes]:
    if isinstance(flat, dict):
        return flat
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _peer(text: bytes) -> Peer:
    started, _expires, seen, says = text.split(b" ", 3)
    return Peer(beat_from_json(says), int(started), int(seen))


def _pending_row(field: bytes, row: bytes) -> Pending:
    slot, entry = field.decode().split(" ", 1)
    return pending(entry, int(slot), row)


def pending(entry: str, slot: int, row: bytes) -> Pending:
    """Read a pending: beat, attempt, since when, the slot's kind, what it follows, task id."""
    by, attempt, since, kind, after, id_ = row.decode().split(" ", 5)
    follows = None if after == "-" else int(after)
    return Pending(entry, slot, cast(Kind, kind), _name(by), int(attempt), int(since), follows, id_)


def _name(text: str) -> str:
    return "" if text == "-" else text


def progress(row: bytes) -> Progress:
    """Read an entry's row: slot, who decided it, fingerprint, absent since."""
    slot, by, fingerprint, absent = row.decode().split(" ")
    since = None if absent == "-" else int(absent)
    return Progress(int(slot), shared(fingerprint), shared(_name(by)), since)


def view(
    time: tuple[int, int],
    claimed: Mapping[bytes, bytes],
    rows: Iterable[tuple[Any, bytes]],
    offset: int,
) -> View:
    """Read the replies to TIME, to HGETALL of claims, and entries with their progress."""
    now = milliseconds(time) + offset
    found = {_text(name): progress(row) for name, row in rows}
    return View(now, found, {beat.decode(): int(at) for beat, at in claimed.items()})


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode()


def seeded(now: int, refused: str, rows: Mapping[str, bytes]) -> View:
    """Put together what became of seeds."""
    found = {name: progress(row) for name, row in rows.items() if row}
    return View(now, found, {}, cast(Refusal, refused))


def decision(reply: Sequence[Any], beat: str, claims: Sequence[Claim]) -> Decision:
    """Read the answers to a batch of claims."""
    now, refused, *rest = reply
    if refused:
        return Decision(int(now), (Answer(cast(Outcome, refused.decode())),) * len(claims))
    pairs = zip(claims, rest[0], strict=True)
    return Decision(int(now), tuple(_answer(row, beat, claim) for claim, row in pairs))


def _answer(row: Any, beat: str, claim: Claim) -> Answer:
    if row == 1:  # by far the most frequent: sent, and nothing to add
        return Answer("sent", claim.slot, beat)
    cells = [cell.decode("utf-8", "replace") for cell in row]
    outcome, slot, by, attempt, until, detail = cells + _ABSENT[len(cells) :]
    known = int(slot) if slot else None
    return Answer(cast(Outcome, outcome), known, _name(by), int(attempt), int(until), detail)


_ABSENT = ["", "", "", "0", "0", ""]
"""What the script leaves out at the end of an answer."""
