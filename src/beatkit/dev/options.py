"""What was `beatkit dev` asked for?"""

from __future__ import annotations

from dataclasses import dataclass

from beatkit.errors import BeatkitError


@dataclass(frozen=True, slots=True)
class Options:
    """What `beatkit dev` was asked for.

    Attributes:
        target: The app; see `beatkit.dev.target.load`.
        broker: URL of a broker to use; None: a private one.
        seconds: Stop after so many; None: at Ctrl-C.
        pool: Celery's name of the worker's pool; None: the app's, or solo with memory.
        concurrency: How many tasks run at once; None: the app's, or 2 to 4.
        fresh: Start with an empty state and throw it away at the end.
        plain: Print lines, also on a terminal.
        reload: Start again when the code changes.
        log_level: The lowest level of logging that is shown.
    """

    target: str
    broker: str | None = None
    seconds: float | None = None
    pool: str | None = None
    concurrency: int | None = None
    fresh: bool = False
    plain: bool = False
    reload: bool = False
    log_level: str = "INFO"


class OptionError(BeatkitError):
    """Options that cannot work together; the message says which."""
