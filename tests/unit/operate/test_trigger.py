"""Schedule.trigger: the message that beat would send, with an id and a kind of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery

from beatkit.errors import BeatkitError, DeclarationError, EntryNotFound, StoreUnavailable
from beatkit.operate import Schedule
from beatkit.record import Deed
from beatkit.sending.build import NotBuilt
from beatkit.sending.message import outgoing
from beatkit.sending.publish import Publisher
from beatkit.trigger import NotTriggered
from tests.unit.operate.shop import shop


def waiting(app: Celery, queue: str = "celery") -> list[Any]:
    """Take all messages off a queue."""
    found = []
    with app.connection_for_read() as connection, connection.SimpleQueue(queue) as messages:
        while True:
            try:
                found.append(messages.get(timeout=0.01))
            except messages.Empty:
                return found
            found[-1].ack()


def said(message: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """What a message says, without what differs from any message to the next."""
    own = ("id", "root_id", "origin", "beatkit-kind", "replaced_task_nesting")
    headers = {name: value for name, value in message.headers.items() if name not in own}
    differing = ("correlation_id", "delivery_tag", "reply_to", "expiration")
    properties = {n: v for n, v in message.properties.items() if n not in differing}
    return message.payload, headers, properties


@pytest.fixture
def made() -> tuple[Schedule, Celery]:
    schedule, app = shop()
    waiting(app), waiting(app, "mail")  # queues in memory are shared by all tests
    return schedule, app


def test_it_is_the_message_that_beat_would_send(made: tuple[Schedule, Celery]) -> None:
    schedule, app = made
    run = schedule.trigger("shop.hello", by="ann@desk")
    slot = round(run.scheduled_for.timestamp() * 1000)
    beats = Publisher(app)
    beats.ready()
    task = app.tasks["shop.hello"]
    beats.publish(outgoing("any:", schedule.entry("shop.hello"), slot, "scheduled", task))
    beats.close()
    by_hand, by_beat = waiting(app)
    assert said(by_hand) == said(by_beat)
    assert by_hand.headers["id"] == run.task_id != by_beat.headers["id"]
    assert by_hand.headers["beatkit-kind"] == "manual"
    assert datetime.fromisoformat(by_hand.headers["expires"]) == (
        run.scheduled_for + timedelta(seconds=30)
    )


def test_each_call_sends_a_run_of_its_own_at_the_present(made: tuple[Schedule, Celery]) -> None:
    schedule, app = made
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    runs = [schedule.trigger("shop.mail") for _ in range(2)]
    assert [message.headers["id"] for message in waiting(app, "mail")] == [
        run.task_id for run in runs
    ]
    assert len({run.task_id for run in runs}) == 2
    assert before <= runs[0].scheduled_for <= runs[1].scheduled_for <= datetime.now(UTC)


def test_it_runs_what_is_paused_and_what_is_off(made: tuple[Schedule, Celery]) -> None:
    schedule, app = made
    schedule.pause(everything=True, reason="maintenance")
    names = [schedule.trigger(name).entry for name in ("shop.hello", "stock.sync")]
    assert [message.headers["beatkit-entry"] for message in waiting(app)] == names


def test_an_entry_with_an_id_of_its_own_gets_another_one() -> None:
    app = Celery("fixed", broker="memory://", set_as_current=False)
    options = {"task_id": "always-this", "queue": "fixed"}
    row = {"task": "celery.backend_cleanup", "schedule": 60.0, "options": options}
    app.conf.beat_schedule = {"fixed": row}
    run = Schedule(app).trigger("fixed")
    assert [message.headers["id"] for message in waiting(app, "fixed")] == [run.task_id]
    assert run.task_id != "always-this"


def test_it_is_on_record(made: tuple[Schedule, Celery]) -> None:
    schedule, _ = made
    run = schedule.trigger("shop.hello", reason="customer waits", by="ann@desk")
    (deed,) = schedule.deeds()
    entry = ("entry:shop.hello",)
    assert deed == Deed(
        deed.at, "trigger", entry, "ann@desk", "customer waits", task_id=run.task_id
    )


def failing(made: tuple[Schedule, Celery], kind: type[Exception], name: str = "shop.hello") -> str:
    schedule, app = made
    with pytest.raises(kind) as caught:
        schedule.trigger(name)
    assert type(caught.value) is kind or kind is StoreUnavailable
    assert waiting(app) == []
    return str(caught.value)


def test_a_name_that_is_not_there(made: tuple[Schedule, Celery]) -> None:
    assert failing(made, EntryNotFound, "shop.h*").startswith("There is no entry 'shop.h*' in")


def test_a_task_that_no_module_defines() -> None:
    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {"e": {"task": "shop.gone", "schedule": 60.0}}
    assert failing((Schedule(app), app), DeclarationError, "e") == (
        "Entry 'e': task 'shop.gone' is not defined by any imported module\n"
        "  declared in beat_schedule\n"
        "  import the module that defines it (setting imports); or, if it lives in another code "
        'base, beatkit_remote_tasks = ["shop.gone"]'
    )


def test_a_task_that_will_not_be_sent(made: tuple[Schedule, Celery]) -> None:
    def apply_async(*_: Any, **__: Any) -> None:
        raise RuntimeError("no tenant")

    made[1].tasks["shop.hello"].apply_async = apply_async
    message = failing(made, NotTriggered)
    source = made[0].entry("shop.hello").source
    assert message == (
        "Entry 'shop.hello': task 'shop.hello' could not be sent: RuntimeError: no tenant\n"
        f"  declared in {source}\n"
        "  nothing was sent: mend it, then trigger it again"
    )
    assert issubclass(NotTriggered, BeatkitError)


def test_eager_mode(made: tuple[Schedule, Celery]) -> None:
    made[1].conf.task_always_eager = True
    assert failing(made, NotBuilt).startswith("Entry 'shop.hello': task_always_eager is True")


def on_dead_broker(**settings: Any) -> Schedule:
    app = Celery("shop", broker="redis://127.0.0.1:1/0", set_as_current=False)
    app.conf.beat_schedule = {"e": {"task": "celery.backend_cleanup", "schedule": 60.0}}
    app.conf.update(beatkit_store_url="memory://", **settings)
    return Schedule(app)


def test_a_broker_that_is_away() -> None:
    schedule = on_dead_broker(beatkit_key_prefix="dead:")
    with pytest.raises(StoreUnavailable) as caught:
        schedule.trigger("e")
    assert str(caught.value) == (
        "Entry 'e' was not triggered. Broker did not answer: "
        "Error 111 connecting to 127.0.0.1:1. Connection refused.\n"
        "  from broker_url\n"
        "  nothing was sent: trigger it again when the broker is back"
    )
    assert schedule.deeds() == []


def test_a_store_that_is_away() -> None:
    schedule = on_dead_broker()
    schedule.app.conf.update(beatkit_store_url=None, broker_url="redis://127.0.0.1:1/0")
    with pytest.raises(StoreUnavailable) as caught:
        schedule.trigger("e")
    assert str(caught.value) == (
        "Entry 'e' was not triggered. Store 'redis://127.0.0.1:1/0' is not available: "
        "Error 111 connecting to 127.0.0.1:1. Connection refused.\n"
        "  the store gives the time, and keeps the record of who triggered what\n"
        "  nothing was sent: trigger it again when the store is back"
    )
