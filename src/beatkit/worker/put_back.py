"""A message delivered again while its first delivery seems to run: put back for a while."""

from __future__ import annotations

from typing import Any

from celery.exceptions import Reject
from kombu.exceptions import OperationalError

from beatkit.worker.asked import PUT_BACK


def put_back(task: Any, wait: int) -> None:
    """Send a task's message again, to be looked at later. It is no retry: nothing counts up.

    Args:
        task: The task whose request it is.
        wait: Milliseconds.

    Raises:
        Reject: The broker does not take it: it is to keep the one it has delivered.
    """
    request = task.request
    again = task.signature_from_request(
        request,
        request.args,
        request.kwargs,
        countdown=wait / 1000,
        retries=request.retries,
        headers={**(request.headers or {}), PUT_BACK: True},
    )
    try:
        again.apply_async()
    except OperationalError as error:
        raise Reject(error, requeue=True) from error
