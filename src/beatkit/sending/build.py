"""From a slot to the commands that put its message on the broker, through Celery itself.

Routing, serialisers, compression, custom Task classes, signals and whatever an extension
patches see an ordinary `apply_async` with a producer; see `beatkit.sending.capture` for how
its outcome is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kombu.exceptions import EncodeError

from beatkit.entry import Entry, Kind
from beatkit.errors import BeatkitError
from beatkit.sending import BrokerUnavailable
from beatkit.sending.capture import Message, Outbox, capturing_producer
from beatkit.sending.effects import has_fixed_routes, is_celerys_own
from beatkit.sending.message import Outgoing, durations, outgoing, slot_at, task_id
from beatkit.sending.template import Template, Templates, fields_of
from beatkit.store import Command
from beatkit.store.link import is_outage

Dispatch = Callable[[Outgoing, Any], object]
"""Gives a message to Celery with a producer: a scheduler's `apply_entry`, or `through_celery`."""


class NotBuilt(BeatkitError):
    """A slot's message could not be built. The slot is still owed; others are not affected."""


class Builder:
    """Builds messages for one app, on one connection of its own. For one thread.

    Args:
        app: A Celery app whose broker is Redis or Valkey.
        name: What sets this schedule apart from others (the key prefix).
        now: The store's time, milliseconds since 1970.
        dispatch: Gives the message to Celery; None for `apply_async` and `send_task`.
        timeout: Seconds for connecting to the broker and for each of its replies.
    """

    def __init__(
        self,
        app: Any,
        name: str,
        now: Callable[[], int],
        dispatch: Dispatch | None = None,
        timeout: float = 2.0,
    ) -> None:
        self._app = app
        self._name = name
        self.now = now
        self._dispatch = dispatch or through_celery(app)
        self._timeout = timeout
        self._producer: Any = None
        self._outbox: Outbox | None = None
        self._templates = Templates()

    def build(
        self,
        entry: Entry,
        slot: int,
        kind: Kind,
        *,
        after: int | None = None,
        watched: bool = True,
        begun_before: bool = False,
    ) -> tuple[Command, ...]:
        """Return what to tell the broker: our message first, then whatever else was sent.

        Args:
            entry: The slot's entry.
            slot: Its `scheduled_for`, milliseconds since 1970.
            kind: Why it is sent.
            after: The progress that the slot follows; None: it follows none.
            watched: Somebody's code looks at single messages: go through Celery each time.
            begun_before: Another beat began this very message and did not finish.

        Returns:
            Commands for `Claim.commands`; empty if the task's own `apply_async` chose to
            send nothing (or sent it by a connection of its own).

        Raises:
            NotBuilt: Celery, the task or a receiver of a signal raised, or sent nothing.
            BrokerUnavailable: The broker did not answer.
        """
        template = None if watched else self._templates.proven(entry)
        if template is not None:
            return self._stamped(template, entry, slot, kind, after)
        out = lay_out(self._app, self._name, entry, slot, kind, after)
        try:
            return self._built(out, watched, begun_before)
        except (NotBuilt, BrokerUnavailable):
            raise
        except Exception as error:
            raise not_built(entry, error) from error

    def _stamped(
        self, template: Template, entry: Entry, slot: int, kind: Kind, after: int | None
    ) -> tuple[Command, ...]:
        id = entry.options.get("task_id") or task_id(self._name, entry.name, slot)  # noqa: A001
        at = id, self._templates.tag(), slot, kind, slot_at(entry, after)
        return template.stamp(fields_of(*at, template.durations, self.now))

    def _built(self, out: Outgoing, watched: bool, begun_before: bool) -> tuple[Command, ...]:
        refuse_eager(self._app, out.entry)
        now = self.now()
        commands = self._render(out, now, begun_before)
        if not watched and has_fixed_routes(self._app):
            task = self._app.tasks.get(out.entry.task)
            self._templates.learn(out, commands, durations(out.entry, task), now)
        return commands

    def _render(self, out: Outgoing, now: int, begun_before: bool) -> tuple[Command, ...]:
        return _commands(self._captured(out, now, begun_before), out.options["task_id"])

    def _captured(self, out: Outgoing, now: int, begun_before: bool) -> list[Message]:
        producer, outbox = self._open()
        keep_from_backend(self._app)
        lives = {} if out.expires is None else _lives(out, now)
        producer.trouble = None
        with outbox.open(lives) as messages:
            try:
                result = self._dispatch(out, producer)
                if begun_before and not messages and is_believed_sent(out, result):
                    as_celery_would(self._app, out, producer)
            except Exception as error:
                raise _named(out.entry, error, producer.trouble) from error
        if self._reached_no_queue(out, result, messages):
            raise no_queue(out.entry)
        return messages

    def _reached_no_queue(self, out: Outgoing, result: object, messages: list[Message]) -> bool:
        ours = [message for message in messages if message.id == out.options["task_id"]]
        if ours:
            return not any(message.commands for message in ours)
        # Without a result Celery was not asked to send: whoever stands before it chose so.
        asked = result is not None and is_celerys_own(self._app, out.entry)
        return asked and not any(message.commands for message in messages)

    def _open(self) -> tuple[Any, Outbox]:
        if self._outbox is None:
            self._producer, self._outbox = capturing_producer(self._app, self._timeout)
        return self._producer, self._outbox

    def close(self) -> None:
        """Let go of the connection. The next `build` opens another."""
        producer, self._producer, self._outbox = self._producer, None, None
        self._templates = Templates()
        if producer is not None:
            producer.connection.release()


