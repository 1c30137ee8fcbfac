"""The rules of runs as pure functions, for the stores that are written in Python.

`lua/start.lua`, `lua/refresh.lua`, `lua/finish.lua` and `lua/kept.lua` say the same in the
language of Redis; the contract tests hold them against each other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from beatkit.entry import Kind
from beatkit.store.runs import (
    KEEP_MS,
    LIVE_MS,
    MARKS,
    YOUNG_MARKS,
    YOUNG_MS,
    Ending,
    Outcome,
    Run,
    Verdict,
    as_text,
)
from beatkit.store.values import Command, Progress


@dataclass(frozen=True, slots=True)
class Mark:
    """One started message.

    Attributes:
        key: Its slot and task id.
        state: "running", or how it ended.
        given: The slot that its task was given.
        token: Of the attempt that runs it, or ran it last.
        until: Until when it counts as running, milliseconds since 1970.
        started: When it was started.
        attempt: Which one of its id.
    """

    key: str
    state: str
    given: int
    token: str
    until: int
    started: int
    attempt: int = 0

    def live(self, now: int) -> bool:
        """Whether its worker is believed to live."""
        return self.state == "running" and self.until > now


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run that waits for the end of another; see the same fields of `Run`."""

    slot: int
    id: str
    kind: Kind
    previous: int | None
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The runs of one entry.

    Attributes:
        marks: Of what was started, the newest last.
        covers: Up to which slot a start covered the ones before it; None: no start yet.
        covered_by: The key of that start.
        kept: The run that waits for the end of another; None: none does.
    """

    marks: tuple[Mark, ...] = ()
    covers: int | None = None
    covered_by: str = ""
    kept: KeptRun | None = None

    def lives_until(self, now: int, but: str = "") -> int | None:
        """Return until when a run is believed to live, other than of a key; None: none does."""
        live = (mark.until for mark in self.marks if mark.live(now) and mark.key != but)
        return max(live, default=None)

    def mark(self, key: str) -> Mark | None:
        """Return the mark of a key."""
        return next((mark for mark in self.marks if mark.key == key), None)

    def having(self, mark: Mark) -> Ledger:
        """Return it with a mark put in, or in the place of its former self."""
        others = tuple(each for each in self.marks if each.key != mark.key)
        return replace(self, marks=(*others, mark))


def ledger_from_json(text: str) -> Ledger:
    """Read a ledger from the JSON list of its fields."""
    marks, covers, covered_by, kept = json.loads(text)
    return Ledger(tuple(Mark(*mark) for mark in marks), covers, covered_by, _kept(kept))


def _kept(fields: list[Any] | None) -> KeptRun | None:
    if fields is None:
        return None
    slot, id_, kind, previous, commands = fields
    return KeptRun(slot, id_, kind, previous, tuple(tuple(command) for command in commands))


def judge(run: Run, ledger: Ledger, now: int) -> Verdict:
    """Say whether a run may start, by its entry's other runs and by the time."""
    mark = ledger.mark(run.key)
    again = _again(run, mark, now)
    if mark is not None and again == "held":
        return Verdict(again, run.slot, mark.until - now)
    judged = again != "start" or run.attempt > 0
    return Verdict(again if judged else _first(run, ledger, now), run.slot)


def _again(run: Run, mark: Mark | None, now: int) -> Outcome:
    if mark is None or run.attempt > mark.attempt:
        return "start"
    over = mark.state not in ("running", "torn")
    if run.attempt < mark.attempt or over or not run.redelivered:
        return "duplicate"
    return "held" if mark.live(now) else "start"


def _first(run: Run, ledger: Ledger, now: int) -> Outcome:
    if run.not_after is not None and now > run.not_after:
        return "deadline"
    if run.coalesce and _covered(run, ledger):
        return "coalesced"
    if run.overlap != "allow" and ledger.lives_until(now, run.key):
        return _blocked(run, ledger.kept)
    return "start"


def _blocked(run: Run, kept: KeptRun | None) -> Outcome:
    newer = kept is None or kept.slot <= run.slot
    return "kept" if run.overlap == "buffer_one" and newer else "overlap"


def _covered(run: Run, ledger: Ledger) -> bool:
    known = ledger.covers is not None and ledger.covers >= run.slot
    return known and ledger.covered_by != run.key


def keeping(run: Run, ledger: Ledger) -> Ledger:
    """Return the ledger once a run is kept: judged afresh when it comes again."""
    marks = tuple(mark for mark in ledger.marks if mark.key != run.key)
    return replace(
        ledger,
        marks=marks,
        kept=KeptRun(run.slot, run.id, run.kind, run.previous, as_text(run.commands)),
    )


def is_kept(run: Run, ledger: Ledger) -> bool:
    """Whether the kept run is this one."""
    return ledger.kept is not None and (ledger.kept.slot, ledger.kept.id) == (run.slot, run.id)


def started(run: Run, ledger: Ledger, decided: Progress | None, now: int) -> Ledger:
    """Return the ledger once a run has started.

    Args:
        run: The run.
        ledger: Its entry's runs.
        decided: The entry's progress; None where the store knows none.
        now: The store's time.
    """
    given, former = run.slot, ledger.mark(run.key)
    if run.attempt:
        given = run.slot if former is None else former.given
    elif run.coalesce:
        newest = run.slot if decided is None else max(decided.slot, run.slot)
        # Progress that no beat decided is where the entry begins to count, and no slot.
        given = run.slot if decided is None or not decided.by else newest
        if run.delay and newest > now - run.delay:
            newest, given = max(run.slot, now - run.delay), run.slot
        ledger = replace(ledger, covers=newest, covered_by=run.key)
    if is_kept(run, ledger):
        ledger = replace(ledger, kept=None)
    mark = Mark(run.key, "running", given, run.token, now + LIVE_MS, now, run.attempt)
    return trimmed(ledger.having(mark), now)


def trimmed(ledger: Ledger, now: int) -> Ledger:
    """Drop the marks of ended runs that are no longer kept."""
    ended = tuple(mark for mark in ledger.marks if not mark.live(now))
    kept = {mark.key for mark in ended[-MARKS:] if mark.started > now - KEEP_MS}
    kept |= {mark.key for mark in ended[-YOUNG_MARKS:] if mark.started > now - YOUNG_MS}
    marks = (mark for mark in ledger.marks if mark.live(now) or mark.key in kept)
    return replace(ledger, marks=tuple(marks))


def refreshed(run: Run, ledger: Ledger, now: int) -> Ledger:
    """Return the ledger once a run is known to go on."""
    mark = ledger.mark(run.key)
    if mark is None:
        made = Mark(run.key, "running", run.slot, run.token, now + LIVE_MS, now, run.attempt)
        return ledger.having(made)
    if mark.token != run.token or mark.state != "running":
        return ledger
    return _in_place(ledger, replace(mark, until=now + LIVE_MS))


def finished(run: Run, ending: Ending, ledger: Ledger, now: int) -> Ledger:
    """Return the ledger once a run has ended."""
    mark = ledger.mark(run.key)
    if mark is None:
        return ledger.having(Mark(run.key, ending, run.slot, run.token, 0, now, run.attempt))
    if mark.attempt > run.attempt or (mark.token != run.token and mark.live(now)):
        return ledger
    ended = replace(mark, state=ending, token=run.token, until=0, attempt=run.attempt)
    return _in_place(ledger, ended)


def _in_place(ledger: Ledger, mark: Mark) -> Ledger:
    marks = tuple(mark if each.key == mark.key else each for each in ledger.marks)
    return replace(ledger, marks=marks)
