"""Is this value a number, or a duration, that can be meant?"""

from __future__ import annotations

import math
from datetime import timedelta


def number(value: object) -> float | None:
    """Return a finite number as it is; None for anything else, True and False too."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def duration(value: object) -> float | None:
    """Return a duration in seconds: a finite number, or a timedelta; None for anything else."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    return number(value)
