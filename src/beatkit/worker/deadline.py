"""Who drops a run that is past its deadline: the guard, by the store's clock.

A deadline is the message's expiry too, and Celery drops what has expired before the guard
can look: by the clock of the worker's host, which may be wrong, and without a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from kombu.utils.imports import symbol_by_name

from beatkit.sending.message import ENTRY, POLICY, SLOT


class _LeavesDeadlines:
    """Mixed into a task's own class of requests."""

    request_dict: Mapping[str, Any]

    def maybe_expire(self) -> Any:
        if has_deadline(self.request_dict):
            return None
        return super().maybe_expire()  # type: ignore[misc]


def has_deadline(headers: Mapping[str, Any]) -> bool:
    """Whether the guard knows of a message's deadline."""
    policy = headers.get(POLICY)
    if headers.get(ENTRY) is None or headers.get(SLOT) is None or not isinstance(policy, Mapping):
        return False
    return policy.get("deadline") is not None


def leave_deadlines(task: Any) -> None:
    """Have a task's messages with a deadline reach the guard. Safe to repeat."""
    made = symbol_by_name(task.Request)  # type: ignore[no-untyped-call]
    if not issubclass(made, _LeavesDeadlines):
        task.Request = _leaving(made)


@cache
def _leaving(made: type) -> type:
    return type(made.__name__, (_LeavesDeadlines, made), {"__module__": made.__module__})
