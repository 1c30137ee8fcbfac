"""What is given up where Celery's own scheduler, or a third one, sends the entries?

They stand in `beat_schedule` in Celery's own form, so any scheduler runs them. What beatkit
adds goes with its scheduler, and a beat says so once, when it starts.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from celery.signals import beat_init

from beatkit.entry import PLAIN, Entry
from beatkit.registry.binding import binding_of
from beatkit.registry.effective import effective_entries

logger = logging.getLogger("beatkit")

_OURS = ("catch_up", "jitter", "even_when_paused")
"""Policies that only beatkit's scheduler knows. A deadline goes along, as `expires`."""


def given_up(scheduler: str, entries: Mapping[str, Entry]) -> str:
    """Return what another scheduler does not do for these entries, in one message.

    Args:
        scheduler: The dotted name of its class.
        entries: All that it shall run.
    """
    lines = [
        f"beat_scheduler is {scheduler!r}, not beatkit's: run one beat only; a slot that comes"
        " due while it or the broker is away may be lost; pauses are not heeded"
    ]
    for field in _OURS:
        default = getattr(PLAIN, field)
        policies = ((name, entry.policy) for name, entry in entries.items())
        named = [name for name, policy in policies if policy and getattr(policy, field) != default]
        if named:
            lines.append(f"  {field} is not in force for {', '.join(map(repr, named))}")
    return "\n".join(lines)


def say_what_is_given_up() -> None:
    """Have each beat of an app of ours that runs another scheduler say so at its start."""
    beat_init.connect(_said, dispatch_uid="beatkit.registry.way_back")


def _said(sender: Any, **_: object) -> None:
    kind = type(sender.scheduler)
    ours = any(base.__module__.startswith("beatkit.") for base in kind.__mro__)
    if not ours and binding_of(sender.app) is not None:
        name = f"{kind.__module__}:{kind.__qualname__}"
        logger.warning("%s", given_up(name, effective_entries(sender.app)))
