"""Keep Celery from saying too early that a slot is being sent.

`Scheduler.apply_entry` says "Sending due task" before it sends, and "Message Error" when it
failed. With several beats the message is built before the slot is won, so we say the first
when it is true and report the second by entry. Everybody else's records pass.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_TOO_EARLY = ("Scheduler: Sending due task %s (%s)", "Message Error: %s\n%s")
_celery = logging.getLogger("celery.beat")


def _passes(record: logging.LogRecord) -> bool:
    return record.msg not in _TOO_EARLY


@contextmanager
def unsaid() -> Iterator[None]:
    """While this lasts, the two messages are not logged."""
    _celery.addFilter(_passes)
    try:
        yield
    finally:
        _celery.removeFilter(_passes)
