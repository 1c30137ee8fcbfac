"""What may go wrong in the simulated world, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from beatkit.errors import StoreUnavailable


class Crashed(BaseException):
    """The beat was killed here."""


class NoReply(StoreUnavailable):
    """The store is out, or its reply was lost."""


@dataclass
class Faults:
    """Chances per call of the store, and how long things last, in milliseconds."""

    crash: float = 0.0
    stop: float = 0.0
    stop_ms: tuple[int, int] = (300, 90_000)
    lost_reply: float = 0.0
    refused_push: float = 0.0
    refusal: str = "OOM command not allowed when used memory > 'maxmemory'."
    not_built: float = 0.0
    slow: tuple[str, ...] = ()  # entries whose messages take somebody's code long to build
    build_ms: tuple[int, int] = (200, 1_200)
    latency_ms: tuple[int, int] = (0, 3)
    restart_ms: tuple[int, int] = (200, 20_000)
    timeout_ms: int = 1_000


CALM = Faults()
