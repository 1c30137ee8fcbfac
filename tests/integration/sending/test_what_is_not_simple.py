"""What cannot simply be captured, and what runs somebody's code while it is built."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from celery import Celery, Task, signals
from celery.app.task import Task as StockTask
from celery.beat import BeatLazyFunc
from kombu import Exchange, Producer, Queue
from kombu.serialization import registry
from wrapt import FunctionWrapper

from beatkit.entry import Entry
from beatkit.errors import StoreUnavailable
from beatkit.sending import open_way
from beatkit.sending.effects import judge
from beatkit.store import Writer
from beatkit.store.choice import choose
from tests.integration.sending.desk import Desk, body

MakeDesk = Callable[..., Desk]


def entry(**more: Any) -> Entry:
    return Entry("hello", more.pop("task", "shop.hello"), schedule=None, **more)


def add(desk: Desk, base: type[Task] = Task) -> Any:
    @desk.app.task(name="shop.hello", base=base, shared=False)
    def hello(*words: str) -> None: ...

    return hello


class Audited(Task):
    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        producer = options.get("producer")
        self.app.send_task("audit.log", queue="celery", producer=producer)
        return super().apply_async(args, kwargs, **options)


@contextmanager
def receiving(signal: Any, receiver: Callable[..., None]) -> Iterator[None]:
    signal.connect(receiver, weak=False)
    try:
        yield
    finally:
        signal.disconnect(receiver)


def test_a_loser_runs_no_receiver_and_calls_no_lazy_argument(desk: MakeDesk) -> None:
    at = desk()
    add(at)
    calls: list[str] = []
    lazy = entry(args=(BeatLazyFunc(lambda: calls.append("lazy") or "now"),))
    first, second = at.claim(lazy), Writer("beat-2", at.writer.identity, "r1")

    with receiving(signals.before_task_publish, lambda **_: calls.append("signal")):
        at.store.reserve(second, [first])
        (answer,) = at.way.send(at.writer, [(lazy, first)]).answers

    assert (answer.outcome, answer.by) == ("taken", "beat-2")
    assert calls == []
    assert at.take() == []


def test_the_winner_runs_a_receiver_once_and_its_changes_are_sent(desk: MakeDesk) -> None:
    at = desk()
    add(at)
    seen: list[str] = []

    def stamp(headers: dict[str, Any], **_: Any) -> None:
        headers["stamped"] = "yes"
        seen.append(headers["id"])

    with receiving(signals.before_task_publish, stamp):
        answer, _ = at.send(entry())

    (message,) = at.take()
    assert answer.outcome == "sent"
    assert message["headers"]["stamped"] == "yes"
    assert seen == [message["headers"]["id"]]


def test_a_lazy_argument_is_called_once_a_slot_whatever_fails(desk: MakeDesk) -> None:
    at = desk()
    add(at)
    calls: list[int] = []
    lazy = entry(args=(BeatLazyFunc(lambda: calls.append(1) or len(calls)),))
    at.send(Entry("other", "elsewhere.task", schedule=None))  # declares the queue
    at.take()
    claim = at.claim(lazy)
    at.redis.set("celery", "not a list")

    failed = at.way.send(at.writer, [(lazy, claim)]).answers[0]
    at.redis.delete("celery")
    sent = at.way.send(at.writer, [(lazy, claim)]).answers[0]

    assert (failed.outcome, sent.outcome) == ("failed", "sent")
    assert failed.detail.startswith("WRONGTYPE")
    (message,) = at.take()
    assert body(message)[0] == [1]


def test_a_message_that_the_broker_refused_is_built_anew_once_its_entry_was_changed(
    desk: MakeDesk,
) -> None:
    at = desk()
    before = entry(args=("old",), options={"queue": "broken"})
    at.send(before)  # declares the queue
    at.redis.set("broken", "not a list")
    claim = at.claim(before)
    failed = at.way.send(at.writer, [(before, claim)]).answers[0]

    after = entry(args=("new",), options={"queue": "whole"})
    sent = at.way.send(at.writer, [(after, claim)]).answers[0]

    assert (failed.outcome, sent.outcome) == ("failed", "sent")
    assert [body(message)[0] for message in at.take("whole")] == [["new"]]


def test_a_backlog_of_slots_with_a_lazy_argument_is_sent_in_one_batch(desk: MakeDesk) -> None:
    at = desk()
    calls: list[int] = []
    lazy = entry(args=(BeatLazyFunc(lambda: calls.append(1) or len(calls)),))
    late = at.claim(lazy, late=5_000, act="miss")
    slots = [replace(late, after=late.slot + n, slot=late.slot + n + 1) for n in range(3)]
    other = Entry("other", "elsewhere.task", schedule=None)

    batch = [(lazy, claim) for claim in (late, *(replace(one, act="push") for one in slots))]
    answers = at.way.send(at.writer, [*batch, (other, at.claim(other))]).answers

    assert [answer.outcome for answer in answers] == ["missed", "sent", "sent", "sent", "sent"]
    assert [body(message)[0] for message in at.take()] == [[], [1], [2], [3]]


def test_slow_code_is_not_begun_when_another_beat_is_about_to_run_it(desk: MakeDesk) -> None:
    at = desk()
    spent = [0]
    calls: list[str] = []

    def slow(name: str) -> BeatLazyFunc:
        def take_half_a_second() -> str:
            spent[0] += 500
            calls.append(name)
            return name

        return BeatLazyFunc(take_half_a_second)

    def now() -> int:
        return at.store.read([]).now + spent[0]

    way = open_way(at.app, choose(at.app), at.store, now=now)
    entries = [Entry(name, "elsewhere.task", None, args=(slow(name),)) for name in "abc"]
    batch = [(one, at.claim(one)) for one in entries]

    first = way.send(at.writer, batch).answers
    assert [answer.outcome for answer in first] == ["sent", "taken", "taken"]
    spent[0] = 0
    second = way.send(at.writer, batch).answers
    way.close()

    assert [answer.outcome for answer in second] == ["decided", "sent", "taken"]
    assert calls == ["a", "b"]


def test_a_backlog_of_slow_slots_does_not_keep_the_beat_from_announcing_itself(
    desk: MakeDesk,
) -> None:
    at = desk()
    store: Any = at.store

    def slow() -> str:
        store.offset += 300
        return "now"

    way = open_way(at.app, choose(at.app), store, now=lambda: store.read([]).now)
    lazy = Entry("slow", "elsewhere.task", None, args=(BeatLazyFunc(slow),))
    first = at.claim(lazy, late=5_000)
    chain = [replace(first, after=first.slot + n - 1, slot=first.slot + n) for n in range(1, 20)]

    answers = way.send(at.writer, [(lazy, claim) for claim in (first, *chain)]).answers
    way.close()

    outcomes = [answer.outcome for answer in answers]
    sent = outcomes.count("sent")
    assert outcomes == ["sent"] * sent + ["taken"] * (20 - sent)
    assert sent <= 4  # at 300 ms each, and fewer where the machine is slow
    assert len(at.take()) == sent


def test_a_message_built_too_early_is_kept(desk: MakeDesk) -> None:
    at = desk()
    add(at)
    calls: list[int] = []
    lazy = entry(args=(BeatLazyFunc(lambda: calls.append(1) or len(calls)),))
    claim = at.claim(lazy)
    soon = replace(claim, not_before=claim.slot + 3_600_000)

    early = at.way.send(at.writer, [(lazy, soon)]).answers[0]
    sent = at.way.send(at.writer, [(lazy, claim)]).answers[0]

    assert (early.outcome, sent.outcome) == ("early", "sent")
    assert len(calls) == 1


def test_code_that_took_so_long_that_the_beat_was_away_is_not_run_again(desk: MakeDesk) -> None:
    """What it built under a reservation that another took over is sent, as what it was then."""
    at = desk()
    calls: list[int] = []
    claim = at.claim(entry())
    other = Writer("beat-2", at.writer.identity, "r1")
    store: Any = at.store
    way = open_way(at.app, choose(at.app), store, now=lambda: store.read([]).now)

    def slow() -> str:
        calls.append(1)
        store.offset += 3_000
        store.reserve(other, [claim])
        return "now"

    lazy = entry(args=(BeatLazyFunc(slow),))
    taken = way.send(at.writer, [(lazy, claim)]).answers[0]
    store.offset += 3_000
    sent = way.send(at.writer, [(lazy, replace(claim, kind="catch_up"))]).answers[0]
    way.close()

    assert (taken.outcome, sent.outcome, len(calls)) == ("taken", "sent", 1)
    (message,) = at.take()
    assert message["headers"]["beatkit-kind"] == "scheduled"


@pytest.mark.parametrize("signal", ["before_task_publish", "after_task_publish", "task_sent"])
def test_each_publish_signal_counts_as_a_side_effect(desk: MakeDesk, signal: str) -> None:
    at = desk()
    add(at)
    assert judge(at.app)(entry()) == ""
    with receiving(getattr(signals, signal), lambda **_: None):
        found = judge(at.app)(entry())
    assert found == f"a receiver is connected to the signal {signal}"


def test_overridden_and_patched_code_counts_as_a_side_effect(
    desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Own(Task):
        def apply_async(self, *args: Any, **kwargs: Any) -> Any:
            return super().apply_async(*args, **kwargs)

    at, other = desk(), desk()
    add(at, base=Own)
    add(other)
    overridden = "apply_async of 'shop.hello' is overridden"
    assert judge(at.app)(entry()) == overridden
    assert judge(other.app)(entry()) == ""
    lazy = entry(kwargs={"at": BeatLazyFunc(int)})
    assert judge(other.app)(lazy) == "an argument is a BeatLazyFunc"
    patched = "how the scheduler sends an entry is overridden or patched"
    assert judge(other.app, patched=True)(entry()) == patched

    original = StockTask.apply_async
    monkeypatch.setattr(StockTask, "apply_async", lambda *a, **k: original(*a, **k))
    assert judge(other.app)(entry()) == overridden


@pytest.mark.parametrize(
    ("owner", "name"),
    [(StockTask, "apply_async"), (Celery, "send_task"), (Producer, "publish")],
    ids=["apply_async", "send_task", "publish"],
)
def test_code_that_a_tracer_wraps_with_wrapt_counts_as_a_side_effect(
    desk: MakeDesk, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    """Its wrappers answer for what they wrap wherever they are asked, but for their type."""
    at = desk()
    add(at)
    at.app.finalize()

    def traced(wrapped: Any, _: object, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    monkeypatch.setattr(owner, name, FunctionWrapper(getattr(owner, name), traced))

    assert judge(at.app)(entry()) == "apply_async of 'shop.hello' is overridden"


def test_other_messages_that_the_tasks_code_sends_come_after_ours(desk: MakeDesk) -> None:
    at = desk()
    add(at, base=Audited)

    answer, _ = at.send(entry())

    assert answer.outcome == "sent"
    assert [one["headers"]["task"] for one in at.take()] == ["shop.hello", "audit.log"]


def test_a_task_that_chooses_not_to_be_sent_is_decided_all_the_same(desk: MakeDesk) -> None:
    class Never(Task):
        def apply_async(self, *args: Any, **kwargs: Any) -> None:
            return None

    at = desk()
    add(at, base=Never)

    answer, slot = at.send(entry())

    assert (answer.outcome, answer.progress) == ("missed", slot)
    assert at.take() == []


def test_no_message_from_celerys_own_code_is_an_error(desk: MakeDesk) -> None:
    at = desk()
    unbound = {"exchange": Exchange("nowhere", type="topic"), "routing_key": "x"}

    answer, _ = at.send(entry(options=unbound))

    assert answer.outcome == "failed"
    assert answer.detail == (
        "Entry 'hello': task 'shop.hello' put no message on a queue, expected one\n"
        "  from its routing: the exchange it is routed to has no queue bound to it\n"
        "  write task_queues with that queue, or start the worker that consumes it first"
    )


def test_no_queue_for_ours_is_an_error_whatever_the_tasks_code_sends_besides(
    desk: MakeDesk,
) -> None:
    """Nor need it send more: Sentry puts an apply_async of its own into every project."""

    at = desk()
    add(at, base=Audited)
    unbound = {"exchange": Exchange("nowhere", type="topic"), "routing_key": "x"}

    answer, _ = at.send(entry(options=unbound))

    assert answer.outcome == "failed"
    assert answer.detail.startswith(
        "Entry 'hello': task 'shop.hello' put no message on a queue, expected one\n"
    )
    assert at.take() == []


def test_eager_mode_is_an_error(desk: MakeDesk) -> None:
    at = desk(task_always_eager=True)
    add(at)

    answer, _ = at.send(entry())

    assert (answer.outcome, at.take()) == ("failed", [])
    assert answer.detail == (
        "Entry 'hello': task_always_eager is True, expected False where beat runs\n"
        "  from the app's settings\n"
        "  write task_always_eager = False: beat would run tasks itself instead of sending them"
    )


def test_an_entry_that_cannot_be_built_fails_alone(desk: MakeDesk) -> None:
    at = desk()
    good = Entry("good", "elsewhere.task", schedule=None)
    bad = entry(args=(object(),))
    batch = [(bad, at.claim(bad)), (good, at.claim(good))]

    answers = at.way.send(at.writer, batch).answers

    assert [answer.outcome for answer in answers] == ["failed", "sent"]
    assert answers[0].detail == (
        "Entry 'hello': task 'shop.hello' could not be sent: "
        "EncodeError: Object of type object is not JSON serializable\n"
        "  the slot is still owed, and is tried again"
    )
    assert len(at.take()) == 1


def unreadable() -> None:
    raise FileNotFoundError(2, "No such file or directory", "rates.csv")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (
            entry(args=(BeatLazyFunc(unreadable),)),
            "FileNotFoundError: [Errno 2] No such file or directory: 'rates.csv'",
        ),
        (
            entry(options={"countdown": "soon"}),
            "ValueError: could not convert string to float: 'soon'",
        ),
        (
            entry(options={"headers": ["x"]}),
            "TypeError: unsupported operand type(s) for |: 'list' and 'dict'",
        ),
    ],
    ids=["an argument that is no file", "a countdown", "headers"],
)
def test_whatever_an_entry_raises_is_its_own_and_no_outage_of_the_broker(
    desk: MakeDesk, bad: Entry, why: str
) -> None:
    at = desk()
    good = Entry("good", "elsewhere.task", schedule=None)

    answers = at.way.send(at.writer, [(bad, at.claim(bad)), (good, at.claim(good))]).answers

    assert [answer.outcome for answer in answers] == ["failed", "sent"]
    assert answers[0].detail == (
        f"Entry 'hello': task 'shop.hello' could not be sent: {why}\n"
        "  the slot is still owed, and is tried again"
    )


@pytest.mark.parametrize("error", [FileNotFoundError(2, "none", "key"), ConnectionError("none")])
def test_a_serializer_that_cannot_reach_its_key_fails_its_entry_alone(
    desk: MakeDesk, error: OSError
) -> None:
    def signed(_: object) -> str:
        raise error

    at = desk()
    good = Entry("good", "elsewhere.task", schedule=None)
    bad = entry(options={"serializer": "signed"})
    registry.register("signed", signed, json.loads, "application/x-signed", "utf-8")
    try:
        answers = at.way.send(at.writer, [(bad, at.claim(bad)), (good, at.claim(good))]).answers
    finally:
        registry.unregister("signed")

    assert [answer.outcome for answer in answers] == ["failed", "sent"]
    assert str(error) in answers[0].detail


@pytest.mark.parametrize("options", [{"retry_on_timeout": True}, {"max_retries": 50}])
def test_transport_options_that_make_kombu_publish_at_once_do_not(
    desk: MakeDesk, options: dict[str, Any]
) -> None:
    at = desk(broker_transport_options=options)
    sample = entry()
    claim = replace(at.claim(sample), not_before=2**50)

    (answer,) = at.way.send(at.writer, [(sample, claim)]).answers

    assert answer.outcome == "early"
    assert at.take() == []


def test_a_dead_broker_is_an_outage_and_bounded(desk: MakeDesk) -> None:
    at = desk()
    sample = entry()
    claim = at.claim(sample)
    at.app.conf.broker_url = "redis://127.0.0.1:1/0"
    way = open_way(at.app, choose(at.app), at.store, now=lambda: 0, timeout=0.2)

    with pytest.raises(StoreUnavailable) as caught:
        way.send(at.writer, [(sample, claim)])

    assert str(caught.value).splitlines()[1:] == [
        "  from broker_url",
        "  nothing is lost: what is owed is sent when it is back",
    ]
    assert str(caught.value).startswith(
        "Broker did not answer while entry 'hello' was prepared: Error 111 connecting"
    )


def test_declarations_are_made_on_the_real_server(desk: MakeDesk) -> None:
    at = desk(task_queues=[Queue("video", Exchange("media"), routing_key="video")])
    at.send(entry(options={"queue": "video"}))
    assert at.redis.exists("_kombu.binding.media")


def test_they_are_made_again_on_a_server_that_was_wiped(desk: MakeDesk) -> None:
    videos = Queue("video", Exchange("media", type="topic"), routing_key="video.new")
    at = desk(task_queues=[videos])
    sample = entry(options={"queue": "video"})
    before, _ = at.send(sample)
    at.redis.flushall()

    seen_by_another_first = Desk(at.app, at.store, at.way, at.server)
    after, _ = seen_by_another_first.send(sample)
    seen_by_another_first.redis.close()

    assert (before.outcome, after.outcome) == ("sent", "sent")
    assert len(at.take("video")) == 1
