"""A channel that keeps what Celery would put on the wire instead of sending it.

**The seam.** kombu's virtual transports end in two methods of the channel: `_put` delivers a
message to a queue, `_put_fanout` to a fanout exchange; the Redis transport's take their
client from `conn_or_acquire`. Our channel is a subclass of the transport's own (so Sentinel,
TLS, priorities, prefixes and whatever comes are kombu's) that gives a client which writes
down LPUSH, PEXPIRE and PUBLISH while those two run. Everything else, such as declaring
queues and looking up bindings, really talks to the server.

The seam is the same in kombu 5.5, 5.6 and 5.7. (`Producer.batch()` does nearly this, but
exists from 5.7 on and steps aside where a connection retries on timeouts.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from beatkit.store import Command

DECLARED = 1_000
"""Queues remembered as declared, at most."""


@dataclass(slots=True)
class Message:
    """One message that was published to the channel.

    Attributes:
        id: The task id it carries; "" if none.
        commands: What the server was to be told, keys complete with prefix.
    """

    id: str
    commands: list[Command] = field(default_factory=list)


class Outbox:
    """What one connection's channels have kept since `open`.

    Attributes:
        messages: Kept messages, oldest first; the event about a message is part of it.
        expiration: Milliseconds that a message of that id has to live, by id.
    """

    def __init__(self, event_exchange: str) -> None:
        self.messages: list[Message] = []
        self.expiration: Mapping[str, int] = {}
        self.is_open = False
        self.recording = False
        self._event_exchange = event_exchange

    @contextmanager
    def open(self, expiration: Mapping[str, int]) -> Iterator[list[Message]]:
        """Keep what is published until the end of the block."""
        self.messages, self.expiration, self.is_open = [], expiration, True
        try:
            yield self.messages
        finally:
            self.is_open = False

    def begin(self, message: Mapping[str, Any], exchange: str) -> None:
        """Note that a message is being published: the commands that follow are its own."""
        properties = message["properties"]
        id = str(properties.get("correlation_id") or "")  # noqa: A001
        if id in self.expiration:
            properties["expiration"] = str(self.expiration[id])
        if not (self.messages and exchange == self._event_exchange):
            self.messages.append(Message(id))

    @contextmanager
    def record(self) -> Iterator[None]:
        """While this lasts, clients write commands down."""
        self.recording = True
        try:
            yield
        finally:
            self.recording = False


class _Recorder:
    """Stands in for the Redis client, and for its pipeline."""

    def __init__(self, commands: list[Command], prefix: str) -> None:
        self._commands = commands
        self._prefix = prefix

    def lpush(self, key: str, *values: str | bytes) -> None:
        self._commands.append(("LPUSH", f"{self._prefix}{key}", *values))

    def pexpire(self, key: str, milliseconds: int) -> None:
        self._commands.append(("PEXPIRE", f"{self._prefix}{key}", milliseconds))

    def publish(self, topic: str, payload: str | bytes) -> None:
        self._commands.append(("PUBLISH", f"{self._prefix}{topic}", payload))

    def pipeline(self) -> _Recorder:
        return self

    def execute(self) -> None:
        """Nothing waits: commands are written down as they come."""

    def __enter__(self) -> _Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class _Capturing:
    """Mixed into the transport's channel; `outbox` is set on the class made from both."""

    outbox: Outbox
    global_keyprefix: str

    def basic_publish(
        self, message: Any, exchange: str = "", routing_key: str = "", **options: Any
    ) -> Any:
        if self.outbox.is_open:
            self.outbox.begin(message, exchange)
        return super().basic_publish(  # type: ignore[misc]
            message, exchange=exchange, routing_key=routing_key, **options
        )

    def _put(self, *args: Any, **kwargs: Any) -> Any:
        if not self.outbox.is_open:
            return super()._put(*args, **kwargs)  # type: ignore[misc]
        with self.outbox.record():
            return super()._put(*args, **kwargs)  # type: ignore[misc]

    def _put_fanout(self, *args: Any, **kwargs: Any) -> Any:
        if not self.outbox.is_open:
            return super()._put_fanout(*args, **kwargs)  # type: ignore[misc]
        with self.outbox.record():
            return super()._put_fanout(*args, **kwargs)  # type: ignore[misc]

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        if self.outbox.recording:
            yield _Recorder(self.outbox.messages[-1].commands, self.global_keyprefix)
            return
        with super().conn_or_acquire(client) as found:  # type: ignore[misc]
            yield found


class _Once:
    """Mixed into the producer: publishing is not retried, for nothing leaves the process.

    Nor is a queue declared twice on a connection. kombu remembers that too, but copies the
    queue each time before it looks, which is a tenth of what a message costs.
    """

    of_beatkit = True
    connection: Any
    trouble: Exception | None = None
    _declared: dict[int, Any] | None = None

    def maybe_declare(self, entity: Any, retry: bool = False, **retry_policy: Any) -> Any:
        declared = self._declared = self._declared or {}
        if id(entity) in declared:
            return False
        if len(declared) >= DECLARED:
            declared.clear()  # a router that makes a new queue object for each message
        done = super().maybe_declare(entity)  # type: ignore[misc]
        if getattr(entity, "can_cache_declaration", False):
            declared[id(entity)] = entity  # held, so that its id stays its own
        return done

    def publish(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().publish(*args, **{**kwargs, "retry": False})  # type: ignore[misc]
        except Exception as error:
            self.trouble = error  # the broker's; what user's code raises does not pass here
            raise


def capturing_producer(app: Any, timeout: float) -> tuple[Any, Outbox]:
    """Return a producer on a connection of its own, and the outbox of its channels.

    Connects on first use. No wait on its sockets is longer than the timeout, and nothing is
    retried: a beat has other entries, and comes again.

    Args:
        app: A Celery app whose broker is Redis or Valkey.
        timeout: Seconds for connecting and for each reply.
    """
    outbox = Outbox(app.conf.event_exchange or "celeryev")
    connection = app.connection_for_write(transport_options=bounded_options(app, timeout))
    transport = connection.transport
    transport.Channel = type(
        "CapturingChannel", (_Capturing, transport.Channel), {"outbox": outbox}
    )
    producer_class = type("CapturingProducer", (_Once, app.amqp.Producer), {})
    return producer_class(connection, auto_declare=False), outbox


def bounded_options(app: Any, timeout: float) -> dict[str, Any]:
    """Return transport options with which no call of kombu's waits long, or retries.

    Args:
        app: The Celery app, whose own options stand where they are stricter.
        timeout: Seconds for connecting and for each reply.
    """
    given = app.conf.broker_transport_options or {}

    def least(name: str) -> float:
        return min(float(given.get(name) or timeout), timeout)

    return {
        "socket_timeout": least("socket_timeout"),
        "socket_connect_timeout": least("socket_connect_timeout"),
        "retry_on_timeout": False,
        "max_retries": 0,
    }
