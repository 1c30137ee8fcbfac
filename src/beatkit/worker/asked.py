"""What does a task's request ask the guard? Pure: headers in, a `Run` or nothing out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from celery.utils.time import maybe_iso8601

from beatkit.entry import Kind, Policy
from beatkit.sending.message import ENTRY, KIND, POLICY, PREVIOUS, SLOT
from beatkit.store.runs import Ending, Run

PUT_BACK = "beatkit-redelivered"
"""Header of a message that the guard has put back: it stands for a redelivered one."""

MOST_RETRIES = 1_000_000

_ENDINGS: Mapping[str | None, Ending] = {
    "RETRY": "handed_on",
    # Back to the broker, or torn out of its process: a redelivered copy is to run.
    "REJECTED": "torn",
    None: "torn",
}


def run_of(request: Any) -> Run | None:
    """Return the run that a request asks for; None if it is not to be guarded.

    Args:
        request: The `Context` of a task that a worker is about to run.
    """
    entry, slot, policy = (request.get(name) for name in (ENTRY, SLOT, POLICY))
    if entry is None or slot is None or not isinstance(policy, Mapping):
        return None
    if request.is_eager or request.called_directly:
        return None
    return _run(request, str(entry), int(slot), Policy.from_json(policy))


def _run(request: Any, entry: str, slot: int, policy: Policy) -> Run:
    # What a person asked for is neither late nor covered by another run.
    kind: Kind = request.get(KIND) or "scheduled"
    asked_for = kind in ("manual", "backfill")
    delivery = request.delivery_info or {}
    deadline = None if asked_for else policy.deadline
    return Run(
        entry,
        slot,
        str(request.id),
        token=uuid4().hex[:12],
        by=str(request.hostname or ""),
        attempt=_attempt(request),
        redelivered=bool(delivery.get("redelivered") or request.get(PUT_BACK)),
        not_after=None if deadline is None else slot + round(deadline * 1000),
        coalesce=policy.coalesce and not asked_for,
        delay=_delay(request, slot),
        overlap=policy.overlap,
        kind=kind,
        previous=request.get(PREVIOUS),
    )


def _delay(request: Any, slot: int) -> int:
    """Return for how long after its slot a message was held back, by its countdown."""
    eta = None if request.get(PUT_BACK) else maybe_iso8601(request.eta)
    return 0 if eta is None else max(0, round(eta.timestamp() * 1000) - slot)


def _attempt(request: Any) -> int:
    # What takes a task's place begins to count its own retries.
    return int(request.retries or 0) + MOST_RETRIES * int(request.replaced_task_nesting or 0)


def ending_of(state: str | None) -> Ending:
    """Return how a run ended, by the state that Celery gave it; None: torn out of it."""
    return _ENDINGS.get(state, "finished")
