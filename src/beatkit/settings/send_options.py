"""The options of one send, wherever they are written: in an entry, in a route.

They go to `apply_async` as they are, so what it cannot use fails at each send.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from beatkit.settings import registered, values
from beatkit.settings.nearest import nearest, words
from beatkit.settings.problems import Flaw, Unfit
from beatkit.settings.urls import at

SEND = words(
    "queue exchange exchange_type routing_key priority serializer compression expires countdown "
    "eta retry retry_policy headers delivery_mode mandatory immediate task_id link link_error "
    "ignore_result time_limit soft_time_limit shadow add_to_parent reply_to correlation_id "
    "group_id group_index chord root_id parent_id route_name producer connection publisher "
    "argsrepr kwargsrepr stamped_headers replaced_task_nesting content_type content_encoding "
    "timeout confirm_timeout user_id app_id type message_group_id MessageGroupId "
    "MessageDeduplicationId DelaySeconds properties binding_key"
)


def send_options(value: Mapping[Any, Any]) -> dict[Any, Any]:
    """Options of apply_async, with text made the numbers that it reckons with.

    Unknown ones pass, for a task class of the user's may want them; near misses do not.

    Raises:
        Unfit: An option is a near miss of a known one, or its value cannot be sent.
    """
    flaws: list[Flaw] = []
    fitted = dict(value)
    for name, each in value.items():
        try:
            fitted[name] = _option(str(name), each)
        except Unfit as error:
            flaws += error.flaws
    if flaws:
        raise Unfit(flaws)
    return fitted


def _option(name: str, value: Any) -> Any:
    near = None if name in SEND else nearest(name, SEND)
    if near:
        raise Unfit(Flaw("is no option", "typo", (name,), near, f"did you mean {near}?"))
    if name not in _OPTIONS or value is None:
        return value
    try:
        return _OPTIONS[name](value)
    except Unfit as error:
        raise Unfit([at(flaw, name) for flaw in error.flaws]) from None


def _queue(value: Any) -> Any:
    # Celery asks whatever is no text for its name, at each send.
    if not (isinstance(value, str) and value) and not hasattr(value, "name"):
        raise values.unfit(value, "the name of a queue")
    return value


def _expires(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and "-" in value[1:]:
            return datetime.fromisoformat(value)
        seconds = values.seconds(value)
    except ValueError:
        seconds = 0
    if seconds <= 0:
        raise values.unfit(value, "more than 0 seconds, a timedelta or a datetime")
    return seconds


_OPTIONS = {
    "countdown": values.seconds,
    "expires": _expires,
    "priority": values.whole(0, 255),
    "queue": _queue,
    "serializer": registered.serializer,
}
