"""What may happen between RabbitMQ and a beat, one history a test."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from beatkit.entry import Entry
from beatkit.errors import StoreError
from beatkit.sending import BrokerUnavailable
from tests.integration.sending.counter import Counter
from tests.integration.sending.proxy import BLOCKED, UNBLOCKED, Proxy


@pytest.fixture
def proxy(rabbitmq_url: str) -> Iterator[Proxy]:
    made = Proxy(5672)
    yield made
    made.close()


@pytest.fixture
def counter(counter_at: Callable[[str], Counter], proxy: Proxy, rabbitmq_url: str) -> Counter:
    """Publishes through the proxy, and reads without it."""
    counter = counter_at(rabbitmq_url)
    counter.app.conf.broker_write_url = f"amqp://guest:guest@127.0.0.1:{proxy.port}//"
    counter.app.conf.broker_read_url = rabbitmq_url
    counter.send(counter.entry("first"))  # connects, and declares the queue
    assert len(counter.received()) == 1
    return counter


def wait_until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_confirm_that_never_comes_leaves_a_pending_that_is_published_again(
    counter: Counter, proxy: Proxy
) -> None:
    entry = counter.entry()
    proxy.hold_down.set()

    started = time.monotonic()
    answer, _ = counter.send(entry)
    assert answer.outcome == "pending"
    assert (
        2.5 < time.monotonic() - started < 30
    )  # it would hang without a bound; a busy machine is slow
    assert len(counter.pendings()) == 1

    proxy.hold_down.clear()
    counter.attend(entry)

    assert counter.pendings() == []
    ids = counter.ids()
    assert (len(ids), len(set(ids))) == (2, 1)


def test_a_connection_cut_between_claim_and_publish_leaves_a_pending(
    counter: Counter, proxy: Proxy
) -> None:
    entry = counter.entry()
    proxy.cut()

    answer, _ = counter.send(entry)
    for _ in range(2):
        counter.attend(entry)

    assert answer.outcome == "pending"
    assert counter.pendings() == []
    assert len(set(counter.ids())) == 1


def test_a_blocked_broker_gets_its_message_once(counter: Counter, proxy: Proxy) -> None:
    entry = counter.entry()
    publisher: Any = counter.way._publisher  # type: ignore[attr-defined]
    proxy.hold_up.set()  # a broker short of memory stops reading, and says so
    proxy.say(BLOCKED)

    wait_until(lambda: publisher.blocked)
    with pytest.raises(BrokerUnavailable) as caught:
        counter.send(entry)
    assert str(caught.value) == (
        "Broker takes no messages: its memory or its disk is full (connection.blocked)\n"
        "  from broker_url\n"
        "  nothing is lost: what is owed is sent when it takes them again"
    )
    assert counter.pendings() == []

    proxy.hold_up.clear()
    proxy.say(UNBLOCKED)
    wait_until(lambda: not publisher.blocked)
    assert counter.send(entry)[0].outcome == "pending"
    assert (len(counter.received()), counter.pendings()) == (1, [])
    assert proxy.connections == 1


def test_a_message_on_the_wire_when_the_broker_blocks_is_not_sent_again(
    counter: Counter, proxy: Proxy
) -> None:
    entry = counter.entry()
    publisher: Any = counter.way._publisher  # type: ignore[attr-defined]
    dispatch = publisher._dispatch

    def blocked_in_the_middle(*args: Any) -> None:
        proxy.hold_up.set()
        proxy.say(BLOCKED)
        publisher._dispatch = dispatch
        dispatch(*args)

    publisher._dispatch = blocked_in_the_middle
    started = time.monotonic()
    answer, _ = counter.send(entry)
    assert answer.outcome == "pending"
    assert time.monotonic() - started < 30  # it would hang without a bound; a busy machine is slow
    (pending,) = counter.look().pendings

    for seconds in (1, 6):
        later = replace(counter.look(), now=pending.since + seconds * 1000)
        with pytest.raises(StoreError):
            counter.attend(entry, situation=later)
    (renewed,) = counter.look().pendings
    assert (renewed.by, renewed.attempt) == ("beat-1", 2)

    proxy.hold_up.clear()
    proxy.say(UNBLOCKED)
    wait_until(lambda: not publisher.blocked)
    wait_until(lambda: nothing_pending(counter, entry))

    ids = counter.ids()
    assert len(set(ids)) == 1
    # Where the broker has closed a connection that it heard nothing of, nobody can know.
    assert len(ids) == 1 or proxy.connections > 1


def nothing_pending(counter: Counter, entry: Entry) -> bool:
    """Attend once more, and say whether all was published."""
    with contextlib.suppress(StoreError):
        counter.attend(entry)
    return counter.pendings() == []


@pytest.mark.slow
def test_a_publisher_that_was_stopped_cannot_publish_when_it_goes_on(
    counter: Counter, proxy: Proxy
) -> None:
    entry = counter.entry()
    publisher: Any = counter.way._publisher  # type: ignore[attr-defined]
    out = counter.way._lay_out(entry, 1, "scheduled")  # type: ignore[attr-defined]
    publisher._pulse.stop()  # a process that is stopped stops its threads too
    time.sleep(12)

    with pytest.raises(BrokerUnavailable):
        publisher.publish(out)

    assert counter.received() == []


def test_a_header_that_amqp_cannot_carry_is_the_entrys_own_fault(counter: Counter) -> None:
    bad, good = counter.entry("bad"), counter.entry("good")
    bad = replace(bad, options=bad.options | {"headers": {"tags": {"a"}}})
    batch = [(one, counter.claim(one)) for one in (bad, good)]

    answers = counter.way.send(counter.writer, batch).answers

    assert [answer.outcome for answer in answers] == ["failed", "pending"]
    assert "could not be sent: FrameSyntaxError: Table type <class 'set'>" in answers[0].detail
    assert len(counter.received()) == 1
