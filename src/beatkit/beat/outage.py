"""How long nothing could be sent: one ERROR when it begins, one INFO when it is over."""

from __future__ import annotations

import logging

logger = logging.getLogger("beatkit.beat")


class Outage:
    """The time during which one thing does not answer, or refuses.

    Args:
        what: "store" or "broker".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._since: float | None = None

    @property
    def lasts(self) -> bool:
        """Whether it was so at the last try."""
        return self._since is not None

    def begin(self, error: BaseException, steady_ms: float) -> None:
        """Note a failure; only the first of an outage is logged."""
        if self._since is None:
            self._since = steady_ms
            logger.error("beat: nothing can be sent for now. %s", error)

    def end(self, steady_ms: float) -> bool:
        """Note a success; True if it ended an outage."""
        if self._since is None:
            return False
        seconds = (steady_ms - self._since) / 1000
        self._since = None
        logger.info("beat: the %s is back after %.1f s.", self._what, seconds)
        return True
