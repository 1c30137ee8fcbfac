"""Whether Celery's tracer runs a task's body, and what the store knows of it afterwards."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from re import sub
from typing import Any

import pytest
from celery import Task
from celery.exceptions import Ignore, Reject
from kombu import Message
from kombu.utils.imports import symbol_by_name

from beatkit import Slot
from beatkit.errors import StoreUnavailable
from beatkit.store import Beat
from beatkit.store.runs import Ending, Run, Verdict
from beatkit.worker.asked import PUT_BACK
from tests.unit.worker.conftest import SLOT, Worker, headers

NOW = time.time_ns() // 1_000_000


class Counted:
    """The store's runs, counting round trips, and away at will."""

    def __init__(self, worker: Worker) -> None:
        self.runs = worker.store.runs()
        self.calls: list[str] = []
        self.away = False
        worker.app.beatkit_guard._store = self

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.away:
            raise StoreUnavailable("Store 'redis://shop:6379/0' did not answer within 2 s")

    def start(self, run: Run) -> Verdict:
        self._call("start")
        return self.runs.start(run)

    def refresh(self, runs: Any) -> None:
        self._call("refresh")
        self.runs.refresh(runs)

    def finish(self, run: Run, ending: Ending, **more: Any) -> None:
        self._call("finish")
        self.runs.finish(run, ending, **more)


@pytest.fixture
def ran(worker: Worker) -> list[str]:
    """Every word that the task `say` was called with."""
    said: list[str] = []

    @worker.task(name="say")
    def say(word: str = "hi") -> None:
        said.append(word)
        if isinstance(outcome := raising.get(word), BaseException):
            raise outcome

    raising.clear()
    worker.start()
    return said


raising: dict[str, BaseException] = {}


def test_a_run_starts_and_its_end_is_known(worker: Worker, ran: list[str]) -> None:
    assert worker.run("say", headers()) == "SUCCESS"
    assert ran == ["hi"]
    assert [(mark.key, mark.state) for mark in worker.marks()] == [
        (f"{SLOT} id-{SLOT}", "finished")
    ]


def test_a_copy_is_not_started_and_leaves_no_result(
    worker: Worker, ran: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="beatkit.worker")
    worker.run("say", headers())
    assert worker.run("say", headers()) == "IGNORED"
    assert ran == ["hi"]
    assert worker.reasons() == [("hello", SLOT, "duplicate")]
    assert [record.getMessage() for record in caplog.records] == [
        "Run of entry 'hello' for 2023-11-14T22:13:20+00:00 not started:"
        " it is a copy of a message that was started before"
    ]


@pytest.mark.parametrize(
    ("policy", "reason", "why"),
    [
        ({"deadline": 60}, "deadline", "it is past its deadline"),
        ({"coalesce": True}, "coalesced", "a later start of the entry has covered it"),
        ({"overlap": "skip"}, "overlap", "another run of the entry has not ended"),
    ],  # "kept" has a test of its own: it is no skip
)
def test_the_log_says_why_a_run_was_not_started(
    worker: Worker,
    ran: list[str],
    caplog: pytest.LogCaptureFixture,
    policy: dict[str, Any],
    reason: str,
    why: str,
) -> None:
    other = Run("hello", SLOT + 1, "other", "token", coalesce=True)
    worker.store.runs().start(other)
    caplog.set_level(logging.INFO, logger="beatkit.worker")
    assert worker.run("say", headers(**policy)) == "IGNORED"
    assert ran == []
    assert worker.reasons() == [("hello", SLOT, reason)]
    assert [record.getMessage() for record in caplog.records] == [
        f"Run of entry 'hello' for 2023-11-14T22:13:20+00:00 not started: {why}"
    ]


