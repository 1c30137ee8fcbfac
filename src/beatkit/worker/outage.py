"""How long the store cannot be asked: one warning when it begins, one line when it is over."""

from __future__ import annotations

import logging
from collections.abc import Callable

from beatkit.errors import StoreError

logger = logging.getLogger("beatkit.worker")


class Outage:
    """The time during which runs start unasked, in this process.

    Args:
        steady: Seconds of a clock that never steps.
    """

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._since: float | None = None

    @property
    def lasts(self) -> bool:
        """Whether it was so at the last try."""
        return self._since is not None

    def begin(self, error: StoreError) -> None:
        """Note a failure; only the first of an outage is logged."""
        if self._since is None:
            self._since = self._steady()
            logger.warning("Runs start unguarded for now: the store cannot be asked. %s", error)

    def end(self) -> None:
        """Note a success."""
        since, self._since = self._since, None
        if since is not None:
            logger.info("Runs are guarded again, after %.1f s.", self._steady() - since)
