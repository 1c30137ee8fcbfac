"""Sending through a broker that is not the store: RabbitMQ, a Redis elsewhere, memory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery, Task
from kombu import Exchange, Queue
from kombu.serialization import registry

from beatkit.sending import BrokerUnavailable, open_way
from beatkit.store import Pending, Store, open_store
from beatkit.store.choice import choose
from tests.integration.sending.counter import Counter
from tests.servers import ValkeyServer

BROKERS = ["rabbitmq", "redis", "memory"]


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest) -> str:
    if request.param == "rabbitmq":
        return str(request.getfixturevalue("rabbitmq_url"))
    if request.param == "redis":
        return str(request.getfixturevalue("new_valkey")().url())
    return "memory://"


@pytest.fixture
def counter(counter_at: Callable[[str], Counter], broker: str) -> Counter:
    return counter_at(broker)


def test_a_slot_is_claimed_published_and_settled(counter: Counter) -> None:
    answer, slot = counter.send(counter.entry())

    assert (answer.outcome, answer.progress) == ("pending", slot)
    (message,) = counter.received()
    assert message.headers["beatkit-slot"] == slot
    assert message.headers["id"] == message.properties["correlation_id"]
    assert counter.pendings() == []


def test_a_message_that_no_queue_is_bound_for_is_not_taken_for_sent(
    counter_at: Callable[[str], Counter], rabbitmq_url: str
) -> None:
    at = counter_at(rabbitmq_url)
    at.app.conf.task_send_sent_event = True  # whose exchange has no listener, either
    news = Exchange(f"beatkit-test-{uuid4().hex}", type="topic", durable=False, auto_delete=True)
    astray = replace(at.entry(), options={"exchange": news.name, "routing_key": "today"})
    good = at.entry("good")
    with at.app.connection_for_write() as connection:
        news(connection.default_channel).declare()
        batch = [(astray, at.claim(astray)), (good, at.claim(good))]

        first = at.way.send(at.writer, batch)
        queue = Queue(at.queue_name, news, routing_key="today")
        queue(connection.default_channel).declare()
        again = at.way.send(at.writer, batch)

    assert [answer.outcome for answer in first.answers] == ["failed", "pending"]
    assert first.answers[0].detail == (
        "Entry 'hello': task 'elsewhere.task' put no message on a queue, expected one\n"
        "  from its routing: the exchange it is routed to has no queue bound to it\n"
        "  write task_queues with that queue, or start the worker that consumes it first"
    )
    assert [answer.outcome for answer in again.answers] == ["decided", "decided"]
    slots = [message.headers["beatkit-entry"] for message in at.received()]
    assert sorted(slots) == ["good", "hello"]
    assert at.pendings() == []


def test_a_batch_sent_again_publishes_nothing_again(counter: Counter) -> None:
    entries = [counter.entry(name) for name in ("one", "two", "three")]
    batch = [(entry, counter.claim(entry)) for entry in entries]

    first = counter.way.send(counter.writer, batch)
    again = counter.way.send(counter.writer, batch)

    assert [answer.outcome for answer in first.answers] == ["pending"] * 3
    assert [(answer.outcome, answer.by) for answer in again.answers] == [("decided", "beat-1")] * 3
    assert len(counter.received()) == 3


def test_a_claim_whose_reply_was_lost_is_published_at_the_next_look(counter: Counter) -> None:
    entry = counter.entry()
    claim = counter.claim(entry)
    counter.store.claim(counter.writer, [replace(claim, act="pend")])

    assert counter.way.send(counter.writer, [(entry, claim)]).answers[0].outcome == "decided"
    counter.attend(entry)

    assert len(counter.received()) == 1
    assert counter.pendings() == []


def test_a_look_from_before_a_message_was_settled_does_not_send_it_again(counter: Counter) -> None:
    entry = counter.entry()
    counter.send(entry)
    pending = Pending(entry.name, 1, "scheduled", "beat-1", 1, 1)
    stale = replace(counter.look(), pendings=(pending,))
    counter.way._done = {("hello", 1): pending}  # type: ignore[attr-defined]

    counter.attend(entry, situation=stale)

    assert len(counter.received()) == 1


def test_a_pending_of_a_beat_that_died_is_published_after_12_s_with_the_same_id(
    counter: Counter,
) -> None:
    entry = counter.entry()
    claim = counter.claim(entry)
    dead = replace(counter.writer, beat="dead")
    counter.store.claim(dead, [replace(claim, act="pend")])
    seen = counter.look()

    for second in range(12):
        counter.attend(entry, situation=replace(seen, now=seen.now + second * 1000))
    assert counter.received() == []
    counter.attend(entry, situation=replace(seen, now=seen.now + 12_000))

    (message,) = counter.received()
    assert message.headers["beatkit-slot"] == claim.slot
    assert counter.pendings() == []
    late = counter.look()
    assert late.pendings == ()


def test_watching_starts_anew_after_the_store_was_out_of_reach(counter: Counter) -> None:
    entry = counter.entry()
    claim = counter.claim(entry)
    counter.store.claim(replace(counter.writer, beat="slow"), [replace(claim, act="pend")])
    seen = counter.look()

    for at in (0, 20_000, 22_000, 24_000):
        counter.attend(entry, situation=replace(seen, now=seen.now + at))

    assert counter.received() == []


def test_of_two_standbys_at_one_pending_one_publishes(counter: Counter) -> None:
    entry = counter.entry()
    claim = counter.claim(entry)
    counter.store.claim(replace(counter.writer, beat="dead"), [replace(claim, act="pend")])
    seen = counter.look()
    other = open_way(
        counter.app, choose(counter.app), counter.store, now=lambda: counter.store.read([]).now
    )

    for second in range(14):
        later = replace(seen, now=seen.now + second * 1000)
        counter.way.attend(counter.writer, later, {"hello": entry}.get)
        other.attend(replace(counter.writer, beat="beat-2"), later, {"hello": entry}.get)
    other.close()

    assert len(counter.received()) == 1


def test_a_newer_slot_goes_out_while_an_older_one_is_pending_and_neither_is_lost(
    counter: Counter,
) -> None:
    entry = counter.entry()
    older = counter.claim(entry)
    counter.store.claim(replace(counter.writer, beat="dead"), [replace(older, act="pend")])
    seen = counter.look()

    answer, newer = counter.send(entry)

    assert (answer.outcome, answer.progress) == ("pending", newer)
    assert [one.headers["beatkit-slot"] for one in counter.received()] == [newer]
    assert counter.pendings() == [("hello", older.slot, "dead", 1)]
    for second in range(14):
        counter.attend(entry, situation=replace(seen, now=seen.now + second * 1000))
    assert [one.headers["beatkit-slot"] for one in counter.received()] == [older.slot]
    assert counter.pendings() == []


def test_what_was_given_back_is_published_at_once(counter: Counter) -> None:
    entry = counter.entry()
    claim = counter.claim(entry)
    counter.store.claim(replace(counter.writer, beat="leaving"), [replace(claim, act="pend")])
    counter.store.hand_over(counter.look().pendings, to="")

    counter.attend(entry)

    assert len(counter.received()) == 1


def test_a_pending_of_an_entry_that_left_the_schedule_is_dropped(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    entry = counter.entry()
    claim = counter.claim(entry)
    counter.store.claim(counter.writer, [replace(claim, act="pend")])

    counter.attend()

    assert (counter.received(), counter.pendings()) == ([], [])
    assert "slots of entries that left the schedule are not sent: hello" in caplog.messages


@pytest.mark.parametrize("error", [RuntimeError("no"), ConnectionError("no"), TimeoutError("no")])
def test_an_entry_that_cannot_be_built_holds_one_slot_and_no_other_entry(
    counter: Counter, error: Exception
) -> None:
    class Broken(Task):
        broken = True

        def apply_async(self, *args: Any, **kwargs: Any) -> Any:
            if Broken.broken:
                raise error
            return super().apply_async(*args, **kwargs)

    @counter.app.task(name="shop.hello", base=Broken, shared=False)
    def hello() -> None: ...

    bad, good = counter.entry("bad", task="shop.hello"), counter.entry("good")

    for _ in range(3):
        batch = [(entry, counter.claim(entry)) for entry in (bad, good)]
        answers = counter.way.send(counter.writer, batch).answers
        assert [answer.outcome for answer in answers] == ["failed", "pending"]
        assert f"could not be sent: {type(error).__name__}: no\n" in answers[0].detail
    assert [one[0] for one in counter.pendings()] == ["bad"]
    assert len(counter.received()) == 3

    Broken.broken = False
    answer, _ = counter.send(bad)
    assert answer.outcome == "pending"
    assert len(counter.received()) == 2
    assert counter.pendings() == []


def test_what_a_signal_tore_from_its_confirm_is_out_and_not_given_back(
    counter_at: Callable[[str], Counter], rabbitmq_url: str
) -> None:
    at = counter_at(rabbitmq_url)
    at.send(at.entry())
    at.received()
    channel = at.way._publisher._producer.channel  # type: ignore[attr-defined]
    wait = channel.wait

    def torn(*_: object, **__: object) -> None:
        channel.wait = wait
        raise SystemExit

    channel.wait = torn
    with pytest.raises(SystemExit):
        at.send(at.entry())
    at.way.leave(at.store)

    assert at.pendings() == []
    assert len(at.received()) == 1


def test_what_a_signal_kept_from_being_begun_is_given_back(
    counter_at: Callable[[str], Counter], rabbitmq_url: str
) -> None:
    at = counter_at(rabbitmq_url)

    class Torn(Task):
        def apply_async(self, *args: Any, **kwargs: Any) -> Any:
            raise SystemExit

    @at.app.task(name="shop.hello", base=Torn, shared=False)
    def hello() -> None: ...

    at.send(at.entry("before"))
    with pytest.raises(SystemExit):
        at.send(at.entry("torn", task="shop.hello"))
    at.way.leave(at.store)

    assert [one[0] for one in at.pendings()] == ["torn"]
    assert len(at.received()) == 1


@pytest.mark.parametrize("error", [FileNotFoundError(2, "none", "key"), ConnectionError("none")])
def test_a_serializer_that_cannot_reach_its_key_fails_its_entry_alone(
    counter: Counter, error: OSError
) -> None:
    def signed(_: object) -> str:
        raise error

    good, bad = counter.entry("good"), counter.entry("bad")
    bad = replace(bad, options={**bad.options, "serializer": "signed"})
    batch = [(entry, counter.claim(entry)) for entry in (bad, good)]
    registry.register("signed", signed, json.loads, "application/x-signed", "utf-8")
    try:
        answers = counter.way.send(counter.writer, batch).answers
    finally:
        registry.unregister("signed")

    assert [answer.outcome for answer in answers] == ["failed", "pending"]
    assert "could not be sent: " in answers[0].detail
    assert str(error) in answers[0].detail
    assert [one.headers["beatkit-entry"] for one in counter.received()] == ["good"]


def test_a_broker_that_is_away_is_found_out_before_anything_is_claimed(
    counter_at: Callable[[str], Counter], new_valkey: Callable[..., ValkeyServer]
) -> None:
    server = new_valkey()
    server.kill()
    counter = counter_at("memory://")
    counter.app.conf.broker_url = "amqp://guest:guest@127.0.0.1:1//"
    entry = counter.entry()
    claim = counter.claim(entry)

    with pytest.raises(BrokerUnavailable) as caught:
        counter.way.send(counter.writer, [(entry, claim)])
    counter.app.conf.broker_url = "memory://"

    assert counter.pendings() == []
    assert counter.store.read(["hello"]).progress["hello"].slot == claim.after
    assert str(caught.value) == (
        "Broker did not answer: [Errno 111] Connection refused\n"
        "  from broker_url\n"
        "  nothing is lost: what is owed is sent when it is back"
    )


def test_a_broker_that_goes_away_after_the_claim_gets_its_message_when_it_is_back(
    counter_at: Callable[[str], Counter], new_valkey: Callable[..., ValkeyServer]
) -> None:
    server = new_valkey(keep=True)
    counter = counter_at(server.url())
    entry = counter.entry()
    counter.send(entry)
    server.kill()

    answer, _ = counter.send(entry)
    assert answer.outcome == "pending"
    assert len(counter.pendings()) == 1

    server.start()
    for _ in range(3):
        counter.attend(entry)

    assert counter.pendings() == []
    assert len(set(counter.ids())) == 2


def test_the_broker_confirms_before_a_message_counts_as_published(
    counter_at: Callable[[str], Counter], rabbitmq_url: str
) -> None:
    counter = counter_at(rabbitmq_url)
    counter.send(counter.entry())
    publisher: Any = counter.way._publisher  # type: ignore[attr-defined]
    channel = publisher._producer.channel
    assert channel._confirm_selected
    assert channel.connection.heartbeat == 3
    started = time.monotonic()
    for _ in range(50):
        counter.send(counter.entry())
    assert time.monotonic() - started < 60  # it would hang without a bound; a busy machine is slow
    assert len(counter.received()) == 51


def test_messages_go_out_over_the_store_in_memory_too() -> None:
    app = Celery(f"shop-{uuid4().hex}", broker="memory://", set_as_current=False)
    choice = choose(app)
    store: Store = open_store(choice.url, prefix=choice.prefix)
    assert open_store(choice.url, prefix=choice.prefix) is store
    way = open_way(app, choice, store, now=lambda: store.read([]).now)
    assert way.name == "claimed"
