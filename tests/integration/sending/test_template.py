"""A message that was stamped is the one that Celery would have built, to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from celery import Celery, signals
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kombu import Exchange, Queue

from beatkit.entry import Entry, Policy
from beatkit.sending.build import Builder
from beatkit.store import Command
from tests.servers import ValkeyServer

HOUR = 3_600_000


class Press:
    """A builder with a clock to move, and a count of what went through Celery."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.now = 1_800_000_000_000
        self.through_celery = 0
        self.builder = Builder(app, "beatkit:shop:", lambda: self.now)
        render = self.builder._render

        def counted(*args: Any) -> Any:
            self.through_celery += 1
            return render(*args)

        self.builder._render = counted  # type: ignore[method-assign]

    def build(self, entry: Entry, *, watched: bool = False) -> tuple[Command, ...]:
        self.now += 60_000
        return self.builder.build(entry, self.now - 5, "scheduled", watched=watched)

    def same_twice(self, entry: Entry, kind: Any = "catch_up") -> bool:
        """Teach, then compare a stamped message with a rendered one; False: not stamped."""
        for _ in range(2):
            self.build(entry)
        before = self.through_celery
        stamped = self.builder.build(entry, self.now - HOUR, kind, watched=False)
        if self.through_celery > before:
            return False
        rendered = self.builder.build(entry, self.now - HOUR, kind, watched=True)
        assert without_tag(stamped) == without_tag(rendered)
        return True


def without_tag(commands: tuple[Command, ...]) -> tuple[Any, ...]:
    (verb, key, text), *others = commands
    begin = str(text).index('"delivery_tag": "') + len('"delivery_tag": "')
    return verb, key, str(text)[:begin] + str(text)[begin + 36 :], *others


@pytest.fixture
def press(valkey: ValkeyServer) -> Iterator[Callable[..., Press]]:
    made: list[Press] = []

    def make(**conf: Any) -> Press:
        app = Celery("shop", broker=valkey.url(), set_as_current=False)
        app.conf.update(conf)
        made.append(Press(app))
        return made[-1]

    yield make
    for one in made:
        one.builder.close()


def hello(**more: Any) -> Entry:
    return Entry("hello", "shop.hello", schedule=None, **more)


@pytest.mark.parametrize(
    "entry",
    [
        hello(),
        hello(args=("scheduled", "1800000000000"), kwargs={"beatkit-slot": 1}),
        hello(options={"expires": 60}),
        hello(options={"expires": timedelta(minutes=5), "countdown": 30}),
        hello(policy=Policy(deadline=600.0, overlap="skip")),
        hello(options={"priority": 6, "headers": {"expires": "never", "eta": '"'}}),
        hello(options={"serializer": "pickle", "compression": "gzip"}),
        hello(options={"task_id": "always the same", "shadow": "another"}),
        hello(options={"queue": "brief"}),
    ],
)
def test_each_kind_of_entry(press: Callable[..., Press], entry: Entry) -> None:
    at = press(task_queues=[Queue("celery"), Queue("brief", expires=60.0)])
    assert at.same_twice(entry)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    args=st.lists(plain, max_size=3),
    kwargs=st.dictionaries(st.text(), plain, max_size=3),
    headers=st.dictionaries(st.text(min_size=1), st.text(), max_size=3),
    expires=st.none() | st.integers(1, 100_000),
)
def test_any_arguments_and_headers(
    press: Callable[..., Press], args: Any, kwargs: Any, headers: Any, expires: Any
) -> None:
    at = press()
    options = {"headers": headers} | ({"expires": expires} if expires else {})
    assert at.same_twice(hello(args=tuple(args), kwargs=kwargs, options=options))


def test_the_first_two_messages_go_through_celery_and_no_more(
    press: Callable[..., Press],
) -> None:
    at = press()
    entry = hello()
    for _ in range(10):
        at.build(entry)
    assert at.through_celery == 2


def test_a_candidate_is_not_proven_by_a_message_of_the_same_moment(
    press: Callable[..., Press],
) -> None:
    at = press()
    entry = hello()
    for slot in range(5):
        at.builder.build(entry, slot, "scheduled", watched=False)
    assert at.through_celery == 5


def test_as_soon_as_somebody_watches_messages_go_through_celery(
    press: Callable[..., Press],
) -> None:
    at = press()
    entry = hello()
    assert at.same_twice(entry)
    seen: list[str] = []

    def receiver(headers: dict[str, Any], **_: Any) -> None:
        seen.append(headers["beatkit-entry"])

    signals.before_task_publish.connect(receiver, weak=False)
    try:
        at.build(entry, watched=True)
    finally:
        signals.before_task_publish.disconnect(receiver)
    assert seen == ["hello"]


def test_an_entry_declared_anew_is_learnt_anew(press: Callable[..., Press]) -> None:
    at = press()
    assert at.same_twice(hello(args=("old",)))
    changed = hello(args=("new",))
    first = at.builder.build(changed, at.now, "scheduled", watched=False)
    assert without_tag(first) == without_tag(
        at.builder.build(changed, at.now, "scheduled", watched=True)
    )


def no_router(*_: Any, **__: Any) -> dict[str, str]:
    return {"queue": "celery"}


@pytest.mark.parametrize(
    "conf, entry",
    [
        ({"task_routes": (no_router,)}, hello()),
        ({"task_protocol": 1}, hello()),
        ({"task_send_sent_event": True}, hello()),
        ({}, hello(options={"expires": "2030-01-01T00:00:00"})),
        (
            {"task_queues": [Queue("celery"), Queue("v", Exchange("media"), routing_key="v")]},
            hello(options={"exchange": "media", "routing_key": "v", "queue": "v"}),
        ),
    ],
)
def test_what_could_differ_from_send_to_send_is_not_stamped(
    press: Callable[..., Press], conf: dict[str, Any], entry: Entry
) -> None:
    assert not press(**conf).same_twice(entry)


def test_a_serialiser_with_a_clock_in_it_is_found_out(press: Callable[..., Press]) -> None:
    at = press()

    class Counting:
        count = 0

        def __json__(self) -> int:
            Counting.count += 1
            return Counting.count

    assert not at.same_twice(hello(args=(Counting(),)))


def test_no_two_messages_have_one_delivery_tag(press: Callable[..., Press]) -> None:
    others = [press(), press()]
    entry = hello()
    tags = []
    for at in others:
        assert at.same_twice(entry)
        for _ in range(100):
            (command,) = at.build(entry)
            tags.append(json.loads(str(command[2]))["properties"]["delivery_tag"])
    assert len(set(tags)) == 200
    assert {str(UUID(tag)) for tag in tags} == set(tags)


def test_entries_of_one_task_share_the_text_they_have_in_common(
    press: Callable[..., Press],
) -> None:
    at = press()
    one, two = (Entry(name, "shop.hello", schedule=None) for name in ("one", "two"))
    assert at.same_twice(one)
    assert at.same_twice(two)
    first, second = (at.builder._templates.proven(entry) for entry in (one, two))
    assert first is not None and second is not None
    shared = {id(piece) for piece in first.pieces} & {id(piece) for piece in second.pieces}
    own = sum(len(piece) for piece in second.pieces[::2] if id(piece) not in shared)
    assert own < 0.6 * sum(len(piece) for piece in second.pieces[::2])
