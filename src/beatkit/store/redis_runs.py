"""The runs in Redis or Valkey: one script, and so one atomic step, for each question.

Beside the store's other keys: `marks:ENTRY`, a hash for each entry, of the mark of each
message that was started, of what the latest coalescing start covers, and of the run that is
kept. `waiting` says for each entry that keeps one until when another is believed to run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

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

RUN_SCRIPTS = ("start", "refresh", "finish", "release")


class RedisRuns:
    """The `Runs` contract in a Redis or Valkey server.

    Args:
        call: Runs a script by its name, with names of keys and arguments.
        events: How many events the history keeps.
    """

    def __init__(
        self, call: Callable[[str, Iterable[str], Sequence[object]], Any], events: int
    ) -> None:
        self._call = call
        self._events = events

    def start(self, run: Run) -> Verdict:
        """See `Runs.start`."""
        not_after = "" if run.not_after is None else run.not_after
        outcome, slot, wait = self._call(
            "start",
            ("progress", marks_of(run.entry), "history", "waiting", "ran", "removals"),
            [
                *(LIVE_MS, KEEP_MS, MARKS, self._events),
                *(run.entry, run.key, run.slot, run.token, run.by),
                *(run.attempt, int(run.redelivered), not_after),
                *(int(run.coalesce), run.overlap, _to_keep(run), run.kind, run.id, run.delay),
                *(YOUNG_MS, YOUNG_MARKS),
            ],
        )
        return Verdict(cast(Outcome, outcome.decode()), int(slot), int(wait))

    def refresh(self, runs: Sequence[Run]) -> None:
        """See `Runs.refresh`."""
        words = [word for run in runs for word in (run.key, run.slot, run.token, run.attempt)]
        keys = [marks_of(run.entry) for run in runs]
        self._call("refresh", keys, [LIVE_MS, KEEP_MS, *words])

    def finish(
        self, run: Run, ending: Ending, *, state: str = "", took: int = 0, ago: int = 0
    ) -> None:
        """See `Runs.finish`."""
        self._call(
            "finish",
            (marks_of(run.entry), "waiting", "pending", "history", "ran", "progress", "removals"),
            [
                *(KEEP_MS, run.entry, run.key, run.slot, run.token, ending),
                *(self._events, run.by, run.kind, run.id, state, took, ago, run.attempt),
            ],
        )


def marks_of(entry: str) -> str:
    """Return the name of the key of an entry's marks."""
    return f"marks:{entry}"


def _to_keep(run: Run) -> str:
    if run.overlap != "buffer_one":
        return ""
    kept = {"key": run.key, "slot": str(run.slot), "id": run.id, "kind": run.kind}
    after = "-" if run.previous is None else str(run.previous)
    return json.dumps({**kept, "after": after, "commands": as_text(run.commands)})
