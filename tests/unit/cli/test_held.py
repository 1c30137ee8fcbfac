"""How `list`, `show` and `next` show what is paused, and what is to be skipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.test_acting import WHO, Desk
from tests.unit.operate.shop import shop


@pytest.fixture
def act(run: Run, tmp_path: Path) -> Desk:
    return Desk(run, *shop(tmp_path))


def by_name(act: Desk) -> dict[str, Any]:
    items = json.loads(act("list", "-j").out)["items"]
    return {item["name"]: item for item in items}


def test_list_shows_what_is_paused_and_by_whom(act: Desk) -> None:
    act("pause", "shop.mail", *WHO)
    act(
        "pause",
        "--tag",
        "outgoing",
        "--reason",
        "the bank is down",
        "--by",
        "bob",
        "--until",
        "+2h",
    )
    found = by_name(act)
    assert {name: item["state"] for name, item in found.items()} == {
        "shop.hello": "on",
        "shop.mail": "paused",
        "shop.watchdog": "on",
        "stock.sync": "off",
    }
    assert found["shop.mail"]["paused"] == [
        {"scope": "entry:shop.mail", "reason": "month's end", "by": "ann@desk"},
        {"scope": "tag:outgoing", "reason": "the bank is down", "by": "bob"},
    ]
    assert found["shop.mail"]["paused_until"] is None
    listed = act("list", "--state", "paused", width=120)
    assert [line.split()[-1] for line in listed.out.splitlines()] == ["STATE", "paused"]
    assert listed.err.startswith("1 entry, 1 paused · now ")


@pytest.mark.parametrize(
    ("end", "state"),
    [("+2h", "paused for 2h"), ("+100m", "paused for 2h"), ("+26m", "paused for 26min"),
     ("+9d", "paused for 9d")],
)  # fmt: skip
def test_list_says_for_how_long_in_one_unit(act: Desk, end: str, state: str) -> None:
    act("pause", "shop.mail", "--until", end, *WHO)
    assert act("list", "shop.mail", width=120).out.rstrip().endswith(f"  {state}")


def test_an_end_in_the_past_of_at_is_no_pause(act: Desk) -> None:
    act("pause", "shop.mail", "--until", "+2h", *WHO)
    assert act("list", "shop.mail", "--at", "+3h", width=120).out.rstrip().endswith("  on")


def test_show_says_who_paused_it_and_why(act: Desk) -> None:
    act("pause", "--all", *WHO)
    act("pause", "shop.mail", "--reason", "no paper", "--by", "bob", "--until", "2126-01-02T03:04Z")
    told = act("show", "shop.mail", "-n", "1", width=200).out.splitlines()
    state, own, wider = (line for line in told if line.startswith(("state", "paused")))
    assert state.split() == ["state", "paused"]
    assert own.split()[:4] == ["paused", "by", "bob", "since"]
    assert own.endswith(" until 02 Jan 2126 03:04 UTC: no paper")
    assert wider.split()[:4] == ["paused", "everything,", "by", "ann@desk"]
    assert wider.endswith(": month's end")


def test_coming_slots_say_that_they_will_not_be_sent(act: Desk) -> None:
    act("pause", "shop.mail", "--until", "+90m", *WHO)
    act("skip-next", "shop.hello", *WHO)
    mail = json.loads(act("next", "shop.mail", "-n", "3", "-j").out)["items"]
    assert [item["remark"] for item in mail][-1] == ""
    assert mail[0]["remark"] == "paused"
    hello = json.loads(act("next", "shop.hello", "-n", "2", "-j").out)["items"]
    assert [item["remark"] for item in hello] == ["skipped", ""]
    (shown,) = json.loads(act("show", "shop.hello", "-n", "2", "-j").out)["items"]
    assert [item["remark"] for item in shown["next"]] == ["skipped", ""]
    assert (shown["state"], shown["skips_next"]) == ("on", True)
    assert "skips next" in act("list", "shop.hello", width=120).out
    assert "skips next  by ann@desk: month's end" in act("show", "shop.hello", width=120).out
