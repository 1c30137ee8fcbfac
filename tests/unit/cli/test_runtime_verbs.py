"""`skip-next`, `forget`, `remove`, `diff --store`, and runtime-owned entries where others stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beatkit import Entry, every
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_acting import Desk
from tests.unit.operate.shop import shop
from tests.unit.operate.test_state import seen

ADDED = Entry("acme.mail", "shop.mail", every(hours=2), kwargs={"to": "acme"}, tags=("acme",))
AT = ("--at", "2026-11-22T12:00Z")


@pytest.fixture
def act(run: Run, tmp_path: Path) -> Desk:
    desk = Desk(run, *shop(tmp_path))
    desk.schedule.upsert(ADDED, by="ann@desk")
    return desk


def test_list_shows_the_owner_where_it_is_not_the_code(act: Desk) -> None:
    found = act("list", "*.mail", *AT)
    assert found.out == (
        "NEXT                  IN  LAST  NAME       SCHEDULE  QUEUE   STATE  OWNER\n"
        "Sun 22 Nov 13:00 UTC  1h  -     shop.mail  every 1h  mail    on     -\n"
        "Sun 22 Nov 14:00 UTC  2h  -     acme.mail  every 2h  celery  on     runtime\n"
    )
    assert act("list", "shop.mail", *AT).out.splitlines()[0].endswith("STATE")
    items = json.loads(act("list", "-j", *AT).out)["items"]
    assert {one["name"]: one["owner"] for one in items} == {
        "acme.mail": "runtime", "shop.hello": "code", "shop.mail": "code",
        "shop.watchdog": "code", "stock.sync": "code",
    }  # fmt: skip


def test_next_simulate_and_timeline_count_it_too(act: Desk) -> None:
    (item,) = json.loads(act("next", "acme.mail", "-n", "1", "-j", *AT).out)["items"]
    assert (item["name"], item["owner"]) == ("acme.mail", "runtime")
    assert "acme.mail" in act("simulate", "acme.*", *AT).out
    assert "celery" in act("timeline", "acme.*", *AT).out


def test_show_says_who_added_it_and_when(act: Desk) -> None:
    lines = act("show", "acme.mail", "-n", "0", *AT).out.splitlines()
    (declared,) = [line for line in lines if line.startswith("declared")]
    assert declared.startswith("declared  while running, by ann@desk, ")
    (item,) = json.loads(act("show", "acme.mail", "-j", *AT).out)["items"]
    assert (item["owner"], item["kwargs"]) == ("runtime", {"to": "acme"})


def test_check_looks_at_it_when_asked_to(act: Desk) -> None:
    act.schedule.upsert(Entry("b", "shop.mail", every(hours=2), options={"queue": "lost"}))
    act.app.conf.task_queues = None
    act.app.conf.task_create_missing_queues = False
    alone = json.loads(act("check", "-j", *AT).out)
    both = json.loads(act("check", "--store", "-j", *AT).out)
    assert both["entries"] == alone["entries"] + 2
    (found,) = [one for one in both["items"] if one["entry"] == "b"]
    assert (found["rule"], found["owner"]) == ("unknown-queue", "runtime")
    assert "  runtime-owned: unknown-queue" in act("check", "--store", *AT).out.splitlines()


def test_trigger_and_pause_mean_it_like_any_other(act: Desk) -> None:
    assert json.loads(act("trigger", "acme.mail", "-j").out)["items"][0]["name"] == "acme.mail"
    assert act("pause", "--tag", "acme", "--reason", "x").code == 0
    assert act.scopes() == ["tag:acme"]


def test_skip_next_says_which_slot(act: Desk) -> None:
    done = act("skip-next", "shop.mail", "--reason", "the printer", "--by", "ann@desk", "-j")
    (item,) = json.loads(done.out)["items"]
    assert (done.code, item["name"], item.keys()) == (
        0, "shop.mail", {"name", "slot", "slot_epoch", "in_s"},
    )  # fmt: skip
    assert 0 < item["in_s"] <= 3600
    shown = act("pause").out.splitlines()[1]
    assert shown.startswith("shop.mail, its next slot  in force  ")
    assert act("resume", "shop.mail").code == 0
    assert act.scopes() == []


def test_skip_next_wants_a_reason_and_an_entry(act: Desk) -> None:
    done = act("skip-next", "shop.mail")
    assert (done.code, done.err.splitlines()[-1]) == (2, "Error: Missing option '--reason'.")
    assert act("skip-next", "shop.mial", "--reason", "x").code == 2


def test_remove_takes_out_what_was_added_and_nothing_of_the_code(act: Desk) -> None:
    assert act("remove", "acme.mail").out == "REMOVED\nacme.mail\n"
    done = act("remove", "shop.mail")
    assert (done.code, done.err) == (
        2,
        "Error: There is no runtime-owned entry 'shop.mail': the code declares it\n"
        "  take it out of the code, or pause it\n",
    )


def test_diff_with_the_store_says_what_each_difference_means(act: Desk) -> None:
    seen(act.schedule, "shop.hello", "old")
    done = act("diff", "--store", "-o", "plain", quiet=True)
    assert [line.split("\t")[:3] for line in done.out.splitlines()] == [
        ["runtime", "acme.mail", "added while running"],
        ["gone", "old", "not in the code; beats still serve it"],
        ["new", "shop.mail", "in the code; no beat in force has it yet"],
        ["new", "shop.watchdog", "in the code; no beat in force has it yet"],
    ]
    assert done.code == 1
    assert act("diff", "--store").err == "3 differences from the store, 1 runtime-owned\n"


def test_diff_is_content_where_only_entries_were_added(act: Desk) -> None:
    seen(act.schedule, "shop.hello", "shop.mail", "shop.watchdog")
    done = act("diff", "--store")
    assert (done.code, done.err) == (0, "the store agrees, 1 runtime-owned\n")


def test_forget_says_what_is_gone(act: Desk) -> None:
    seen(act.schedule, "shop.mail", "old", ago=60_000)
    assert act("forget", "old", "shop.mail").out == (
        "NAME       FORGOTTEN\n"
        "old        all that was kept of it\n"
        "shop.mail  what it owed, and its pauses\n"
    )


def test_a_store_that_is_away_is_a_note_where_the_code_can_be_shown(run: Run) -> None:
    from celery import Celery

    app = Celery("shop", broker="redis://127.0.0.1:1/0", set_as_current=False)
    app.conf.beat_schedule = {"e": {"task": "celery.backend_cleanup", "schedule": 60.0}}
    done = run("list", *AT, app=app)
    assert done.code == 0
    assert done.err.startswith(
        "runtime-owned entries and pauses are not shown: Store 'redis://127.0.0.1:1/0' is not "
        "available"
    )
    assert run("diff", "--store", app=app).code == 69


def test_backfill_tells_what_it_sent_and_what_was_sent_before(act: Desk) -> None:
    day = ("--from", "2026-03-01T00:00Z", "--to", "2026-03-02T00:00Z", "--by", "ann@desk")
    tried = act("backfill", "shop.mail", *day, "--dry-run", width=120)
    assert (tried.code, tried.err) == (0, "dry run: nothing was sent\n")
    assert [line.split()[:3] for line in tried.out.splitlines()] == [
        ["NAME", "SLOTS", "SENT"], ["shop.mail", "24", "-"],
    ]  # fmt: skip
    done = json.loads(act("backfill", "shop.mail", *day, "-j").out)
    assert done["items"] == [
        {
            "name": "shop.mail",
            "slots": 24,
            "sent": 24,
            "before": 0,
            "first": "2026-03-01T00:00:00Z",
            "first_epoch": 1772323200,
            "last": "2026-03-01T23:00:00Z",
            "last_epoch": 1772406000,
            "dry_run": False,
        }
    ]
    again = act("backfill", "shop.mail", *day)
    assert again.err.startswith("it was sent before, by ann@desk, ")
    assert again.err.endswith("; --again 1 sends it once more\n")
    assert (
        json.loads(act("backfill", "shop.mail", *day, "--again", "1", "-j").out)["items"][0]["sent"]
        == 24
    )


def test_backfill_of_a_range_without_slots_says_so(act: Desk) -> None:
    night = ("--from", "2026-03-01T00:10Z", "--to", "2026-03-01T00:20Z")
    assert act("backfill", "shop.mail", *night).err == "no slot falls into this range\n"
    assert act("backfill", "shop.mail", "--from", "2026-03-01", "--to", "2026-03-01").code == 2


def test_backfill_of_a_moving_range_says_how_to_go_on(act: Desk) -> None:
    day = ("--from", "2026-03-01T00:00Z", "--to", "2026-03-02T00:00Z", "--by", "ann@desk")
    assert act("backfill", "shop.mail", *day).err == ""
    done = act("backfill", "shop.mail", "--from", "-1d", "--to", "now")
    assert done.err.startswith("to go on, should it be killed: --from 20")
    assert "--to 20" in done.err
    assert act("backfill", "shop.mail", "--from", "-1d", "--to", "now", "--dry-run").err == (
        "dry run: nothing was sent\n"
    )


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (("--tag", "outgo"), "no entry has the tag 'outgo'; there are: acme, outgoing"),
        (("--queue", "male"), "no entry goes to the queue 'male'; there are: celery, mail"),
    ],
)
def test_list_of_a_queue_or_tag_that_nothing_has_says_which_there_are(
    act: Desk, words: tuple[str, ...], note: str
) -> None:
    done = act("list", *words)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[0] == note


def test_why_of_a_runtime_owned_entry_means_its_latest_slot(act: Desk) -> None:
    done = act("why", "acme.mail")
    assert done.code == 1
    assert done.out.startswith("The slot of acme.mail at ")
