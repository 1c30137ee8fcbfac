"""The check before a task's body, and the word after it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from inspect import getattr_static
from typing import Any

from celery import signals
from celery.exceptions import Ignore

from beatkit.clock import read_host
from beatkit.errors import StoreError
from beatkit.store import Command
from beatkit.store.choice import choose, open_runs
from beatkit.store.runs import Run, Runs, Verdict
from beatkit.worker.again import Copies, put_back
from beatkit.worker.alive import Alive, Ended
from beatkit.worker.asked import ending_of, run_of
from beatkit.worker.deadline import leave_deadlines
from beatkit.worker.outage import Outage
from beatkit.worker.singleton import let_go_of_lock
from beatkit.worker.slot import GIVEN

logger = logging.getLogger("beatkit.worker")

_RUN = "_beatkit_run"

_WHY = {
    "duplicate": "it is a copy of a message that was started before",
    "deadline": "it is past its deadline",
    "coalesced": "a later start of the entry has covered it",
    "held": "it was delivered again and seems to run elsewhere; asked again in {seconds:.1f} s",
    "overlap": "another run of the entry has not ended",
    "kept": "another run of the entry has not ended; it is kept, and sent when that ends",
}

_OVER = ("deadline", "coalesced", "overlap")
"""The message is done with, and nothing of its id has run or will."""


class Guard:
    """The guard of one app's tasks, in one worker process. Safe to share between threads.

    Args:
        opened: Opens the runs of the app's store. Called when it is first needed, in the
            process that runs tasks.
        copied: Says what would put a task's message on its queue again.
    """

    def __init__(
        self, opened: Callable[[], Runs], copied: Callable[[Any], tuple[Command, ...]]
    ) -> None:
        self._opened = opened
        self._copied = copied
        self._store: Runs | None = None
        self._outage = Outage(time.monotonic)
        self._alive = Alive(self._runs, self._outage, time.monotonic)

    def before(self, task: Any) -> None:
        """Ask whether the run that a task is about to make may start.

        Raises:
            Ignore: It may not. Celery then leaves the body and the result alone.
        """
        request = task.request
        if hasattr(request, _RUN):
            return  # asked already: its class derives from another guarded one
        run = run_of(request)
        if run is None:
            return
        # First of all, so that whatever tears this task has its end told.
        setattr(request, _RUN, (run, time.monotonic()))
        verdict = self._ask(task, run)
        if verdict.outcome == "start":
            setattr(request, _RUN, (run, time.monotonic()))
            setattr(request, GIVEN, verdict.slot)
            self._alive.began(run)
            return
        delattr(request, _RUN)
        why = _not_started(run, verdict)
        logger.info("%s", why)
        if verdict.outcome == "held":
            put_back(task, verdict.wait)
        elif verdict.outcome in _OVER:
            let_go_of_lock(task)
        raise Ignore(why)

    def after(self, request: Any, state: str | None) -> None:
        """Tell the store how a run ended, if it was guarded.

        Args:
            request: The task's request.
            state: What Celery calls the run's outcome.
        """
        found: tuple[Run, float] | None = request.__dict__.pop(_RUN, None)
        if found is None:
            return
        run, began = found
        self._alive.ended(run)
        now = time.monotonic()
        ended = Ended(run, ending_of(state), state or "", round((now - began) * 1000), now)
        if self._outage.lasts:
            self._alive.owe(ended)  # that waits for the store, and the task need not
            return
        try:
            self._alive.tell(ended)
        except StoreError as error:
            self._outage.begin(error)
            self._alive.owe(ended)

    def _ask(self, task: Any, run: Run) -> Verdict:
        try:
            if run.overlap == "buffer_one" and not run.attempt:
                run = replace(run, commands=self._copied(task))
            self._alive.settle()
            verdict = self._runs().start(run)
        except StoreError as error:
            self._outage.begin(error)
            return unasked(run, read_host().wall)
        self._outage.end()
        return verdict

    def _runs(self) -> Runs:
        if self._store is None:
            self._store = self._opened()
        return self._store


def unasked(run: Run, now: float) -> Verdict:
    """Judge a run while the store cannot be asked: it starts, but for its deadline.

    Args:
        run: The run.
        now: The time of this host, milliseconds since 1970.
    """
    late = run.not_after is not None and now > run.not_after and not run.attempt
    return Verdict("deadline" if late else "start", run.slot)


def guard(app: Any) -> None:
    """Have every task of the app ask before its body. Safe to repeat.

    Call it before Celery builds the tasks' tracers. A program that only sends messages must
    not: its tasks, called in place, would carry a wrapper that does nothing.
    """
    if not hasattr(app, "beatkit_guard"):
        app.beatkit_guard = Guard(lambda: open_runs(choose(app)), Copies(app).commands)
        signals.task_postrun.connect(_after, weak=False, dispatch_uid="beatkit.guard")
    for task in app.tasks.values():
        leave_deadlines(task)
        _put_before(type(task))
        patched = vars(task).get("before_start")
        if patched is not None and not hasattr(patched, "_beatkit_guards"):
            task.before_start = _guarding_patch(task, patched)


def _put_before(cls: type) -> None:
    if hasattr(cls.__dict__.get("before_start"), "_beatkit_guards"):
        return
    theirs = getattr_static(cls, "before_start")

    def before_start(self: Any, task_id: str, args: Any, kwargs: Any) -> Any:
        _before(self)
        return theirs.__get__(self, type(self))(task_id, args, kwargs)

    before_start._beatkit_guards = True  # type: ignore[attr-defined]
    cls.before_start = before_start  # type: ignore[attr-defined]


def _guarding_patch(task: Any, patched: Callable[..., Any]) -> Callable[..., Any]:
    def before_start(task_id: str, args: Any, kwargs: Any) -> Any:
        _before(task)
        return patched(task_id, args, kwargs)

    before_start._beatkit_guards = True  # type: ignore[attr-defined]
    return before_start


def _before(task: Any) -> None:
    found: Guard | None = getattr(task.app, "beatkit_guard", None)
    if found is not None:
        found.before(task)


def _after(task: Any = None, state: str | None = None, **_: Any) -> None:
    found: Guard | None = getattr(task.app, "beatkit_guard", None)
    if found is not None:
        found.after(task.request, state)


def _not_started(run: Run, verdict: Verdict) -> str:
    slot = datetime.fromtimestamp(run.slot / 1000, UTC).isoformat(timespec="seconds")
    why = _WHY[verdict.outcome].format(seconds=verdict.wait / 1000)
    return f"Run of entry {run.entry!r} for {slot} not started: {why}"
