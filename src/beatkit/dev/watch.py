"""How does `beatkit dev` learn what happens? From Celery's own signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import current_thread
from typing import Any

from celery import signals
from celery.exceptions import Reject

from beatkit.dev.events import Event, Kind, now

ENTRY_HEADER = "beatkit-entry"
BEAT_THREAD = "beatkit dev: scheduler"

_ENDED: Mapping[str | None, Kind] = {
    "SUCCESS": "ran",
    "FAILURE": "failed",
    "RETRY": "retried",
    "IGNORED": "skipped",
    "REJECTED": "rejected",
}


class Watch:
    """Turns signals into events. Connect it before the pool's processes are forked.

    Args:
        send: Receives each event, in the process and thread where it happened.
    """

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send

    def connect(self) -> None:
        """Listen. Celery keeps weak references: this object must be kept alive."""
        for signal, receiver in self._receivers():
            signal.connect(receiver)

    def disconnect(self) -> None:
        """Stop listening."""
        for signal, receiver in self._receivers():
            signal.disconnect(receiver)

    def _receivers(self) -> list[tuple[Any, Callable[..., None]]]:
        return [
            (signals.after_task_publish, self._published),
            (signals.task_prerun, self._started),
            (signals.task_postrun, self._ended),
            (signals.task_failure, self._failed),
            (signals.task_revoked, self._revoked),
        ]

    def _published(self, sender: str, headers: Mapping[str, Any] | None = None, **_: Any) -> None:
        headers = headers or {}
        # By the thread too: Celery's own scheduler marks its messages since 5.6 only.
        if ENTRY_HEADER in headers or current_thread().name == BEAT_THREAD:
            self._send(now("sent", headers.get("id", ""), headers.get(ENTRY_HEADER) or sender))

    def _started(self, task_id: str, task: Any, **_: Any) -> None:
        self._send(now("started", task_id, _name(task)))

    def _ended(
        self, task_id: str, task: Any, state: str | None = None, retval: Any = None, **_: Any
    ) -> None:
        # Without a state something ended the process; the worker will report the failure.
        if state in _ENDED:
            text = "" if state == "SUCCESS" else _said(retval)
            self._send(now(_ENDED[state], task_id, _name(task), text))

    def _failed(self, sender: Any, task_id: str, exception: Any = None, **_: Any) -> None:
        self._send(now("failed", task_id, _name(sender), _said(exception)))

    def _revoked(self, request: Any, expired: bool = False, **_: Any) -> None:
        reason = "expired before it started" if expired else ""
        self._send(now("revoked", request.id, request.name, reason))


def _name(task: Any) -> str:
    return str(task.request.get(ENTRY_HEADER) or task.name)


def _said(value: Any) -> str:
    """An exception as Python would print it last; anything else as text."""
    if isinstance(value, Reject):
        value = value.reason
    if not isinstance(value, BaseException) or type(value).__module__.startswith("celery."):
        return "" if value is None else str(value)
    text = str(value)
    return f"{type(value).__name__}: {text}" if text else type(value).__name__
