"""Publishing one message to any broker, with an answer in bounded time.

For AMQP that takes more than a call. Without *confirms*, `publish` returns before the broker
has the message (with `kill -9` of RabbitMQ all of them are gone). Without *heartbeats*, a
process that was stopped for a minute goes on and publishes to a connection that the broker
still holds open. And a wait for a reply has no end by itself: see `beatkit.sending.pulse`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from typing import Any

from amqp.exceptions import FrameSyntaxError
from kombu.exceptions import EncodeError

from beatkit.errors import BeatkitError
from beatkit.sending import BrokerUnavailable
from beatkit.sending.build import (
    Dispatch,
    NotBuilt,
    as_celery_would,
    is_believed_sent,
    keep_from_backend,
    no_queue,
    not_built,
    refuse_eager,
    through_celery,
)
from beatkit.sending.capture import bounded_options
from beatkit.sending.message import SLOT, Outgoing
from beatkit.sending.pulse import Pulse

CONFIRM_S = 3.0
"""How long the broker has to confirm a message."""

TORN_S = 0.5
"""How long a beat that stops waits for the confirm of the message it was torn from."""

HEARTBEAT_S = 3
"""An AMQP broker closes a connection that was silent for two of these."""


NO_ROUTE = 312
"""With this code an AMQP broker returns a message that no queue is bound for."""

_OF_MESSAGE = (FrameSyntaxError, EncodeError)
"""They say that a message cannot be written down: a header of a type that AMQP does not have,
which py-amqp counts among the errors of a connection; or whatever a serializer raised, such
as an OSError about its own file."""


class Blocked(Exception):
    """The broker takes no messages for now: its memory or its disk is full."""


class _Confirmed:
    """Mixed into the producer: one try, and a bounded wait for the broker's answer."""

    of_beatkit = True
    trouble: Exception | None = None
    published = 0
    acks = 0
    awaits: tuple[str, int] | None = None  # a slot's task id, and `acks` before its message

    def publish(self, *args: Any, **kwargs: Any) -> Any:
        self.published += 1
        bounds = {"retry": False, "confirm_timeout": CONFIRM_S}
        if SLOT in (kwargs.get("headers") or {}):
            self.awaits = str(kwargs.get("correlation_id")), self.acks
        if _must_reach_a_queue(kwargs.get("headers") or {}):
            bounds["mandatory"] = True
        try:
            return super().publish(*args, **{**kwargs, **bounds})  # type: ignore[misc]
        except Exception as error:
            self.trouble = error  # the broker's; what user's code raises does not pass here
            raise


def _must_reach_a_queue(headers: Mapping[str, Any]) -> bool:
    """Whether a message is a slot's: RabbitMQ confirms also what no queue is bound for.

    Not so an event, for which there may be no listener; nor what an exchange of the delaying
    plugin keeps, which it calls unroutable until its time has come.
    """
    return SLOT in headers and "x-delay" not in headers


