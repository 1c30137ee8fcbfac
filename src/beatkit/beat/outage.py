"""How long something has been away: one ERROR when it goes, one INFO when it is back."""

from __future__ import annotations

import logging

logger = logging.getLogger("beatkit.beat")


class Outage:
    """The time during which one thing does not answer.

    Args:
        what: Its name, for people: "store", "broker".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._since: float | None = None

    @property
    def lasts(self) -> bool:
        """Whether it is away, as far as was tried."""
        return self._since is not None

    def begin(self, error: BaseException, steady_ms: float) -> None:
        """Note a failure; only the first of an outage is logged."""
        if self._since is not None:
            return
        self._since = steady_ms
        logger.error(
            "beat: the %s is away: %s. Nothing is lost: slots that come due are sent "
            "when it is back, by each entry's catch_up and deadline.",
            self._what,
            error,
        )

    def end(self, steady_ms: float) -> bool:
        """Note a success; True if it ended an outage."""
        if self._since is None:
            return False
        seconds = (steady_ms - self._since) / 1000
        self._since = None
        logger.info("beat: the %s is back after %.1f s.", self._what, seconds)
        return True