def test_a_run_is_kept_while_another_lives_and_becomes_a_pending_when_that_ends(
    worker: Worker, ran: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    other = Run("hello", SLOT - 1, "other", "token")
    worker.store.runs().start(other)
    caplog.set_level(logging.INFO, logger="beatkit.worker")
    counted = Counted(worker)
    by_hand = {**headers(overlap="buffer_one", kind="manual"), "id": "by hand"}
    assert worker.run("say", by_hand) == "IGNORED"
    assert (ran, counted.calls, worker.reasons()) == ([], ["start"], [])
    assert [record.getMessage() for record in caplog.records] == [
        "Run of entry 'hello' for 2023-11-14T22:13:20+00:00 not started: another run of the entry"
        " has not ended; it is kept, and sent when that ends"
    ]
    worker.store.runs().finish(other, "finished")
    (pending,) = worker.store.announce(Beat("b", "", 0, ""), expires=0).pendings
    assert (pending.entry, pending.slot, pending.kind, pending.id, pending.by) == (
        "hello", SLOT, "manual", "by hand", "",
    )  # fmt: skip


def test_two_round_trips_a_run_and_one_for_a_run_that_is_not_started(
    worker: Worker, ran: list[str]
) -> None:
    counted = Counted(worker)
    worker.run("say", headers())
    assert counted.calls == ["start", "finish"]
    worker.run("say", headers())
    assert counted.calls == ["start", "finish", "start"]


@pytest.mark.parametrize(
    "request_",
    [
        {"id": "by hand"},
        {
            "id": "plain",
            "beatkit-entry": "plain",
            "beatkit-slot": SLOT,
            "beatkit-kind": "scheduled",
        },
    ],
)
def test_what_carries_no_policy_costs_no_round_trip(
    worker: Worker, ran: list[str], request_: dict[str, Any]
) -> None:
    counted = Counted(worker)
    assert worker.run("say", request_) == "SUCCESS"
    assert worker.run("say", request_) == "SUCCESS"
    assert ran == ["hi", "hi"]
    assert counted.calls == []


def test_a_task_called_directly_or_applied_here_costs_no_round_trip(
    worker: Worker, ran: list[str]
) -> None:
    counted = Counted(worker)
    worker.app.tasks["say"]()
    worker.app.tasks["say"].apply(headers=headers())
    assert ran == ["hi", "hi"]
    assert counted.calls == []


def test_a_retry_runs_and_then_the_message_is_finished(worker: Worker) -> None:
    tried = []

    @worker.task(name="fragile", bind=True)
    def fragile(self: Task[Any, Any]) -> None:
        tried.append(self.request.retries)
        if not self.request.retries:
            raise self.retry(countdown=0)

    worker.start()
    assert worker.run("fragile", headers()) == "RETRY"
    (retry,) = worker.queued()
    assert {name: retry.headers[name] for name in headers()} == headers()
    assert worker.run("fragile", headers()) == "IGNORED"  # a copy, while the retry waits
    assert worker.run("fragile", retry.headers) == "SUCCESS"
    assert tried == [0, 1]
    assert worker.run("fragile", headers()) == "IGNORED"


def test_what_a_task_puts_in_its_own_place_runs(worker: Worker, ran: list[str]) -> None:
    @worker.task(name="delegate", bind=True)
    def delegate(self: Task[Any, Any]) -> None:
        self.replace(self.app.tasks["say"].si("instead"))

    worker.start()
    assert worker.run("delegate", headers()) == "IGNORED"
    (message,) = worker.queued()
    assert worker.run("say", message.headers, "instead") == "SUCCESS"
    assert ran == ["instead"]


@pytest.mark.parametrize(
    ("raised", "state"),
    [
        (ValueError("broken"), "finished"),
        (Ignore("enough"), "finished"),
        (SystemExit(1), "torn"),
        (Reject("later", requeue=True), "torn"),
    ],
)
def test_how_a_run_ended_is_known(
    worker: Worker, ran: list[str], raised: BaseException, state: str
) -> None:
    raising["hi"] = raised
    with suppress(SystemExit, Reject):
        worker.run("say", headers())
    assert [mark.state for mark in worker.marks()] == [state]


def test_a_redelivered_message_whose_first_delivery_runs_is_put_back(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="beatkit.worker")
    tried: list[str] = []

    @worker.task(name="slow")
    def slow(word: str) -> None:
        tried.append(word)

    worker.start()
    started = Run("hello", SLOT, f"id-{SLOT}", "elsewhere")
    worker.store.runs().start(started)
    again = {**headers(), "delivery_info": {"redelivered": True}}
    assert worker.run("slow", again, "hi") == "IGNORED"
    (message,) = worker.queued()
    assert message.headers["id"] == f"id-{SLOT}"
    assert message.headers["retries"] == 0
    assert message.headers[PUT_BACK] is True
    assert message.headers["eta"] is not None
    assert (tried, worker.reasons()) == ([], [])
    assert sub(r"\d\d\.\d s", "30.0 s", caplog.records[0].getMessage()) == (
        "Run of entry 'hello' for 2023-11-14T22:13:20+00:00 not started: it was delivered again"
        " and seems to run elsewhere; asked again in 30.0 s"
    )

    worker.store.runs().finish(started, "torn")  # what its worker's death comes to
    assert worker.run("slow", message.headers, "hi") == "SUCCESS"
    assert tried == ["hi"]


def test_what_is_put_back_goes_past_a_lock_that_the_task_holds_on_itself(worker: Worker) -> None:
    class Locked(Task):  # type: ignore[type-arg]
        def apply_async(self, *args: Any, **kwargs: Any) -> Any:
            raise AssertionError("it is under way already")

    @worker.task(name="single", base=Locked)
    def single(word: str) -> None: ...

    worker.start()
    worker.store.runs().start(Run("hello", SLOT, f"id-{SLOT}", "elsewhere"))
    again = {**headers(), "delivery_info": {"redelivered": True}, "root_id": "r", "parent_id": "p"}
    assert worker.run("single", again, "hi") == "IGNORED"
    (message,) = worker.queued()
    assert (message.payload[0], message.headers["id"]) == (["hi"], f"id-{SLOT}")
    assert (message.headers["root_id"], message.headers["parent_id"]) == ("r", "p")


def test_a_redelivered_message_that_has_finished_is_not_run_again(
    worker: Worker, ran: list[str]
) -> None:
    worker.run("say", headers())
    again = {**headers(), "delivery_info": {"redelivered": True}}
    assert worker.run("say", again) == "IGNORED"
    assert (ran, worker.queued()) == (["hi"], [])


def test_manual_and_backfill_runs_are_never_late_nor_covered(
    worker: Worker, ran: list[str]
) -> None:
    worker.run("say", headers(coalesce=True))
    for at, kind in enumerate(("manual", "backfill")):
        asked_for = headers(SLOT - 60_000 * at, coalesce=True, deadline=1, kind=kind)
        assert worker.run("say", {**asked_for, "id": kind}) == "SUCCESS"
    # ... and cover nothing.
    assert worker.run("say", headers(SLOT + 1, coalesce=True)) == "SUCCESS"
    assert len(ran) == 4


def test_a_covering_run_is_given_the_newest_slot(worker: Worker) -> None:
    given: list[Slot | None] = []

    @worker.registry.periodic(seconds=15, name="hello")
    def look(*, slot: Slot | None = None) -> None:
        given.append(slot)

    worker.start()
    with worker.store._tables.transaction() as kept:
        from beatkit.store import Progress

        kept.progress["hello"] = Progress(SLOT + 45_000, "f1", "beat-1")
    name = next(name for name in worker.app.tasks if name.endswith("look"))
    states = [
        worker.run(name, headers(SLOT + late, coalesce=True))
        for late in (0, 15_000, 30_000, 45_000)
    ]
    assert states == ["SUCCESS", "IGNORED", "IGNORED", "IGNORED"]
    assert given == [Slot("hello", datetime(2023, 11, 14, 22, 14, 5, tzinfo=UTC))]


def test_while_the_store_is_away_runs_start_with_one_warning(
    worker: Worker, ran: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    counted = Counted(worker)
    counted.away = True
    caplog.set_level(logging.INFO, logger="beatkit.worker")
    for slot in range(SLOT, SLOT + 3):
        assert worker.run("say", headers(slot)) == "SUCCESS"
    assert ran == ["hi"] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "Runs start unguarded for now: the store cannot be asked."
        " Store 'redis://shop:6379/0' did not answer within 2 s"
    ]


def test_what_ran_while_the_store_was_away_does_not_run_again(
    worker: Worker, ran: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    counted = Counted(worker)
    counted.away = True
    worker.run("say", headers())
    counted.away = False
    caplog.set_level(logging.INFO, logger="beatkit.worker")
    assert worker.run("say", headers()) == "IGNORED"
    assert ran == ["hi"]
    assert caplog.records[1].getMessage().startswith("Runs are guarded again, after 0.")


def test_while_the_store_is_away_the_hosts_clock_judges_deadlines(
    worker: Worker, ran: list[str]
) -> None:
    Counted(worker).away = True
    late, early = headers(SLOT, deadline=60), headers(NOW, deadline=600)
    assert [worker.run("say", each) for each in (late, early)] == ["IGNORED", "SUCCESS"]
    assert worker.run("say", {**late, "retries": 1}) == "SUCCESS"


def test_what_has_a_deadline_is_left_to_the_guard_and_other_expiries_to_celery(
    worker: Worker, ran: list[str]
) -> None:
    def expires(given: dict[str, Any]) -> bool:
        request_class = symbol_by_name(worker.app.tasks["say"].Request)
        said = {"id": "1", "task": "say", "expires": "2023-11-14T22:14:20+00:00", **given}
        message = Message(body="[[], {}, {}]", content_type="application/json", headers=said)
        message.accept = {"application/json"}
        made = request_class(message, app=worker.app, task=worker.app.tasks["say"])
        return bool(made.maybe_expire())

    assert not expires(headers(deadline=60))
    assert expires(headers())
    assert expires({})


def test_an_end_that_could_not_be_told_is_told_later(worker: Worker, ran: list[str]) -> None:
    counted = Counted(worker)
    counted.away = True
    worker.run("say", headers())
    assert worker.marks() == ()
    counted.away = False
    worker.app.beatkit_guard._alive.refresh()
    assert [mark.state for mark in worker.marks()] == ["finished"]


def test_during_an_outage_a_run_waits_for_the_store_before_its_body_and_not_after(
    worker: Worker,
) -> None:
    calls: list[str] = []

    @worker.task(name="slow")
    def slow() -> None:
        calls.extend(counted.calls)
        counted.calls.clear()

    worker.start()
    counted = Counted(worker)
    counted.away = True
    worker.app.beatkit_guard._alive.owe = lambda *owed: calls.append("owed")
    worker.run("slow", headers())
    assert (calls, counted.calls) == (["start", "owed"], [])


def test_a_run_is_refreshed_while_it_lasts_and_not_after(worker: Worker) -> None:
    counted: list[Counted] = []

    @worker.task(name="slow")
    def slow() -> None:
        worker.app.beatkit_guard._alive.refresh()

    worker.start()
    counted.append(Counted(worker))
    worker.run("slow", headers())
    worker.app.beatkit_guard._alive.refresh()
    assert counted[0].calls == ["start", "refresh", "finish"]


def test_without_a_place_for_a_store_runs_start_with_one_warning(
    ran: list[str], worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    worker.app.conf.broker_url = worker.app.conf.broker_write_url = "amqp://nowhere"
    assert worker.run("say", headers()) == "SUCCESS"
    assert worker.run("say", headers(SLOT + 1)) == "SUCCESS"
    assert [record.getMessage() for record in caplog.records] == [
        "Runs start unguarded for now: the store cannot be asked. beats have no store: the broker"
        " is 'amqp://', expected a Redis or Valkey server, which can also keep what has been sent\n"
        "  from broker_url, with no beatkit_store_url and no Redis in result_backend\n"
        "  write beatkit_store_url = 'redis://HOST:6379/0', or 'sqlite:///beatkit.db' where all"
        " beats run on one host"
    ]