class Publisher:
    """Publishes slots' messages on one connection of its own. For one thread.

    Args:
        app: The Celery app.
        dispatch: Gives a message to Celery with a producer; None for `apply_async`.
        timeout: Seconds for connecting.
    """

    def __init__(self, app: Any, dispatch: Dispatch | None = None, timeout: float = 2.0) -> None:
        self._app = app
        self._dispatch = dispatch or through_celery(app)
        self._timeout = timeout
        self._connection: Any = None
        self._producer: Any = None
        self._pulse: Pulse | None = None
        self._lock = threading.Lock()
        self._unconfirmed = ""  # id of the message that was on the wire when we were blocked
        self._confirmed = ""  # that id, once the broker had read and confirmed it after all
        self.blocked = False

    def ready(self) -> None:
        """Make sure of a connection that takes messages.

        Raises:
            BrokerUnavailable: There is none, or the broker blocks it.
        """
        if self.blocked and not self._lost():
            raise BrokerUnavailable(_BLOCKED)
        if self._connection is not None and not self._lost():
            return
        self.close()
        try:
            self._connect()
        except Exception as error:
            self.close()
            raise BrokerUnavailable(_AWAY.format(error)) from error

    def _lost(self) -> bool:
        lost = self._pulse is not None and self._pulse.lost
        return lost or self._connection is None or not self._connection.connected

    def _connect(self) -> None:
        self._connection = self._app.connection_for_write(
            connect_timeout=min(self._timeout, self._app.conf.broker_connection_timeout),
            transport_options=bounded_options(self._app, self._timeout),
        )
        is_amqp = self._connection.transport.driver_type == "amqp"
        if is_amqp:
            self._connection.heartbeat = HEARTBEAT_S
            self._connection.transport_options |= {
                "confirm_publish": True,
                "on_blocked": self._on_blocked,
                "on_unblocked": self._on_unblocked,
            }
        self._connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
        producer_class = type("ConfirmedProducer", (_Confirmed, self._app.amqp.Producer), {})
        self._producer = producer_class(self._connection, auto_declare=False)
        if is_amqp:
            self._producer.channel.events["basic_ack"].add(self._on_ack)
            self._pulse = Pulse(self._connection, self._lock)
            self._pulse.start()

    def _on_blocked(self, reason: str) -> None:
        self.blocked = True
        raise Blocked(reason)

    def _on_unblocked(self) -> None:
        self.blocked = False

    def _on_ack(self, *_: object) -> None:
        if self._producer is not None:
            self._producer.acks += 1
        if self._unconfirmed:  # messages go out one at a time: it can be no other's
            self._confirmed, self._unconfirmed = self._unconfirmed, ""

    def publish(self, out: Outgoing, *, begun_before: bool = False) -> None:
        """Publish a message; return when the broker has it, as far as it can say so.

        Args:
            out: The slot's message, laid out.
            begun_before: Another beat began this very message and did not report its end.

        Raises:
            NotBuilt: Celery, the task or a receiver of a signal raised, or the broker
                refuses this very message.
            BrokerUnavailable: The broker did not answer. It may have the message or not.
        """
        refuse_eager(self._app, out.entry)
        try:
            with self._lock:
                if not self._was_sent(out.options["task_id"]):
                    self._watched(out, begun_before)
        except NotBuilt:
            raise
        except Exception as error:
            raise self._named(out, error) from error

    def torn_is_out(self, task_id: str) -> bool:
        """Return whether the broker has the message whose publishing a signal has torn.

        False: it has not, or does not say so in time.
        """
        producer, end = self._producer, time.monotonic() + TORN_S
        if producer is None or producer.awaits is None or producer.awaits[0] != task_id:
            return False  # it was torn before that message was begun
        before = producer.awaits[1]
        # Torn amid a frame, the connection makes no sense.
        with contextlib.suppress(Exception), self._lock:
            while producer.acks == before and time.monotonic() < end:
                self._connection.drain_events(timeout=TORN_S)
        return bool(producer.acks > before)

    def _was_sent(self, task_id: str) -> bool:
        """Wait for the confirm of a message that a full broker had not read yet."""
        end = time.monotonic() + CONFIRM_S
        with contextlib.suppress(TimeoutError):
            while self._unconfirmed == task_id and time.monotonic() < end:
                self._connection.drain_events(timeout=CONFIRM_S)
        return self._confirmed == task_id

    def _watched(self, out: Outgoing, begun_before: bool) -> None:
        with contextlib.nullcontext() if self._pulse is None else self._pulse.watch():
            self._give(out, begun_before)

    def _give(self, out: Outgoing, begun_before: bool) -> None:
        """Give a message to Celery; what fails before it reaches the broker is the entry's."""
        self._producer.trouble, self._producer.published = None, 0
        self._producer.awaits = None
        try:
            keep_from_backend(self._app)
            result = self._dispatch(out, self._producer)
            if begun_before and not self._producer.published and is_believed_sent(out, result):
                as_celery_would(self._app, out, self._producer)
        except Exception as error:
            self._producer.awaits = None
            if self._producer.trouble is None:
                raise not_built(out.entry, error) from error
            raise

    def _named(self, out: Outgoing, error: Exception) -> BeatkitError:
        chain = _chain(error)
        if any(isinstance(cause, Blocked) for cause in chain):
            self._unconfirmed = out.options["task_id"]
            return BrokerUnavailable(_BLOCKED)
        connection = self._connection
        outages = (*connection.connection_errors, OSError)
        outage = next((cause for cause in chain if isinstance(cause, outages)), None)
        refused = any(
            isinstance(cause, (*connection.channel_errors, *_OF_MESSAGE)) for cause in chain
        )
        if outage is not None or refused:
            self.close()  # what is on the wire is unknown: begin with a clean connection
        if outage is not None and not refused:
            return BrokerUnavailable(_AWAY.format(outage))
        if any(getattr(cause, "reply_code", 0) == NO_ROUTE for cause in chain):
            return no_queue(out.entry)
        return not_built(out.entry, error)

    def close(self) -> None:
        """Let go of the connection. The next `ready` opens another."""
        connection, self._connection = self._connection, None
        pulse, self._pulse = self._pulse, None
        self.blocked, self._unconfirmed = False, ""
        if pulse is not None:
            pulse.stop()
        if connection is not None:
            connection.collect(socket_timeout=0.5)


_AWAY = (
    "Broker did not answer: {0}\n"
    "  from broker_url\n"
    "  nothing is lost: what is owed is sent when it is back"
)
_BLOCKED = (
    "Broker takes no messages: its memory or its disk is full (connection.blocked)\n"
    "  from broker_url\n"
    "  nothing is lost: what is owed is sent when it takes them again"
)


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
