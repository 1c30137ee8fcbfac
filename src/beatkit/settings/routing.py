"""Queues, routes and annotations: the settings that are mappings of options.

Celery drops an option it does not know inside a queue, and hands an unknown one of a route
to the message. So near misses of known names are refused; other names pass in routes and
annotations, where a task class of the user's may want them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from beatkit.settings import values
from beatkit.settings.nearest import nearest, words
from beatkit.settings.problems import Flaw, Unfit

# kombu.Queue.from_dict reads these and drops all others.
_QUEUE = words(
    "exchange exchange_type exchange_durable exchange_auto_delete exchange_arguments "
    "exchange_routing_key delivery_mode queue_durable queue_auto_delete queue_arguments "
    "queue_expires routing_key binding_key binding_arguments bindings consumer_arguments "
    "durable auto_delete exclusive no_ack no_declare alias expires message_ttl max_length "
    "max_length_bytes max_priority name"
)
SEND = words(
    "queue exchange exchange_type routing_key priority serializer compression expires countdown "
    "eta retry retry_policy headers delivery_mode mandatory immediate task_id link link_error "
    "ignore_result time_limit soft_time_limit shadow add_to_parent reply_to correlation_id "
    "group_id group_index chord root_id parent_id route_name producer connection publisher "
    "argsrepr kwargsrepr stamped_headers replaced_task_nesting content_type content_encoding "
    "timeout confirm_timeout user_id app_id type message_group_id MessageGroupId "
    "MessageDeduplicationId DelaySeconds properties binding_key"
)
_ATTRIBUTES = words(
    "rate_limit time_limit soft_time_limit max_retries default_retry_delay acks_late "
    "acks_on_failure_or_timeout acks_on_failure acks_on_timeout reject_on_worker_lost "
    "track_started ignore_result store_errors_even_if_ignored serializer compression expires "
    "priority queue routing_key exchange resultrepr_maxsize send_events trail typing name "
    "autoretry_for retry_backoff retry_backoff_max retry_jitter throws before_start on_success "
    "on_failure on_retry after_return"
)


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
        _refuse(_near_misses(value, SEND, _route))
        return value
    parts = list(value) if isinstance(value, list | tuple) else [value]
    for part in parts:
        if isinstance(part, Mapping):
            _refuse(_near_misses(part, SEND, _route))
        elif not (isinstance(part, str) or callable(part) or isinstance(part, list | tuple)):
            raise values.unfit(part, "a mapping, a router function, or a dotted path to one")
    return value


def _route(name: str, target: Any) -> Iterator[Flaw]:
    if not isinstance(target, str | Mapping):
        said = f"is {values.shown(target)}, expected a queue's name or a mapping of options"
        yield Flaw(said, path=(name,))


def task_annotations(value: Any) -> Any:
    """A mapping: task name or * -> attributes; or a list of annotation objects."""
    value = values.plain(value)
    if isinstance(value, str) and value.startswith("{"):
        value = values.options(value)
    if isinstance(value, Mapping):
        _refuse(_near_misses(value, _ATTRIBUTES, _annotation))
    elif isinstance(value, bool | int | float | str):
        raise values.unfit(value, "a mapping: task name or * -> attributes")
    return value


def _annotation(name: str, target: Any) -> Iterator[Flaw]:
    if not isinstance(target, Mapping):
        said = f"is {values.shown(target)}, expected a mapping of task attributes"
        yield Flaw(said, path=(name,))
        return
    if target.get("rate_limit") is not None:
        try:
            values.rate(target["rate_limit"])
        except Unfit as error:
            yield from (
                Flaw(f.said, path=(name, "rate_limit"), remedy=f.remedy) for f in error.flaws
            )


def _near_misses(
    table: Mapping[Any, Any], known: frozenset[str], judge: Callable[[str, Any], Iterator[Flaw]]
) -> list[Flaw]:
    flaws: list[Flaw] = []
    for name, target in table.items():
        flaws += judge(str(name), target)
        for option in target if isinstance(target, Mapping) else ():
            near = None if option in known else nearest(str(option), known)
            if near:
                flaws.append(unknown_option(option, known, (str(name),), "no such option"))
    return flaws


def _refuse(flaws: list[Flaw]) -> None:
    if flaws:
        raise Unfit(flaws)
