"""Queues, routes and annotations: the settings that are mappings of options.

Celery drops an option it does not know inside a queue, hands an unknown one of a route to
the message, and sets an unknown attribute without a word. So near misses of known names are
refused; other names pass in routes and annotations, where a task class of the user's may
want them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from beatkit.settings import registered, values
from beatkit.settings.nearest import nearest, words
from beatkit.settings.problems import Flaw, Unfit
from beatkit.settings.send_options import send_options
from beatkit.settings.urls import at

# kombu.Queue.from_dict reads these and drops all others.
_QUEUE = words(
    "exchange exchange_type exchange_durable exchange_auto_delete exchange_arguments "
    "exchange_routing_key delivery_mode queue_durable queue_auto_delete queue_arguments "
    "queue_expires routing_key binding_key binding_arguments bindings consumer_arguments "
    "durable auto_delete exclusive no_ack no_declare alias expires message_ttl max_length "
    "max_length_bytes max_priority name"
)
_ATTRIBUTES = words(
    "rate_limit time_limit soft_time_limit max_retries default_retry_delay acks_late "
    "acks_on_failure_or_timeout acks_on_failure acks_on_timeout reject_on_worker_lost "
    "track_started ignore_result store_errors_even_if_ignored serializer compression expires "
    "priority queue routing_key exchange resultrepr_maxsize send_events trail typing name "
    "autoretry_for retry_backoff retry_backoff_max retry_jitter throws before_start on_success "
    "on_failure on_retry after_return"
)
_FITTED = {
    "rate_limit": values.rate,
    "time_limit": values.seconds,
    "soft_time_limit": values.seconds,
    "default_retry_delay": values.seconds,
    "max_retries": values.whole(0),
    "priority": values.whole(0, 255),
    "serializer": registered.serializer,
    **dict.fromkeys(
        words("acks_late reject_on_worker_lost track_started ignore_result send_events trail"),
        values.flag,
    ),
}


def task_queues(value: Any) -> Any:
    """A list of kombu.Queue objects, or a mapping: name -> options or Queue."""
    value = values.plain(value)
    if isinstance(value, str) and value.startswith("{"):
        value = values.options(value)
    if isinstance(value, Mapping):
        flaws = [flaw for name, each in value.items() for flaw in _queue(str(name), each)]
        if flaws:
            raise Unfit(flaws)
        return dict(value)
    how = "write {'high': {}, 'low': {}}, or kombu.Queue('high')"
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise values.unfit(value, "kombu.Queue objects, or a mapping: name -> options", how)
    found = list(value)
    if not all(hasattr(each, "name") for each in found):
        raise values.unfit(value, "kombu.Queue objects, or a mapping: name -> options", how)
    return found


def _queue(name: str, each: Any) -> Iterator[Flaw]:
    if hasattr(each, "exchange") and hasattr(each, "name"):
        return
    if not isinstance(each, Mapping):
        yield Flaw(f"is {values.shown(each)}, expected the queue's options", path=(name,))
        return
    for option in each:
        if option not in _QUEUE:
            yield unknown_option(option, _QUEUE, (name,), "a queue has no such option")


def unknown_option(option: Any, known: Iterable[str], path: tuple[str, ...], said: str) -> Flaw:
    """Return the flaw of an option that is not known: a typo if a known one is near."""
    near = nearest(str(option), known)
    remedy = f"did you mean {near}?" if near else f"known are {', '.join(sorted(known))}"
    kind = "typo" if near else "unknown"
    return Flaw(f"is unknown: {said}", kind, (*path, str(option)), near, remedy)  # type: ignore[arg-type]


def task_routes(value: Any) -> Any:
    """A mapping, a router function or its dotted path, or a list of those."""
    value = values.plain(value)
    if isinstance(value, str) and value.startswith(("{", "[")):
        value = values.options(value) if value.startswith("{") else values.names(value)
    if isinstance(value, Mapping):
        return _each(value, _route)
    if isinstance(value, list | tuple):
        return [_router(part) for part in value]
    return _router(value)


def _router(part: Any) -> Any:
    if isinstance(part, Mapping):
        return _each(part, _route)
    if isinstance(part, str | list | tuple) or callable(part):
        return part
    raise values.unfit(part, "a mapping, a router function, or a dotted path to one")


def _route(target: Any) -> Any:
    if isinstance(target, Mapping):
        return send_options(target)
    # An object is asked for its name, as kombu.Queue has one.
    if isinstance(target, str) or hasattr(target, "name"):
        return target
    raise values.unfit(target, "a queue's name or a mapping of options")


def task_annotations(value: Any) -> Any:
    """A mapping: task name or * -> attributes; or a list of annotation objects."""
    value = values.plain(value)
    if isinstance(value, str) and value.startswith("{"):
        value = values.options(value)
    if isinstance(value, Mapping):
        return _each(value, _annotation)
    if isinstance(value, bool | int | float | str):
        raise values.unfit(value, "a mapping: task name or * -> attributes")
    return value


def _annotation(target: Any) -> dict[Any, Any]:
    if not isinstance(target, Mapping):
        raise values.unfit(target, "a mapping of task attributes")
    flaws: list[Flaw] = []
    fitted = dict(target)
    for name, each in target.items():
        near = None if name in _ATTRIBUTES else nearest(str(name), _ATTRIBUTES)
        if near:
            flaws.append(unknown_option(name, _ATTRIBUTES, (), "no such attribute of a task"))
        elif name in _FITTED and each is not None:
            try:
                fitted[name] = _FITTED[name](each)
            except Unfit as error:
                flaws += [at(flaw, str(name)) for flaw in error.flaws]
    if flaws:
        raise Unfit(flaws)
    return fitted


def _each(table: Mapping[Any, Any], fit: Callable[[Any], Any]) -> dict[Any, Any]:
    """Fit each value of a mapping; its key comes before what is wrong with it."""
    flaws: list[Flaw] = []
    fitted = {}
    for name, value in table.items():
        try:
            fitted[name] = fit(value)
        except Unfit as error:
            flaws += [at(flaw, str(name)) for flaw in error.flaws]
    if flaws:
        raise Unfit(flaws)
    return fitted
