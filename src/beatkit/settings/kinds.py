"""The types of the model's fields: what an editor accepts, and the converter behind it.

The annotation is what may be written; the converter makes it what Celery should get. Plain
validators keep pydantic out of the values, so every message is ours, and building the
model of 240 fields stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta, tzinfo
from typing import Annotated, Any, Literal, get_args

from pydantic import PlainValidator

from beatkit.settings import entries, registered, routing, transports, urls, values


def fit(kind: str, value: Any) -> Any:
    """Return the value as its kind, by the converter that the model's field has too.

    Raises:
        Unfit: It cannot be made to fit.
    """
    return _CONVERTERS[kind](value)


def _by(convert: Callable[[Any], Any], *, none: bool = True) -> PlainValidator:
    def validate(value: Any) -> Any:
        return None if value is None and none else convert(values.plain(value))

    return PlainValidator(validate)


Flag = Annotated[bool | None, _by(values.flag)]
Whole = Annotated[int | None, _by(values.whole(0))]
WholeOrMinusOne = Annotated[int | None, _by(values.whole(-1))]
Positive = Annotated[int | None, _by(values.whole(1))]
Milliseconds = Annotated[int | None, _by(values.whole(0))]
Port = Annotated[int | None, _by(values.whole(1, 65535))]
Priority = Annotated[int | None, _by(values.whole(0, 255))]
Concurrency = Annotated[int | Literal["auto"] | None, _by(values.whole(1, words=("auto",)))]
Kibibytes = Annotated[int | None, _by(values.kibibytes)]
Number = Annotated[float | None, _by(values.number)]
Seconds = Annotated[float | timedelta | None, _by(values.seconds)]
Text = Annotated[str | None, _by(values.text)]
Password = Annotated[str | bytes | None, _by(values.password)]
Names = Annotated[Collection[str] | None, _by(values.names)]
Options = Annotated[Mapping[str, Any] | None, _by(values.options)]
TransportOptions = Annotated[Mapping[str, Any] | None, _by(transports.transport_options)]
Identity = Annotated[str | int | None, _by(values.identity)]
Mode = Annotated[str | int | None, _by(values.mode)]
Level = Annotated[str | int | None, _by(values.level)]
Rate = Annotated[str | float | None, _by(values.rate)]
TLS = Annotated[bool | Mapping[str, Any] | None, _by(values.tls)]
Protocol = Annotated[Literal[1, 2] | None, _by(values.one_of(1, 2))]
DeliveryMode = Annotated[
    Literal[1, 2, "transient", "persistent"] | None,
    _by(values.one_of(1, 2, "transient", "persistent")),
]
QueueType = Annotated[Literal["classic", "quorum"] | None, _by(values.one_of("classic", "quorum"))]
Reference = Annotated[Any, _by(values.reference)]
BrokerURL = Annotated[str | Collection[str] | None, _by(urls.check_broker_url, none=False)]
ResultURL = Annotated[Any, _by(urls.check_result_url)]
StoreURL = Annotated[str | None, _by(urls.check_store_url)]
Pool = Annotated[Any, _by(registered.pool)]
Zone = Annotated[str | tzinfo | None, _by(registered.zone)]
Serializer = Annotated[str | None, _by(registered.serializer)]
ContentTypes = Annotated[Collection[str] | None, _by(registered.content_types)]
Queues = Annotated[Any, _by(routing.task_queues)]
Routes = Annotated[Any, _by(routing.task_routes)]
Annotations = Annotated[Any, _by(routing.task_annotations)]
BeatSchedule = Annotated[Mapping[str, Any] | None, _by(entries.beat_schedule)]

_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    name: get_args(kind)[-1].func
    for name, kind in list(globals().items())
    if get_args(kind) and isinstance(get_args(kind)[-1], PlainValidator)
}
