"""The options of kombu's transports, which drop those they do not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

from beatkit.settings import urls, values
from beatkit.settings.nearest import nearest, words
from beatkit.settings.problems import Flaw, Unfit

# What kombu's connection itself reads, whatever the transport.
_RETRY = words(
    "max_retries interval_start interval_step interval_max errback callback "
    "connect_retries_timeout retry_errors timeout retry_policy polling_interval "
    "body_encoding deadletter_queue queue_name_prefix additional_connection_errors"
)
_REDIS = words(
    "sep ack_emulation unacked_key unacked_index_key unacked_mutex_key unacked_mutex_expire "
    "visibility_timeout unacked_restore_limit unacked_restore_interval "
    "unacked_restore_throttle fanout_prefix fanout_patterns global_keyprefix socket_timeout "
    "socket_connect_timeout socket_keepalive socket_keepalive_options queue_order_strategy "
    "max_connections health_check_interval retry_on_timeout priority_steps client_name "
    "reauth_check_interval keyprefix_queue keyprefix_fanout"
)
_SENTINEL = words("master_name min_other_sentinels sentinel_kwargs sentinel_fanout_compat")
_SQS = words(
    "region regioninfo endpoint_url port is_secure visibility_timeout polling_interval "
    "wait_time_seconds queue_name_prefix queue_tags predefined_queues predefined_exchanges "
    "sts_role_arn sts_token_timeout sts_token_buffer_time supports_fanout fetch_message_attributes "
    "client-config client_config max_number_of_messages sqs-creation-attributes "
    "sqs_creation_attributes sqs_base64_encoding"
)
_DECLARED = {"redis": _REDIS, "rediss": _REDIS, "sentinel": _REDIS | _SENTINEL}
_ELSEWHERE = {
    "visibility_timeout": "Redis and SQS",
    "unacked_restore_limit": "Redis",
    "global_keyprefix": "Redis",
    "fanout_prefix": "Redis",
    "fanout_patterns": "Redis",
    "priority_steps": "Redis",
    "queue_order_strategy": "Redis",
    "sep": "Redis",
    "master_name": "Sentinel",
    "sentinel_kwargs": "Sentinel",
    "min_other_sentinels": "Sentinel",
    "region": "SQS",
    "predefined_queues": "SQS",
    "wait_time_seconds": "SQS",
    "sts_role_arn": "SQS",
    "queue_name_prefix": "SQS",
    "confirm_publish": "AMQP",
    "login_method": "AMQP",
}
_CYCLES = ("round_robin", "sorted", "priority")
# Only near misses of these are refused: each backend reads others besides.
_RESULT = words(
    "master_name min_other_sentinels sentinel_kwargs retry_policy result_chord_ordered "
    "global_keyprefix visibility_timeout additional_connection_errors"
)
_AMQP = frozenset({"amqp", "amqps", "pyamqp", "librabbitmq"})
_FAMILY = dict.fromkeys(_AMQP, "AMQP") | {"redis": "Redis", "rediss": "Redis", "sqs": "SQS"}


def transport_options(value: Any) -> dict[str, Any]:
    """A mapping, in which text and timedeltas become the numbers that transports reckon with."""
    fitted = values.options(value)
    flaws: list[Flaw] = []
    for name in _FITTED.keys() & fitted.keys():
        if fitted[name] is None:
            continue
        try:
            fitted[name] = _FITTED[name](fitted[name])
        except Unfit as error:
            flaws += [urls.at(flaw, name) for flaw in error.flaws]
    if flaws:
        raise Unfit(sorted(flaws, key=lambda flaw: flaw.path))
    return fitted


def _visibility(value: Any) -> Any:
    seconds = values.seconds(value)
    if not 1 <= seconds < float("inf"):
        remedy = "write how long the longest run takes, and more"
        raise values.unfit(value, "seconds, at least 1", remedy)
    return seconds


def _steps(value: Any) -> list[int]:
    """The priorities that Redis keeps apart, of which kombu takes the next lower one."""
    found = values.plain(value)
    if isinstance(found, list | tuple | range) and found:
        with suppress(Unfit):
            steps = [values.whole(0, 255)(step) for step in found]
            if steps == sorted(set(steps)):
                return steps
    raise values.unfit(value, "a list of rising whole numbers from 0 to 255", "write [0, 3, 6, 9]")


def _cycle(value: Any) -> Any:
    # Besides its own three, kombu takes a class, or the dotted path of one.
    if isinstance(value, str) and value not in _CYCLES and not re.search(r"[.:]", value):
        return values.one_of(*_CYCLES)(value)
    return value


_FITTED: dict[str, Callable[[Any], Any]] = {
    "visibility_timeout": _visibility,
    "priority_steps": _steps,
    "queue_order_strategy": _cycle,
    "unacked_restore_limit": values.whole(0),
    "max_connections": values.whole(1),
    "max_number_of_messages": values.whole(1, 10),  # SQS has no more in one answer
    "max_retries": values.number,
    **dict.fromkeys(
        words(
            "unacked_mutex_expire socket_timeout socket_connect_timeout health_check_interval "
            "interval_start interval_step interval_max polling_interval wait_time_seconds"
        ),
        values.seconds,
    ),
    **dict.fromkeys(
        words("ack_emulation socket_keepalive retry_on_timeout is_secure confirm_publish"),
        values.flag,
    ),
}


def unknown_options(given: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield the options that the broker's transport does not know, or is not the one for."""
    options = given.get("broker_transport_options") or {}
    scheme = urls.scheme_of(given.get("broker_url"))
    for option in options:
        flaw = _judge(str(option), scheme) if scheme else None
        if flaw:
            yield flaw


def misspelt_result_options(given: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield the near misses of options that result backends read."""
    name = "result_backend_transport_options"
    for option in given.get(name) or {}:
        near = None if option in _RESULT else nearest(str(option), _RESULT)
        if near and option not in _REDIS | _RETRY:
            said = "is unknown to result backends, which drop it"
            yield Flaw(said, "typo", (str(option),), near, f"did you mean {near}?", name)


def _judge(option: str, scheme: str) -> Flaw | None:
    name, path = "broker_transport_options", (option,)
    known = _DECLARED.get(scheme)
    if option in (known or ()) or option in _RETRY:
        return None
    home = _ELSEWHERE.get(option)
    family = _FAMILY.get(scheme, "Sentinel" if scheme == "sentinel" else "")
    if home and family and family not in home and not (scheme in _AMQP and home == "AMQP"):
        said = f"is an option for {home}, and the broker is {scheme}://"
        return Flaw(said, "warning", path, None, "it has no effect: drop it", name)
    pool = known or (_SQS if scheme == "sqs" else frozenset(_ELSEWHERE))
    near = None if option in pool else nearest(option, pool | _RETRY)
    if near:
        said = f"is unknown to {scheme}://, which drops it"
        return Flaw(said, "typo", path, near, f"did you mean {near}?", name)
    if known and option not in _installed(scheme):
        said = f"is unknown to {scheme}://, which drops it"
        return Flaw(said, "unknown", path, None, f"known are {', '.join(sorted(known))}", name)
    return None


def _installed(scheme: str) -> frozenset[str]:
    """What the installed kombu declares: asked only about options this file does not know."""
    try:
        module = import_module("kombu.transport.redis")
    except ImportError:
        return frozenset()
    channel = module.SentinelChannel if scheme == "sentinel" else module.Channel
    return frozenset(channel.from_transport_options)


def option_near(option: str, wanted: str) -> bool:
    """Whether an option is the wanted one, or a misspelling of it."""
    return option == wanted or nearest(option, [wanted]) == wanted
