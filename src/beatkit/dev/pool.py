"""Which pool runs the tasks, and how many at once?"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from celery import Celery
from celery.concurrency import get_available_pool_names

from beatkit.dev.options import OptionError, Options


@dataclass(frozen=True, slots=True)
class Pool:
    """The worker's pool.

    Attributes:
        name: Celery's name of it: prefork, solo, threads ...
        concurrency: How many tasks run at once.
    """

    name: str
    concurrency: int

    @property
    def words(self) -> str:
        """The pool, for people."""
        return f"{self.name}, {self.concurrency} at once"


def pool_for(options: Options, app: Celery, *, in_memory: bool) -> Pool:
    """Return the pool that was asked for, else the app's own, else what suits a laptop.

    With queues in memory only the solo pool works: processes would not see the queues, and
    Celery moves messages to threads at a few a second (8 with its defaults, measured).

    Raises:
        OptionError: Another pool was asked for, with queues in memory; or there is none of
            that name that could be used here.
    """
    if options.pool is not None:
        _check(options.pool)
    if in_memory and options.pool not in (None, "solo"):
        raise OptionError(
            f"--pool is {options.pool!r}, expected 'solo' where the queues are in memory"
            "\n  the broker is memory://, which only the process that holds it can see"
            '\n  leave --pool out; or install "beatkit[dev]", or give --broker'
        )
    name = options.pool or str(app.conf.worker_pool)
    if name in _GREEN:
        name = "threads"
    if in_memory or (sys.platform == "win32" and name == "prefork"):
        name = "solo"
    return Pool(name, 1 if name == "solo" else _concurrency(options, app))


_GREEN = ("eventlet", "gevent")
"""They have to change Python's own library before anything else is imported: too late here."""


def _check(name: str) -> None:
    own = ":" in name or "." in name  # a class of the project's
    if name not in _GREEN and (own or name in get_available_pool_names()):
        return
    why = f"\n  {name} changes Python's own library before an app is imported" * (name in _GREEN)
    raise OptionError(
        f"--pool is {name!r}, expected prefork, solo or threads{why}"
        "\n  leave --pool out to use the app's own, or prefork"
    )


def _concurrency(options: Options, app: Celery) -> int:
    wanted = options.concurrency or app.conf.worker_concurrency
    if isinstance(wanted, int) or (isinstance(wanted, str) and wanted.isdigit()):
        return int(wanted)
    return max(2, min(4, os.cpu_count() or 2))
