"""Each message is the one that stock beat sends, but for what says which slot it is."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery, Task
from kombu import Exchange, Queue

from beatkit.entry import Entry, Policy
from tests.integration.sending.desk import Desk, body, keys

MakeDesk = Callable[..., Desk]

OURS = {"beatkit-entry", "beatkit-slot", "beatkit-kind", "beatkit-previous", "beatkit-policy"}
ALWAYS_DIFFER = {"id", "root_id", "correlation_id", "delivery_tag"}


def entry(task: str = "shop.hello", **more: Any) -> Entry:
    return Entry("hello", task, schedule=None, **more)


def add_task(app: Celery, **options: Any) -> None:
    @app.task(name="shop.hello", shared=False, **options)
    def hello(word: str = "", *, loud: bool = False) -> None: ...


def normal(message: dict[str, Any]) -> dict[str, Any]:
    """A message without what differs between any two sends, and without our headers."""
    headers = {k: v for k, v in message["headers"].items() if k not in OURS | ALWAYS_DIFFER}
    headers["celery_beat_task"] = True  # stock beat sets it from Celery 5.6 on
    properties = {k: v for k, v in message["properties"].items() if k not in ALWAYS_DIFFER}
    properties.pop("periodic_task_name", None)
    return {**message, "headers": headers, "properties": properties}


def assert_same(desk: Desk, sample: Entry, key: str = "celery") -> dict[str, Any]:
    """Send both ways; return our message."""
    desk.stock(sample)
    (theirs,) = desk.take(key)
    answer, slot = desk.send(sample)
    assert (answer.outcome, answer.detail) == ("sent", "")
    (ours,) = desk.take(key)
    assert normal(ours) == normal(theirs)
    its_id = ours["headers"].get("id") or body(ours)["id"]
    assert ours["properties"]["correlation_id"] == its_id
    assert ours["headers"]["beatkit-entry"] == sample.name
    assert ours["headers"]["beatkit-slot"] == slot
    assert ours["headers"]["beatkit-kind"] == "scheduled"
    assert ours["properties"]["periodic_task_name"] == sample.name
    return ours


def test_a_registered_task(desk: MakeDesk) -> None:
    at = desk()
    add_task(at.app)
    ours = assert_same(at, entry(args=("hi",), kwargs={"loud": True}))
    assert body(ours)[:2] == [["hi"], {"loud": True}]
    assert "beatkit-policy" not in ours["headers"]


def test_a_task_that_lives_elsewhere(desk: MakeDesk) -> None:
    assert_same(desk(), entry("elsewhere.task", args=(1, [2, {"three": None}])))


def test_a_task_with_options_of_its_own(desk: MakeDesk) -> None:
    at = desk()
    options = {"queue": "slow", "priority": 6, "time_limit": 30, "ignore_result": True}
    add_task(at.app, **options)
    assert_same(at, entry(), key="slow\x06\x166")


@pytest.mark.parametrize(
    "priority, key", [(0, "celery"), (5, "celery\x06\x163"), (9, "celery\x06\x169")]
)
def test_a_priority(desk: MakeDesk, priority: int, key: str) -> None:
    assert_same(desk(), entry(options={"priority": priority}), key=key)


def test_a_serialiser_and_a_compression(desk: MakeDesk) -> None:
    at = desk(task_compression="gzip")
    add_task(at.app)
    ours = assert_same(at, entry(args=("x" * 500,), options={"serializer": "pickle"}))
    assert ours["content-type"] == "application/x-python-serialize"
    assert ours["headers"]["compression"] == "application/x-gzip"


def test_headers_stamps_shadow_and_links(desk: MakeDesk) -> None:
    at = desk()
    add_task(at.app)
    link = at.app.signature("elsewhere.next")
    options = {"headers": {"trace": {"id": 7}}, "shadow": "hello-by-night", "link": link}
    ours = assert_same(at, entry(options=options))
    assert ours["headers"]["trace"] == {"id": 7}
    assert body(ours)[2]["callbacks"][0]["task"] == "elsewhere.next"


def test_the_old_message_protocol(desk: MakeDesk) -> None:
    at = desk(task_protocol=1)
    add_task(at.app)
    at.stock(entry(args=("hi",)))
    at.send(entry(args=("hi",)))
    theirs, ours = at.take()
    first, second = body(theirs), body(ours)
    assert {**second, "id": first["id"]} == first
    assert second["id"] == ours["properties"]["correlation_id"]
    assert normal(ours) == {**normal(theirs), "body": ours["body"]}


def test_a_route(desk: MakeDesk) -> None:
    at = desk(task_routes={"shop.*": {"queue": "routed", "priority": 3}})
    add_task(at.app)
    assert_same(at, entry(), key="routed\x06\x163")


def test_a_router_function(desk: MakeDesk) -> None:
    def router(name: str, *args: Any, **kwargs: Any) -> dict[str, str]:
        return {"queue": name.split(".")[0]}

    assert_same(desk(task_routes=(router,)), entry("media.render"), key="media")


def test_a_topic_exchange_whose_binding_we_declare(desk: MakeDesk) -> None:
    topic = Exchange("media", type="topic")
    queues = [Queue("video", topic, routing_key="video.#"), Queue("celery")]
    at = desk(task_queues=queues)
    assert_same(at, entry(options={"queue": "video", "routing_key": "video.x"}), key="video")
    assert "_kombu.binding.media" in keys(at)


def test_a_message_that_lands_in_two_queues_is_one_claim(desk: MakeDesk) -> None:
    topic = Exchange("media", type="topic")
    bound = [Queue(name, topic, routing_key="m.#") for name in ("one", "two")]
    at = desk(task_queues=bound)
    with at.app.connection_for_write() as connection:
        for queue in bound:
            queue(connection.default_channel).declare()

    answer, _ = at.send(entry(options={"queue": "one", "routing_key": "m.x"}))

    assert answer.outcome == "sent"
    (first,), (second,) = at.take("one"), at.take("two")
    assert first == second


def test_a_global_key_prefix(desk: MakeDesk) -> None:
    at = desk(broker_transport_options={"global_keyprefix": "tenant-7:"})
    assert_same(at, entry("elsewhere.task"), key="tenant-7:celery")
    assert all(key.startswith(b"tenant-7:") for key in at.redis.keys("*"))


def test_a_queue_that_expires_is_renewed(desk: MakeDesk) -> None:
    brief = Queue("brief", expires=60.0)
    at = desk(task_queues=[brief], task_default_queue="brief")
    at.send(entry("elsewhere.task"))
    ours = at.redis.pttl("brief")
    at.take("brief")
    at.stock(entry("elsewhere.task"))
    theirs = at.redis.pttl("brief")
    assert (ours > 0) == (theirs > 0)


def test_the_sent_event_goes_out_with_the_message(desk: MakeDesk) -> None:
    at = desk(task_send_sent_event=True)
    add_task(at.app)
    with at.redis.pubsub() as listener:
        listener.psubscribe("*celeryev*")
        listener.get_message(timeout=5)
        ours = assert_same(at, entry())
        stocks, mine = (listener.get_message(timeout=5) for _ in range(2))

    event = json.loads(base64.b64decode(json.loads(mine["data"])["body"]))
    assert mine["channel"] == stocks["channel"]
    assert (event["type"], event["uuid"]) == ("task-sent", ours["headers"]["id"])


def test_a_custom_task_class_and_a_patched_instance(desk: MakeDesk) -> None:
    class Shouting(Task):
        def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
            options["headers"] = {**options.get("headers", {}), "shouted": True}
            return super().apply_async([word.upper() for word in args or ()], kwargs, **options)

    at = desk()
    add_task(at.app, base=Shouting)
    ours = assert_same(at, entry(args=("hi",)))
    assert body(ours)[0] == ["HI"]
    assert ours["headers"]["shouted"] is True


@pytest.mark.parametrize("backend", ["redis", "rpc"])
def test_a_result_backend_is_left_alone(desk: MakeDesk, backend: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        nobody.setblocking(False)
        urls = {"redis": f"redis://127.0.0.1:{nobody.getsockname()[1]}/0", "rpc": "rpc://"}
        at = desk(result_backend=urls[backend])
        add_task(at.app)

        answer, _ = at.send(entry())

        assert answer.outcome == "sent"
        with pytest.raises(BlockingIOError):  # Celery's own send connects to it
            nobody.accept()
    (ours,) = at.take()
    assert ours["headers"]["ignore_result"] is False
    assert keys(at) <= {"_kombu.binding.celery", "_kombu.binding_permanent.celery"}


def test_others_of_the_process_still_reach_the_result_backend(desk: MakeDesk) -> None:
    at = desk()
    at.app.conf.result_backend = at.server.url(1)
    add_task(at.app)
    at.send(entry())

    result = at.app.tasks["shop.hello"].delay()
    at.app.backend.mark_as_done(result.id, "done")
    assert result.get(timeout=5) == "done"


def test_a_policy_travels_with_the_message(desk: MakeDesk) -> None:
    at = desk()
    answer, _ = at.send(entry("elsewhere.task", policy=Policy(overlap="skip")))
    assert answer.outcome == "sent"
    (ours,) = at.take()
    assert ours["headers"]["beatkit-policy"] == {"overlap": "skip"}


def test_times_count_from_the_slot_and_not_from_when_it_was_sent(desk: MakeDesk) -> None:
    at = desk()
    add_task(at.app)
    sample = entry(options={"expires": 60, "countdown": 10})
    at.stock(sample)
    (theirs,) = at.take()

    answer, slot = at.send(sample, late=20_000)

    (ours,) = at.take()
    assert answer.outcome == "sent"
    assert instant(ours["headers"]["expires"]) == slot + 60_000
    assert instant(ours["headers"]["eta"]) == slot + 10_000
    assert theirs["properties"]["expiration"] == "60000"
    assert 35_000 < int(ours["properties"]["expiration"]) <= 40_000
    fields = {"expires", "eta"}
    assert without(ours["headers"], fields) == without(theirs["headers"], fields)


def test_a_wrong_clock_of_the_host_changes_nothing(desk: MakeDesk) -> None:
    at = desk()
    at.app.now = lambda: datetime.now(UTC) + timedelta(hours=5)

    _, slot = at.send(entry("elsewhere.task", options={"expires": 60}))

    (ours,) = at.take()
    assert instant(ours["headers"]["expires"]) == slot + 60_000
    assert 55_000 < int(ours["properties"]["expiration"]) <= 60_000


def instant(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def without(headers: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    skipped = fields | OURS | ALWAYS_DIFFER | {"celery_beat_task"}
    return {name: value for name, value in headers.items() if name not in skipped}


def test_opening_the_connection_anew_many_times_leaves_one_layer(desk: MakeDesk) -> None:
    at = desk()
    for _ in range(30):
        at.way.close()
        at.send(entry("elsewhere.task"))
    told: Any = at.app.backend.on_task_call
    assert told.of_beatkit
    assert [cell for cell in told.__closure__ if getattr(cell.cell_contents, "of_beatkit", 0)] == []
