"""celery-singleton, the real package: one message of a task at a time, from any number of beats.

Its lock names the id that holds it. It is taken where the message is made and let go of where
the task ends, so it may stop a slot's message, and then the slot is decided all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from beatkit.entry import Entry
from beatkit.store import Store, Writer
from tests.integration.sending.desk import Desk

Singleton = pytest.importorskip("celery_singleton").Singleton

ENTRY = Entry("hello", "shop.hello", schedule=None)


def singleton(desk: Desk, **options: Any) -> Any:
    url = desk.server.url(5)
    desk.app.conf.update(singleton_backend_url=url, singleton_key_prefix="LOCK_")

    @desk.app.task(name="shop.hello", base=Singleton, shared=False, **options)
    def hello() -> None: ...

    return hello


def locks(desk: Desk) -> list[str]:
    with desk.server.client(5) as client:
        return [client.get(key).decode() for key in client.keys("LOCK_*")]


@pytest.fixture
def at(desk: Callable[..., Desk]) -> Desk:
    return desk()


def test_while_one_is_under_way_the_next_slot_sends_nothing_and_is_decided(at: Desk) -> None:
    task = singleton(at)

    first, _ = at.send(ENTRY)
    second, slot = at.send(ENTRY)
    (message,) = at.take()
    assert (first.outcome, second.outcome, second.progress) == ("sent", "missed", slot)
    assert locks(at) == [message["headers"]["id"]]

    task.on_success(None, message["headers"]["id"], [], {})  # as its worker does
    assert at.send(ENTRY)[0].outcome == "sent"
    assert len(at.take()) == 1


def test_a_duplicate_that_raises_is_the_entrys_own_failure(at: Desk) -> None:
    singleton(at, raise_on_duplicate=True)
    at.send(ENTRY)

    answer, _ = at.send(ENTRY)

    assert answer.outcome == "failed"
    assert "DuplicateTaskError: Attempted to queue a duplicate of task ID" in answer.detail


def test_a_beat_that_loses_the_slot_takes_no_lock(at: Desk) -> None:
    singleton(at)
    claim = at.claim(ENTRY)
    at.store.reserve(Writer("beat-2", at.writer.identity, "r1"), [claim])

    (answer,) = at.way.send(at.writer, [(ENTRY, claim)]).answers

    assert (answer.outcome, locks(at)) == ("taken", [])


def test_a_beat_killed_between_its_lock_and_its_message_leaves_no_slot_behind(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    singleton(at)
    claim = at.claim(ENTRY)
    real: Store = at.store
    dying: Any = at.way

    class Killed(BaseException):
        """What SIGKILL does to a program: nothing after it runs."""

    class LastWords:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def claim(self, *_: Any) -> Any:
            raise Killed

    dying._store = LastWords()
    with pytest.raises(Killed):
        dying.send(at.writer, [(ENTRY, claim)])
    (held,) = locks(at)
    assert at.take() == []

    dying._store, dying._kept = real, {}  # another beat, which knows nothing of it
    later = Writer("beat-2", at.writer.identity, "r1")
    while (answer := dying.send(later, [(ENTRY, claim)]).answers[0]).outcome == "taken":
        assert answer.by == "beat-1"

    assert (answer.outcome, answer.progress) == ("sent", claim.slot)
    assert [one["headers"]["id"] for one in at.take()] == [held]


def test_nor_does_one_killed_so_over_another_broker(counter_at: Callable[[str], Any]) -> None:
    at = counter_at("memory://")
    singleton(at)
    entry = replace(at.entry(), task="shop.hello")
    claim = at.claim(entry)
    at.store.claim(replace(at.writer, beat="dead"), [replace(claim, act="pend")])
    out = at.way._lay_out(entry, claim.slot, "scheduled")
    task = at.app.tasks["shop.hello"]
    task.aquire_lock(task.generate_lock("shop.hello"), out.options["task_id"])
    seen = at.look()

    for second in range(13):
        at.attend(entry, situation=replace(seen, now=seen.now + second * 1000))

    assert at.ids() == [out.options["task_id"]]
    assert at.pendings() == []
