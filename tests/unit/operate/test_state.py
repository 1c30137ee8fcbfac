"""Schedule.skip_next, .forget and .differences, on a real store in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from beatkit import Entry, Schedule
from beatkit.beat.revision import timing
from beatkit.errors import EntryNotFound
from beatkit.record import ActionError
from beatkit.schedules.timetable import to_datetime
from beatkit.state import Difference, Forgetting, Skipping
from beatkit.store import Seed, Store
from beatkit.store.choice import choose, open_choice
from tests.contract.shapes import in_force
from tests.unit.operate.shop import shop


@pytest.fixture
def desk() -> Schedule:
    return shop()[0]


def store_of(desk: Schedule) -> Store:
    return open_choice(choose(desk.app))


def seen(desk: Schedule, *names: str, ago: int = 0, gone: tuple[str, ...] = ()) -> int:
    """Let a beat have seen entries so many milliseconds ago; return the store's time."""
    store = store_of(desk)
    now = store.read().now
    seeds = [Seed(name, _fingerprint(desk, name), now - ago) for name in names]
    store.seed(in_force(store), seeds, gone)
    return now


def _fingerprint(desk: Schedule, name: str) -> str:
    return timing(desk.code[name]) if name in desk.code else "other"


def test_the_next_slot_is_told_and_left_among_the_pauses_until_it_comes(desk: Schedule) -> None:
    now = seen(desk, "shop.mail")
    done = desk.skip_next("shop.mail", reason="the printer", by="ann@desk")
    assert done == Skipping("shop.mail", done.slot)
    assert done.slot == desk.following(desk.entry("shop.mail"), to_datetime(now))
    (kept,) = desk.pauses()
    assert (kept.scope, kept.reason, kept.by) == ("skip:shop.mail", "the printer", "ann@desk")
    (deed,) = desk.deeds()
    assert (deed.verb, deed.scopes, deed.reason) == (
        "skip_next",
        ("skip:shop.mail",),
        "the printer",
    )


def test_a_resume_undoes_it(desk: Schedule) -> None:
    desk.skip_next("shop.mail", reason="x")
    assert [one.scope for one in desk.resume("shop.m*").lifted] == ["skip:shop.mail"]
    desk.skip_next("shop.mail", reason="x")
    assert [one.scope for one in desk.resume(queue="mail").lifted] == ["skip:shop.mail"]
    assert desk.pauses() == []


def test_where_there_is_nothing_to_skip(desk: Schedule) -> None:
    code = {name: replace(one, enabled=False) for name, one in desk.code.items()}
    desk.__dict__["code"] = code
    with pytest.raises(ActionError) as caught:
        desk.skip_next("shop.mail", reason="x")
    assert str(caught.value) == (
        "Entry 'shop.mail' is off, expected one with a slot to come\n"
        "  there is nothing to skip: see it with celery -A ... schedule show shop.mail"
    )
    with pytest.raises(EntryNotFound):
        desk.skip_next("shop.mial", reason="x")
    with pytest.raises(ActionError):
        desk.skip_next("shop.mail", reason=" ")


def test_an_entry_that_left_is_forgotten_and_one_that_is_there_owes_nothing(desk: Schedule) -> None:
    before = seen(desk, "shop.mail", "old", ago=60_000)
    desk.pause("shop.mail", reason="x")
    done = desk.forget("old", "shop.mail", by="ann@desk")
    assert done == Forgetting(dropped=("old",), restarted=("shop.mail",))
    left = store_of(desk).read().progress
    assert left.keys() == {"shop.mail"}
    assert left["shop.mail"].slot >= before
    assert desk.pauses() == []
    assert desk.deeds()[0].scopes == ("entry:old", "slots:shop.mail")


def test_what_nobody_knows_cannot_be_forgotten(desk: Schedule) -> None:
    with pytest.raises(EntryNotFound) as caught:
        desk.forget("shop.mail", "older")
    assert str(caught.value) == (
        "Nothing is kept of an entry 'older'\n"
        "  see what is kept and not in the code with: celery -A ... schedule diff --store"
    )
    assert desk.deeds() == []


def test_code_and_store_are_compared_entry_by_entry(desk: Schedule) -> None:
    desk.upsert(Entry("added", "shop.mail", 30), by="ann@desk")
    seen(desk, "shop.mail", "gone", "away")
    now = seen(desk, "shop.mail", gone=("away",))
    store = store_of(desk)
    store.seed(in_force(store), [Seed("shop.hello", "another", now)])
    since = desk.with_runtime().runtime["added"].since
    away = store.read(["away"]).progress["away"].absent_since
    assert away is not None
    assert desk.differences() == [
        Difference("added", "runtime", since, "ann@desk"),
        Difference("away", "absent", to_datetime(away)),
        Difference("gone", "gone"),
        Difference("shop.hello", "changed"),
        Difference("shop.watchdog", "new"),
    ]
    assert [one.disagrees for one in desk.differences()] == [False, True, True, True, True]


def test_a_name_that_both_have_is_shadowed(desk: Schedule) -> None:
    desk.upsert(Entry("added", "shop.mail", 30))
    code = {**desk.code, "added": Entry("added", "shop.mail", 30)}
    desk.__dict__["code"] = code
    assert [one.kind for one in desk.differences() if one.entry == "added"] == [
        "changed", "shadowed",
    ]  # fmt: skip