def lay_out(
    app: Any, name: str, entry: Entry, slot: int, kind: Kind, after: int | None = None
) -> Outgoing:
    """Lay out a slot's message; see `beatkit.sending.message.outgoing`.

    Raises:
        NotBuilt: The entry's options cannot be worked out.
    """
    try:
        return outgoing(name, entry, slot, kind, app.tasks.get(entry.task), after)
    except Exception as error:
        raise not_built(entry, error) from error


def refuse_eager(app: Any, entry: Entry) -> None:
    """Raise `NotBuilt` where the app runs tasks instead of sending them."""
    if app.conf.task_always_eager:
        raise NotBuilt(_EAGER.format(entry.name))


def no_queue(entry: Entry) -> NotBuilt:
    """Say that an entry's message would reach no queue."""
    return NotBuilt(_NOTHING.format(entry.name, entry.task))


_EAGER = (
    "Entry {0!r}: task_always_eager is True, expected False where beat runs\n"
    "  from the app's settings\n"
    "  write task_always_eager = False: beat would run tasks itself instead of sending them"
)
_NOTHING = (
    "Entry {0!r}: task {1!r} put no message on a queue, expected one\n"
    "  from its routing: the exchange it is routed to has no queue bound to it\n"
    "  write task_queues with that queue, or start the worker that consumes it first"
)


def _lives(out: Outgoing, now: int) -> dict[str, int]:
    return {out.options["task_id"]: max(0, (out.expires or now) - now)}


def _commands(messages: list[Message], task_id: str) -> tuple[Command, ...]:
    ours = [message for message in messages if message.id == task_id]
    others = [message for message in messages if message.id != task_id]
    return tuple(command for message in (*ours, *others) for command in message.commands)


def _named(entry: Entry, error: Exception, trouble: Exception | None) -> BeatkitError:
    broker = _brokers_own(trouble)
    if broker is not None and is_outage(broker):
        return BrokerUnavailable(
            f"Broker did not answer while entry {entry.name!r} was prepared: {broker}\n"
            "  from broker_url\n"
            "  nothing is lost: what is owed is sent when it is back"
        )
    return not_built(entry, error)


def not_built(entry: Entry, error: Exception) -> NotBuilt:
    """Say which entry could not be sent, and why."""
    where = f"  declared in {entry.source}\n" if entry.source else ""
    return NotBuilt(
        f"Entry {entry.name!r}: task {entry.task!r} could not be sent: "
        f"{type(error).__name__}: {error}\n{where}"
        "  the slot is still owed, and is tried again"
    )


def _brokers_own(error: BaseException | None) -> BaseException | None:
    """Find the error of the broker's connection that kombu wrapped, if any.

    Only what came out of publishing is looked at, and of that nothing that a serializer
    raised, nor an OSError about files: a lazy argument or a serializer that cannot read or
    reach its own is no reason to hold up other entries.
    """
    from redis.exceptions import RedisError

    if isinstance(error, EncodeError):
        return None
    while error is not None and not isinstance(error, RedisError | ConnectionError | TimeoutError):
        error = error.__cause__ or error.__context__
    return error


def through_celery(app: Any) -> Dispatch:
    """Return a dispatch that does what `celery.beat.Scheduler.apply_async` does."""

    def dispatch(out: Outgoing, producer: Any) -> object:
        args, kwargs = _arguments(out)
        task = app.tasks.get(out.entry.task)
        if task is not None:
            return task.apply_async(args, kwargs, producer=producer, **out.options)
        return app.send_task(out.entry.task, args, kwargs, producer=producer, **out.options)

    return dispatch


def _arguments(out: Outgoing) -> tuple[list[Any], dict[str, Any]]:
    from celery.beat import BeatLazyFunc

    def called(value: Any) -> Any:
        return value() if isinstance(value, BeatLazyFunc) else value

    return [called(value) for value in out.args], {
        name: called(value) for name, value in out.kwargs.items()
    }


def is_believed_sent(out: Outgoing, result: object) -> bool:
    """Say whether an `apply_async` that sent nothing answers that this very run is under way.

    A class that allows one message at a time (celery-singleton) notes in a lock of its own
    which id it has sent. A beat that dies after that note and before its message leaves a
    lock that nobody will ever release; but the id in it is that of the slot.
    """
    return bool(getattr(result, "id", None) == out.options["task_id"])


def as_celery_would(app: Any, out: Outgoing, producer: Any) -> None:
    """Send a message by Celery's own `apply_async`, past the one that the task overrides."""
    from celery.app.task import Task

    task = app.tasks.get(out.entry.task)
    if task is not None:
        args, kwargs = _arguments(out)
        Task.apply_async(task, args, kwargs, producer=producer, **out.options)


def keep_from_backend(app: Any) -> None:
    """Keep our producers' messages from reaching for the result backend.

    `send_task` tells the backend of each task whose result may be awaited; Redis and RPC
    then subscribe to it. Nobody awaits a result in beat, and a dead result backend would
    block it for seconds a slot. Messages of other producers are told as before.
    """
    backend = app.backend
    told = backend.on_task_call
    if getattr(told, "of_beatkit", False):
        return

    def on_task_call(producer: Any, task_id: str) -> Any:
        return {} if getattr(producer, "of_beatkit", False) else told(producer, task_id)

    on_task_call.of_beatkit = True  # type: ignore[attr-defined]
    backend.on_task_call = on_task_call
