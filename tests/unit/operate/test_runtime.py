"""Schedule.upsert and Schedule.remove, on a real store in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from celery.schedules import crontab
from celery.schedules import schedule as celery_schedule

from beatkit import Entry, Schedule, cron, every
from beatkit.entry import Policy
from beatkit.errors import DeclarationError, EntryNotFound
from beatkit.runtime import RuntimeEntry, Upserting
from tests.unit.operate.shop import shop

MAIL = Entry("acme.mail", "shop.mail", every(minutes=5), tags=("acme",), policy=Policy(deadline=60))


@pytest.fixture
def desk() -> Schedule:
    return shop()[0]


def test_what_was_added_is_in_the_schedule_with_who_and_since_when(desk: Schedule) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    assert desk.upsert(MAIL, reason="a customer", by="ann@desk") == Upserting(added=("acme.mail",))
    full = desk.with_runtime()
    (kept,) = full.runtime.values()
    assert before <= kept.since <= datetime.now(UTC)
    assert kept == RuntimeEntry(MAIL, "ann@desk", kept.since)
    assert full.entries == {"acme.mail": MAIL, **desk.code}
    assert desk.entries == desk.code  # asked without the store, it holds what code declares
    (deed,) = desk.deeds()
    assert (deed.verb, deed.scopes, deed.by, deed.reason, deed.at) == (
        "upsert", ("entry:acme.mail",), "ann@desk", "a customer", kept.since,
    )  # fmt: skip


def test_the_verbs_mean_it_like_any_other(desk: Schedule) -> None:
    desk.upsert(MAIL)
    assert [one.scope for one in desk.pause("acme.*", reason="x").made] == ["entry:acme.mail"]
    assert [one.scope for one in desk.pause(tag="acme", reason="x").made] == ["tag:acme"]
    assert desk.skip_next("acme.mail", reason="x").entry == "acme.mail"
    assert desk.trigger("acme.mail").entry == "acme.mail"


def test_to_add_again_tells_what_changed(desk: Schedule) -> None:
    desk.upsert(MAIL)
    other = Entry("acme.mail", "shop.mail", every(minutes=10))
    done = desk.upsert(other, Entry("b", "shop.mail", every(minutes=10)))
    assert done == Upserting(added=("b",), changed=("acme.mail",))
    assert desk.upsert(other) == Upserting(same=("acme.mail",))


def test_what_celery_takes_for_a_schedule_is_kept_as_ours_in_the_apps_zone(desk: Schedule) -> None:
    desk.upsert(
        Entry("a", "shop.mail", 30),
        Entry("b", "shop.mail", crontab(hour=4, minute=0)),
        Entry("c", "shop.mail", celery_schedule(timedelta(minutes=1))),
    )
    kept = desk.with_runtime().runtime
    assert kept["a"].entry.schedule == every(seconds=30)
    assert kept["b"].entry.schedule == cron("0 4 * * *", timezone="UTC")
    assert kept["c"].entry.schedule == every(minutes=1)


def test_arguments_that_celerys_json_knows_come_back_as_they_were(desk: Schedule) -> None:
    kwargs = {"at": datetime(2026, 1, 1, tzinfo=UTC), "sum": Decimal("1.50"), "list": [1, "a"]}
    desk.upsert(Entry("a", "shop.mail", 30, kwargs={"to": kwargs}))
    assert desk.with_runtime().runtime["a"].entry.kwargs == {"to": kwargs}


def test_a_removed_entry_is_gone_and_who_did_it_on_record(desk: Schedule) -> None:
    desk.upsert(MAIL)
    assert desk.remove("acme.mail", by="bob@desk") == ("acme.mail",)
    assert desk.with_runtime().runtime == {}
    deed = desk.deeds()[0]
    assert (deed.verb, deed.scopes, deed.by) == ("remove", ("entry:acme.mail",), "bob@desk")


def test_of_very_many_the_record_names_the_first(desk: Schedule) -> None:
    desk.upsert(*[Entry(f"n{number:02}", "shop.mail", 30) for number in range(25)])
    scopes = desk.deeds()[0].scopes
    assert (scopes[0], scopes[19:]) == ("entry:n00", ("entry:n19", "and 5 more"))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ("acme.mail", "acme.mial"),
            "There is no runtime-owned entry 'acme.mial'\n  did you mean 'acme.mail'?",
        ),
        (("zzz",), "There is no runtime-owned entry 'zzz'\n  there are: 'acme.mail'"),
        (
            ("shop.mail",),
            "There is no runtime-owned entry 'shop.mail': the code declares it\n"
            "  take it out of the code, or pause it",
        ),
    ],
)
def test_what_cannot_be_removed(desk: Schedule, names: tuple[str, ...], message: str) -> None:
    desk.upsert(MAIL)
    with pytest.raises(EntryNotFound) as caught:
        desk.remove(*names)
    assert str(caught.value) == message
    assert desk.with_runtime().runtime.keys() == {"acme.mail"}


class Odd(celery_schedule):
    """A schedule of the user's own."""

    def __repr__(self) -> str:
        return "<odd>"


