"""A message sent once more: put back for a while, or written down for when it may go.

It is the message that the worker has in its hands, with its id, headers and arguments; it is
no retry, so nothing counts up. It goes past the task's own `apply_async`: an override that
holds a lock while a task is under way (celery-singleton) would not send it.
"""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import Any

from celery import Task
from celery.exceptions import Reject
from kombu.exceptions import OperationalError

from beatkit.errors import StoreError
from beatkit.sending.build import keep_from_backend
from beatkit.sending.capture import Outbox, capturing_producer
from beatkit.store import Command
from beatkit.store.choice import choose
from beatkit.worker.asked import PUT_BACK

TIMEOUT_S = 2.0
"""No wait for the broker is longer while a message is written down."""


def put_back(task: Any, wait: int) -> None:
    """Send a task's message again, to be looked at later.

    Args:
        task: The task whose request it is.
        wait: Milliseconds.

    Raises:
        Reject: The broker does not take it: it is to keep the one it has delivered.
    """
    headers = {**(task.request.headers or {}), PUT_BACK: True}
    try:
        _send_again(task, countdown=wait / 1000, headers=headers)
    except OperationalError as error:
        raise Reject(error, requeue=True) from error


def _send_again(task: Any, producer: Any = None, **changes: Any) -> None:
    request = task.request
    again = task.signature_from_request(
        request, request.args, request.kwargs, retries=request.retries, **changes
    )
    options = {**again.options, "producer": producer, "add_to_parent": False}
    Task.apply_async(task, again.args, again.kwargs, **options)


class Copies:
    """Writes down what puts a message on its queue again. Safe to share between threads.

    Args:
        app: The app whose tasks run here.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._lock = Lock()
        self._producer: Any = None
        self._outbox: Outbox | None = None

    def commands(self, task: Any) -> tuple[Command, ...]:
        """Return what the store is to run; nothing where it is not the broker.

        Raises:
            StoreError: The app's settings name no store, or the broker did not say which
                queues an exchange leads to.
        """
        if not self._at_broker:
            return ()
        with self._lock:
            try:
                return self._captured(task)
            except Exception as error:
                raise StoreError(
                    f"the message of task {task.name!r} could not be put aside: {error}"
                ) from error

    @cached_property
    def _at_broker(self) -> bool:
        return choose(self._app).at_broker

    def _captured(self, task: Any) -> tuple[Command, ...]:
        for _ in range(2):
            if self._outbox is None:
                self._producer, self._outbox = capturing_producer(self._app, TIMEOUT_S)
            keep_from_backend(self._app)
            with self._outbox.open({}) as messages:
                _send_again(task, self._producer)
            commands = tuple(command for message in messages for command in message.commands)
            if commands:
                return commands
            self._forget()  # bindings may have gone with the server's data: declare them anew
        raise StoreError("no queue is bound for it")

    def _forget(self) -> None:
        producer, self._producer, self._outbox = self._producer, None, None
        producer.connection.release()
