"""`history`, `why` and the last runs, to the letter, at three widths and in two zones.

`GOLDEN=write pytest tests/unit/cli/test_looking_back.py` writes the files anew.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from beatkit.sending.message import task_id
from beatkit.store import sqlite
from tests.unit.cli.conftest import Run
from tests.unit.cli.past import NAME, NOW, at, evening
from tests.unit.cli.shop import app

FOLDER = Path(__file__).parent / "golden"
WIDTHS = (80, 100, 160)
PRESENT = ("--at", "2026-10-24T21:59:58+02:00")
SOME = ("heartbeat", "stock.*", "ops.backup*", "billing.c*", "legacy-sync", "mail.newsletter")
VERBS: dict[str, tuple[tuple[str, ...], ...]] = {
    "history": (("history",), ("history", "--tz", "UTC")),
    "history_of_one": (
        ("history", "stock.sync_warehouse"),
        ("history", "--failed"),
        ("history", "billing.*", "--not-run"),
        ("history", "--since", "-20min", "--until", "21:55"),
    ),
    "last": (
        ("list", *SOME, *PRESENT),
        ("show", "stock.sync_warehouse", "-n", "1", *PRESENT),
        ("show", "ops.backup_database", "-n", "1", *PRESENT),
        ("show", "legacy-sync", "-n", "1", *PRESENT),
        ("show", "mail.newsletter", "-n", "1", *PRESENT),
    ),
    "why": (
        ("why", "heartbeat", "--at", "21:00"),
        ("why", "stock.sync_warehouse", "--at", "21:40"),
        ("why", "stock.sync_warehouse", "--at", "21:20"),
        ("why", "stock.sync_warehouse", "--at", "21:00"),
        ("why", "billing.charge_subscriptions", "--at", "21:11"),
        ("why", "billing.close_day", "--at", "21:50"),
        ("why", "ops.backup_database", "--at", "21:52"),
        ("why", "heartbeat", "--at", "21:59:50"),
        ("why", "heartbeat", "--at", "22:00"),
        ("why", "heartbeat", "--at", "20:00"),
        ("why", "mail.newsletter", "--at", "2026-10-20T10:00"),
    ),
}


@pytest.fixture(autouse=True)
def _evening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    file = tmp_path / "beatkit.db"
    evening(file)
    app.conf.beatkit_store_url = f"sqlite:///{file}"
    clock: Callable[[], int] = lambda: at("21:59:58")  # noqa: E731
    monkeypatch.setattr(sqlite, "sqlite_store", partial(sqlite.sqlite_store, clock=clock))
    monkeypatch.setattr("beatkit.operate.now", lambda: NOW.astimezone(UTC))
    yield
    app.conf.beatkit_store_url = "memory://"


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_printed(verb: str, run: Run) -> None:
    told = "\n".join(_told(run, words, width) for width in WIDTHS for words in VERBS[verb])
    file = FOLDER / f"{verb}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(told)
    assert told == file.read_text()


def _told(run: Run, words: tuple[str, ...], width: int) -> str:
    done = run(*words, width=width)
    head = f"$ COLUMNS={width} celery -A shop schedule {shlex.join(words)}\n"
    return f"{head}{done.out}--- exit code {done.code}, on stderr:\n{done.err}"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal(verb: str, width: int, run: Run) -> None:
    for words in VERBS[verb]:
        lines = run(*words, width=width).out.splitlines()
        assert [line for line in lines if len(line) > width] == []


def test_history_for_programs(run: Run) -> None:
    done = run("history", "heartbeat", "-o", "jsonl", "-n", "1", "--tz", "UTC")
    assert json.loads(done.out) == {
        "schema": 1,
        "kind": "history",
        "slot_kind": "scheduled",
        "name": "heartbeat",
        "slot": "2026-10-24T19:59:45Z",
        "slot_epoch": 1792871985,
        "outcome": "running",
        "reason": None,
        "when": "2026-10-24T19:59:45.030Z",
        "when_epoch": 1792871985.03,
        "sent": "2026-10-24T19:59:45.020Z",
        "sent_epoch": 1792871985.02,
        "started": "2026-10-24T19:59:45.030Z",
        "started_epoch": 1792871985.03,
        "finished": None,
        "finished_epoch": None,
        "late_s": 0.03,
        "took_s": None,
        "tries": 1,
        "copies": 0,
        "worker": "celery@worker-1",
        "beat": "desk-41-9f3c2a",
        "task_id": task_id(NAME, "heartbeat", at("21:59:45")),
        "ran_for": "2026-10-24T19:59:45Z",
        "ran_for_epoch": 1792871985,
        "first_slot": None,
        "first_slot_epoch": None,
        "count": 1,
    }


def test_history_is_plain_for_cut_and_awk(run: Run) -> None:
    done = run("history", "heartbeat", "-o", "plain", "-n", "2")
    assert done.out.splitlines() == [
        "WHEN\tSLOT\tSLOT_KIND\tOUTCOME\tLATE_S\tTOOK_S\tWORKER",
        "2026-10-24T21:59:45.030+02:00\t2026-10-24T21:59:45+02:00\tscheduled\trunning\t0.03\t-"
        "\tcelery@worker-1",
        "2026-10-24T21:00:00.055+02:00\t2026-10-24T21:00:00+02:00\tscheduled\tSUCCESS\t0.055\t"
        "0.004\tcelery@worker-1",
    ]


def test_why_for_programs_gives_the_slots_around_and_the_records(run: Run) -> None:
    items: list[dict[str, Any]] = json.loads(run("why", "heartbeat", "--at", "21:00", "-j").out)[
        "items"
    ]
    (found,) = items
    assert (found["found"], found["slot"]) == ("decided", "2026-10-24T21:00:00+02:00")
    assert [one["outcome"] for one in found["records"]] == ["SUCCESS"]
    (none,) = json.loads(run("why", "heartbeat", "--at", "21:00:07", "-j").out)["items"]
    assert (none["found"], none["slot"], none["slot_before"], none["slot_after"]) == (
        "no_slot", None, "2026-10-24T21:00:00+02:00", "2026-10-24T21:00:15+02:00",
    )  # fmt: skip


def test_the_latest_slot_is_asked_about_where_no_time_is_given(run: Run) -> None:
    assert run("why", "heartbeat").out == run("why", "heartbeat", "--at", "21:59:45").out


def test_an_entry_that_nobody_knows(run: Run) -> None:
    for verb in (("history", "heartbeet"), ("why", "heartbeet", "--at", "21:00")):
        done = run(*verb)
        assert (done.code, done.out, done.err) == (
            2, "",
            "Error: There is no entry 'heartbeet' in the schedule of app 'shop'\n"
            "  did you mean 'heartbeat'?\n",
        )  # fmt: skip


def test_a_store_that_is_inside_another_process(run: Run) -> None:
    app.conf.beatkit_store_url = "memory://"
    done = run("history")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: the store is 'memory://', which is inside the process of")


def test_a_store_that_is_not_there(run: Run, tmp_path: Path) -> None:
    app.conf.beatkit_store_url = f"sqlite:///{tmp_path}/none.db"
    for verb in (("history",), ("why", "heartbeat")):
        done = run(*verb)
        assert (done.code, done.out) == (69, "")
        assert done.err.startswith(f"Error: the store's file '{tmp_path}/none.db' is not there")


def test_the_list_for_programs_has_the_last_run_and_none_where_there_was_none(run: Run) -> None:
    items = json.loads(run("list", "stock.*", *PRESENT, "--tz", "UTC", "-j").out)["items"]
    keys = ("last", "last_epoch", "last_outcome", "last_took_s", "last_task_id")
    lasts = {item["name"]: tuple(item[key] for key in keys) for item in items}
    run_id = task_id(NAME, "stock.sync_warehouse", at("21:40:00"))
    assert lasts == {
        "stock.sync_warehouse": ("2026-10-24T19:40:06Z", 1792870806, "SUCCESS", 2.0, run_id),
        "stock.reorder": (None, None, None, None, None),
    }


def test_without_a_store_the_list_works_and_says_so(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "locked"
    file.mkdir()
    app.conf.beatkit_store_url = f"sqlite:///{file}"
    done = run("list", "heartbeat", *PRESENT)
    assert (done.code, done.out.splitlines()[1].split()[-1]) == (0, "on")
    assert done.err.splitlines()[-1] == ("1 entry · now Sat 24 Oct 21:59:58 CEST · no store read")
    done = run("show", "heartbeat", *PRESENT)
    assert (done.code, done.err.splitlines()[-1]) == (
        0, "no store read: the last run is not known",
    )  # fmt: skip
