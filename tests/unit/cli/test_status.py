"""What `schedule status` prints, to the letter."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import Any

import click
import pytest

from beatkit.beat.survey import Overdue, Survey
from beatkit.cli.answer import Outlet
from beatkit.cli.status import answer, remarks
from beatkit.cli.view import View
from beatkit.cli.when import aware
from beatkit.store import Beat, Pause, Peer, Pending, Situation
from beatkit.store.choice import Choice

NOW = 1_795_348_807_000  # 2026-11-22 12:00:07 UTC
CHOICE = Choice(
    "redis://:s3cret@localhost:6379/0", "broker_url", "beatkit:shop:", "beatkit:shop:", True
)
PEERS = (
    Peer(Beat("web-1-a", "web-1", 11, "0f0f", sent=NOW - 7_000, zones="2026f"), NOW - 90_000, NOW),
    Peer(Beat("web-2-b", "web-2", 12, "0f0f", owed=1, zones="2025b"), NOW - 80_000, NOW - 400),
    Peer(Beat("laptop-c", "laptop", 13, "beef"), NOW - 70_000, NOW - 900),
)
WELL = Survey(
    situation=Situation(NOW, "identity", "0f0f", PEERS, {}, ()),
    roles=("lead", "standby", "suspended"),
    revision="0f0f",
    overdue=(),
    unknown=(),
    changed=(),
    foreign=(),
    owned=0,
    two_projects=False,
)
DEPLOY = Pause("deploy", "ann@desk", NOW)
PRINTER = Pause("the printer", "bob@desk", NOW, NOW + 3_600_000)
LATE = replace(
    WELL,
    situation=Situation(
        NOW, "identity", "", (), {"*": DEPLOY, "tag:mail": PRINTER},
        (Pending("shop.close_day", NOW, "scheduled", "web-1-a", 1, NOW),),
    ),
    roles=(),
    overdue=(Overdue("shop.close_day", NOW - 187_000),),
)  # fmt: skip


def printed(
    capsys: pytest.CaptureFixture[str], found: Survey, form: str = "table", **how: Any
) -> tuple[int, str, str]:
    outlet = Outlet(form, colour=False, width=100)
    view = View(None, outlet, aware(NOW, UTC), UTC, forced=False, schedule=None)  # type: ignore[arg-type]
    code = 0
    try:
        outlet.give(answer(view, how.get("choice", CHOICE), found, how.get("eviction")))
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    told = capsys.readouterr()
    return code, told.out, told.err


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(capsys, WELL, eviction="noeviction")
    assert (code, err) == (0, "Beats differ in time zone data, 2025b, 2026f: update tzdata\n")
    assert out == WELL_TABLE


def test_nobody_sends_and_a_slot_is_overdue(capsys: pytest.CaptureFixture[str]) -> None:
    claimed = replace(CHOICE, url="sqlite:///beatkit.db", at_broker=False)
    code, out, err = printed(capsys, LATE, choice=claimed)
    assert (code, err) == (1, "No beat sends: start one with celery -A ... beat\n")
    assert out == LATE_TABLE


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = printed(capsys, LATE, "json", eviction="noeviction")
    assert code == 1
    assert json.loads(out) == {
        "schema": 1,
        "kind": "status",
        "ok": False,
        "now": "2026-11-22T12:00:07Z",
        "now_epoch": 1795348807,
        "timezone": "UTC",
        "store": "redis://localhost:6379/0",
        "store_from": "broker_url",
        "sending": "atomic",
        "eviction": "noeviction",
        "in_force": None,
        "revision": "0f0f",
        "last_tick": None,
        "last_tick_epoch": None,
        "last_send": None,
        "last_send_epoch": None,
        "overdue": [
            {
                "entry": "shop.close_day",
                "due": "2026-11-22T11:57:00Z",
                "due_epoch": 1795348620,
                "late_s": 187.0,
            }
        ],
        "unpublished": 1,
        "paused": {"*": "deploy", "tag:mail": "the printer"},
        "unknown": [],
        "changed": [],
        "foreign": [],
        "runtime": 0,
        "items": [],
    }


def test_a_beat_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = printed(capsys, WELL, "json")
    assert json.loads(out)["items"][0] == {
        "role": "lead",
        "beat": "web-1-a",
        "host": "web-1",
        "pid": 11,
        "revision": "0f0f",
        "number": 0,
        "started": "2026-11-22T11:58:37Z",
        "started_epoch": 1795348717,
        "last_tick": "2026-11-22T12:00:07Z",
        "last_tick_epoch": 1795348807,
        "last_send": "2026-11-22T12:00:00Z",
        "last_send_epoch": 1795348800,
        "failing": 0,
        "zones": "2026f",
    }


def test_no_form_shows_the_password(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("table", "plain", "json", "jsonl"):
        assert "s3cret" not in "".join(map(str, printed(capsys, LATE, form)))


@pytest.mark.parametrize(
    ("found", "eviction", "remark"),
    [
        (
            replace(WELL, two_projects=True, foreign=("crm.sync",), unknown=("a",)),
            None,
            "Another project uses this store under 'beatkit:shop:': it serves 'crm.sync' and "
            "others, this code has none of them; set beatkit_key_prefix to another text in one "
            "of them",
        ),
        (
            replace(WELL, unknown=("a", "b"), changed=("c",)),
            None,
            "Beats serve another schedule than this code's: 2 entries are new here, 1 changed, "
            "0 gone",
        ),
        (
            WELL,
            "allkeys-lru",
            "The store's maxmemory-policy is 'allkeys-lru': a full server may forget what was "
            "sent; set it to 'noeviction'",
        ),
    ],
)
def test_remarks(found: Survey, eviction: str | None, remark: str) -> None:
    alike = replace(found, situation=replace(found.situation, peers=PEERS[:1]))
    assert list(remarks(CHOICE, alike, eviction)) == [remark]


WELL_TABLE = """\
sends      beat web-1-a, 1 on standby
overdue    nothing
last tick  0s ago
last send  7s ago
schedule   0f0f is in force, this code's
store      redis://localhost:6379/0 (from broker_url)
sending    atomic: each slot is sent once, and none is lost, while the server keeps what it
           acknowledged

BEAT       HOST    PID  STARTED                  LAST TICK  LAST SEND  FAILING  REVISION  ZONES
lead       web-1    11  Sun 22 Nov 11:58:37 UTC     0s ago     7s ago        -  0f0f      2026f
standby    web-2    12  Sun 22 Nov 11:58:47 UTC   0.4s ago          -        1  0f0f      2025b
suspended  laptop   13  Sun 22 Nov 11:58:57 UTC   0.9s ago          -        -  beef      -
"""

LATE_TABLE = """\
sends        no beat
overdue      1 entry
last tick    -
last send    -
schedule     none is in force; this code's is 0f0f
store        sqlite:///beatkit.db (from broker_url)
sending      claimed: no slot is lost; one may be sent twice, with one task id
unpublished  1 claimed, not reported as published
paused       everything: deploy (ann@desk)
paused       tag mail: the printer (bob@desk, until Sun 22 Nov 13:00:07 UTC)

OVERDUE         DUE                      LATE
shop.close_day  Sun 22 Nov 11:57 UTC  3min 7s
"""
