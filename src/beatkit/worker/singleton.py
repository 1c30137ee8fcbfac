"""The lock of a celery-singleton task whose run does not start.

That package takes a lock when a task is sent, and lets go of it when the task succeeds or
fails. A run that the guard leaves out does neither, and its lock has no end by default:
nothing of the entry would ever be sent again.
"""

from __future__ import annotations

import sys
from typing import Any


def let_go_of_lock(task: Any) -> None:
    """Release the lock that a task's message was sent under; nothing for other tasks."""
    package = sys.modules.get("celery_singleton")
    if package is not None and isinstance(task, package.Singleton):
        task.release_lock(task_args=task.request.args, task_kwargs=task.request.kwargs)