WRONG: list[tuple[Any, str]] = [
    (
        "acme.mail",
        "what is to be added is 'acme.mail', expected an Entry\n"
        '  write Entry("close-day", "shop.tasks.close_day", cron("0 18 * * *"))',
    ),
    (
        Entry("shop.mail", "shop.mail", 30),
        "Entry 'shop.mail': is code-owned, expected a name that the code does not use\n"
        "  declared in tests/unit/operate/shop.py, line 31\n"
        "  write another name, or change it in the code",
    ),
    (
        Entry("a", "shop.mial", 30),
        "Entry 'a': task 'shop.mial' is not defined by any imported module\n"
        "  write 'shop.mail'; or, if it lives in another code base, "
        'beatkit_remote_tasks = ["shop.mial"]',
    ),
    (
        Entry("a", "shop.mail", Odd(timedelta(minutes=1))),
        "Entry 'a': schedule <odd> cannot be kept as text\n"
        "  write every(...), cron(...), at(...) or solar(...)",
    ),
    (
        Entry("a", "shop.mail", "99 * * * *"),
        "Entry 'a': minute is 99 in cron '99 * * * *', expected 0-59\n"
        "  99 * * * *\n"
        "  ^^\n"
        "  write '59', or another minute from 0 to 59",
    ),
    (
        Entry("a", "shop.pay", 30, args=(1, 2, 3)),
        "Entry 'a': args=[1, 2, 3] do not fit pay(to): too many positional arguments\n"
        "  write args=[to]",
    ),
    (
        Entry("a", "shop.mail", 30, kwargs={"to": {1: "x"}}),
        "Entry 'a': kwargs['to'] is {1: 'x'}, which cannot be kept as text\n"
        "  write plain data: text, numbers, dates, lists, and mappings with text keys",
    ),
    (
        Entry("a\nb", "shop.mail", 30),
        "Entry 'a\\nb': name is 'a\\nb', expected one line of text without blanks around it\n"
        '  write name="close-day"',
    ),
    (
        Entry("a", "shop.mail", 30, policy="skip"),  # type: ignore[arg-type]
        "Entry 'a': policy is 'skip', expected a Policy or None\n"
        "  write policy=Policy(deadline=300)",
    ),
    (
        Entry("a", "shop.mail", 30, enabled=1),  # type: ignore[arg-type]
        "Entry 'a': enabled is 1, expected True or False\n  write enabled=False",
    ),
    (
        Entry("", "", 30),
        "2 problems in the schedule\n\n"
        "Entry '': task is '', expected its registered name\n"
        '  write task="shop.tasks.close_day"\n\n'
        "Entry '': name is '', expected one line of text without blanks around it\n"
        '  write name="close-day"',
    ),
]


@pytest.mark.parametrize(("entry", "message"), WRONG)
def test_what_cannot_work_is_refused_as_code_is(desk: Schedule, entry: Any, message: str) -> None:
    @desk.app.task(name="shop.pay", shared=False)
    def pay(to: str) -> None:
        pass

    with pytest.raises(DeclarationError) as caught:
        desk.upsert(MAIL, entry)
    assert str(caught.value) == message
    assert desk.with_runtime().runtime == {}
    assert desk.deeds() == []
