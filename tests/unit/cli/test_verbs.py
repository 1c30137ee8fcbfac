"""What verbs answer to programs and to people who mistype."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tests.unit.cli.conftest import Run
from tests.unit.cli.shop import app as shop

AT = ("--at", "2026-11-22T12:00:07Z")


def answer(run: Run, *words: str, **how: Any) -> Any:
    done = run(*words, *AT, "-o", "json", **how)
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_json_has_a_schema_number_and_both_forms_of_each_instant(run: Run) -> None:
    document = answer(run, "list", "billing.close_day")
    assert document == {
        "schema": 1,
        "kind": "list",
        "now": "2026-11-22T13:00:07+01:00",
        "now_epoch": 1795348807,
        "timezone": "Europe/Berlin",
        "items": [
            {
                "name": "billing.close_day",
                "task": "billing.close_day",
                "next": "2026-11-23T02:30:00+01:00",
                "next_epoch": 1795397400,
                "in_s": 48593.0,
                "last": None,
                "last_epoch": None,
                "last_outcome": None,
                "last_took_s": None,
                "last_task_id": None,
                "schedule": "30 2 * * *",
                "description": "Close day.",
                "queue": "billing",
                "priority": None,
                "state": "on",
                "paused": [],
                "paused_until": None,
                "paused_until_epoch": None,
                "skips_next": False,
                "owner": "code",
                "timezone": "Europe/Berlin",
                "tags": ["money"],
            }
        ],
    }


def test_j_is_short_for_json(run: Run) -> None:
    assert run("list", "-j", *AT).out == run("list", "-o", "json", *AT).out


def test_jsonl_is_one_object_a_line_each_with_the_schema_number(run: Run) -> None:
    lines = [
        json.loads(line) for line in run("next", "-n", "3", "-o", "jsonl", *AT).out.split("\n")[:-1]
    ]
    assert [(line["schema"], line["kind"], line["name"]) for line in lines] == [
        (1, "next", "heartbeat"),
        (1, "next", "heartbeat"),
        (1, "next", "heartbeat"),
    ]


def test_plain_is_tab_separated_with_a_header(run: Run) -> None:
    assert run("list", "ops.*", "--state", "off", "-o", "plain", *AT).out == (
        "NEXT\tIN_S\tLAST\tNAME\tSCHEDULE\tQUEUE\tSTATE\tOWNER\n"
        "2026-11-23T12:00:00+01:00\t82793.0\t-\tops.certificate_check\t0 12 * * *\tops\toff\tcode\n"
    )


def test_quiet_leaves_out_the_header_and_the_notes(run: Run) -> None:
    done = run("list", "ops.*", "--state", "off", "-o", "plain", *AT, quiet=True)
    assert (done.out.count("\n"), done.err) == (1, "")


def test_an_entry_that_has_not_run_has_no_epoch(run: Run) -> None:
    items = answer(run, "list")["items"]
    assert {(item["last"], item["last_epoch"]) for item in items} == {(None, None)}
    assert "1970" not in run("list", *AT, width=160).out


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--queue", "reports", "reports.r*"), ["reports.rebuild_dashboards"]),
        (("--tag", "money"), ["billing.close_day", "billing.send_invoices"]),
        (("--state", "no task"), ["legacy-sync"]),
        (("mail.*", "--queue", "mail", "--tag", "money"), []),
    ],
)  # fmt: skip
def test_entries_are_chosen_by_queue_tag_and_state(
    words: tuple[str, ...], names: list[str], run: Run
) -> None:
    assert [item["name"] for item in answer(run, "list", *words)["items"]] == names


def test_the_next_first_and_what_is_off_last(run: Run) -> None:
    items = answer(run, "list")["items"]
    waiting = [item["next_epoch"] for item in items if item["state"] != "off"]
    assert waiting == sorted(waiting)
    assert [item["name"] for item in items if item["state"] == "off"] == [items[-1]["name"]]


def test_show_tells_all_about_an_entry_and_hides_secrets(run: Run) -> None:
    (item,) = answer(run, "show", "ops.backup_database", "-n", "1")["items"]
    assert item["args"] == ["postgres://u:***@db/shop"]
    assert item["policy"] == {
        "catch_up": "latest",
        "coalesce": True,
        "deadline": None,
        "overlap": "allow",
        "even_when_paused": False,
        "jitter": 0.0,
    }
    assert item["file"].endswith("tests/unit/cli/shop.py")
    assert item["next"] == [
        {
            "at": "2026-11-23T01:15:00+01:00",
            "at_epoch": 1795392900,
            "in_s": 44093.0,
            "remark": "",
        }
    ]


def test_an_entry_of_beat_schedule_says_so(run: Run) -> None:
    done = run("show", "legacy-sync", "-n", "0", *AT)
    assert done.out == (
        "name      legacy-sync\n"
        "task      legacy.sync\n"
        "state     no task\n"
        "schedule  every 5min\n"
        "in words  every 5 minutes\n"
        "shown in  Europe/Berlin\n"
        "queue     celery\n"
        "policy    Celery's own: the latest missed slot is sent, and nothing guards the run\n"
        "declared  in beat_schedule\n"
        "\n"
    )


def test_next_stops_at_until(run: Run) -> None:
    done = run("next", "ops.*", "--until", "+30min", *AT)
    assert done.out.splitlines()[1:] == [
        "Sun 22 Nov 13:01:30 CET  1min 23s  ops.cleanup_sessions  ops"
    ]


def test_next_says_when_nothing_is_due(run: Run) -> None:
    done = run("next", "mail.newsletter", "--until", "+1h", *AT)
    assert (done.code, done.out, done.err) == (0, "", "nothing is due in this time\n")


def test_timeline_draws_an_svg_and_a_page(run: Run, tmp_path: Path) -> None:
    svg, html = tmp_path / "day.svg", tmp_path / "day.html"
    done = run("timeline", "--svg", str(svg), "--html", str(html), *AT)
    assert done.err == f"wrote {svg}\nwrote {html}\n"
    assert svg.read_text().startswith("<svg ")
    assert svg.read_text() in html.read_text()


def test_timeline_counts_half_hours(run: Run) -> None:
    document = answer(run, "timeline", "stock.reorder", "--from", "2026-11-23T00:00")
    assert document["items"] == [
        {
            "queue": "warehouse",
            "runs": 1,
            "peak": 1,
            "peak_at": "2026-11-23T05:00:00+01:00",
            "peak_at_epoch": 1795406400,
            "counts": [0] * 10 + [1] + [0] * 37,
        }
    ]


def test_check_answers_with_the_exit_code(run: Run) -> None:
    done = run("check", "-o", "json", *AT)
    document = json.loads(done.out)
    assert (done.code, document["ok"], document["errors"]) == (1, False, 1)
    assert document["items"][0] == {
        "severity": "error",
        "rule": "unknown-task",
        "entry": "legacy-sync",
        "owner": "code",
        "file": None,
        "line": None,
        "message": "Entry 'legacy-sync': task 'legacy.sync' is not defined by any imported module",
        "remedy": "import the module that defines it (setting imports); or, if it lives in another"
        ' code base, beatkit_remote_tasks = ["legacy.sync"]',
    }


def sloppy() -> Any:
    """An app with a warning and no error."""
    app = Celery("sloppy", set_as_current=False)
    app.conf.beat_scheduler = "beatkit"
    app.conf.beat_schedule = {"e": {"task": "celery.backend_cleanup", "schedule": 15.0}}
    return app


def test_strict_makes_warnings_count(run: Run) -> None:
    assert run("check", app=sloppy()).code == 0
    assert run("check", "--strict", app=sloppy()).code == 1


def test_simulate_counts_what_an_outage_costs(run: Run) -> None:
    words = ("simulate", "billing.*", "--from", "2026-11-23T00:00", "--to", "2026-11-23T06:00")
    document = answer(run, *words, "--down", "2026-11-23T02:00..2026-11-23T04:30")
    assert (document["sent"], document["missed"]) == (3, 1)
    assert [(item["name"], item["sent"], item["caught_up"], item["missed"])
            for item in document["items"]] == [
        ("billing.retry_failed_payments", 2, 1, 0),
        ("billing.charge_subscriptions", 1, 1, 0),
        ("billing.close_day", 0, 0, 1),
    ]  # fmt: skip


def test_a_lock_that_holds(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schedule.lock.json"
    assert run("lock", str(file)).err == f"wrote 21 entries to {file}\n"
    done = run("diff", "--lock", str(file))
    assert (done.code, done.out, done.err) == (0, "", f"the same as {file}\n")
    assert "s3cr3t" not in file.read_text()


def test_a_lock_that_does_not_hold(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schedule.lock.json"
    run("lock", str(file))
    locked = json.loads(file.read_text())
    locked["entries"]["billing.close_day"]["schedule"]["texts"] = ["0 3 * * *"]
    locked["entries"]["gone"] = locked["entries"].pop("heartbeat")
    file.write_text(json.dumps(locked))
    done = run("diff", "--lock", str(file))
    assert done.code == 1
    assert done.out == (
        "CHANGE   NAME               FIELD           LOCKED         NOW\n"
        'changed  billing.close_day  schedule.texts  ["0 3 * * *"]  ["30 2 * * *"]\n'
        "removed  gone\n"
        "added    heartbeat\n"
    )
    assert done.err == f"3 differences from {file}\n"


def test_a_lock_that_is_not_there(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    done = run("diff", "--lock", str(file))
    assert (done.code, done.err) == (
        2,
        f"Error: there is no file {str(file)!r}\n"
        f"  write it with: celery -A ... schedule lock {file}\n",
    )


def test_a_lock_that_is_something_else(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "package.json"
    file.write_text("[1, 2]")
    done = run("diff", "--lock", str(file))
    assert (done.code, done.err.splitlines()[0]) == (
        2,
        f"Error: {str(file)!r} is no file of `schedule lock`",
    )


def test_diff_wants_to_know_with_what(run: Run) -> None:
    done = run("diff")
    assert (done.code, done.err.splitlines()[-1]) == (
        2,
        "Error: compare with what? write: schedule diff --lock [FILE], or --store",
    )


def test_settings_shows_values_without_secrets(run: Run) -> None:
    app = Celery("s", broker="redis://:hush@localhost:6379/0", set_as_current=False)
    done = run("settings", app=app)
    assert done.out == (
        "SETTING     VALUE                            FROM      OVERRODE\n"
        "broker_url  'redis://:***@localhost:6379/0'  app.conf  -\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("shwo",), "Error: schedule has no verb 'shwo'; did you mean 'show'?"),
        (("list", "--tz", "Berlin"), "Error: Invalid value for '--tz': there is no time zone"
         " 'Berlin'; did you mean 'Europe/Berlin'?"),
        (("list", "--at", "noon"), "Error: Invalid value for '--at': 'noon' is no time, expected"
         " such as 2026-03-29T01:30+01:00, '2026-03-29 01:30', 04:00, now or +2h"),
        (("simulate", "--down", "02:00"), "Error: --down is '02:00', expected two times such as"
         " 02:00..04:30, the later one last"),
        (("simulate", "--down", "04:00..02:00"), "Error: --down is '04:00..02:00', expected two"
         " times such as 02:00..04:30, the later one last"),
        (("simulate", "--to", "-1h"), "Error: --to is '-1h', which is not after --from"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_clear_line_and_exit_code_2(
    words: tuple[str, ...], message: str, run: Run
) -> None:
    done = run(*words)
    assert (done.code, done.err.splitlines()[-1]) == (2, message)


def test_an_entry_that_is_not_there(run: Run) -> None:
    done = run("show", "billing.close_dya")
    assert (done.code, done.err) == (
        2,
        "Error: There is no entry 'billing.close_dya' in the schedule of app 'shop'\n"
        "  did you mean 'billing.close_day'?\n",
    )


def test_a_functions_name_is_near_to_its_entry(run: Run) -> None:
    done = run("show", "close_day")
    assert (done.code, done.err) == (
        2,
        "Error: There is no entry 'close_day' in the schedule of app 'shop'\n"
        "  did you mean 'billing.close_day'?\n",
    )


def test_a_number_of_slots_has_an_option(run: Run) -> None:
    done = run("next", "5")
    assert (done.code, done.err.splitlines()[-1]) == (2, "Error: to see 5 slots, write -n 5")


def test_a_glob_that_matches_nothing(run: Run) -> None:
    done = run("list", "nothing.*")
    assert (done.code, done.err) == (
        2,
        "Error: There is no entry 'nothing.*' in the schedule of app 'shop'\n"
        "  see the names with: celery -A ... schedule list\n",
    )


def test_a_schedule_that_cannot_work_is_said_without_a_traceback(run: Run) -> None:
    app = Celery("broken", set_as_current=False)
    app.conf.beat_schedule = {"e": {"task": "celery.backend_cleanup", "schedule": -5}}
    done = run("list", app=app)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: Entry 'e': every(seconds=-5) is an interval of -5 seconds")


def test_an_empty_schedule_is_no_error(run: Run) -> None:
    app = Celery("empty", set_as_current=False)
    done = run("list", *AT, app=app)
    assert (done.code, done.out) == (0, "")
    assert done.err == "0 entries · now Sun 22 Nov 12:00:07 UTC · no store read\n"
    assert run("timeline", *AT, app=app).code == 0
    assert run("check", app=app).code == 0


def test_explain_says_where_an_expression_is_wrong(run: Run) -> None:
    done = run("explain", "0 25 * * *")
    assert (done.code, done.err) == (
        1,
        "Error: hour is 25 in cron '0 25 * * *', expected 0-23\n"
        "  0 25 * * *\n"
        "    ^^\n"
        "  write '23', or another hour from 0 to 23\n",
    )


def test_explain_recognises_what_the_shell_made_of_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop.py").touch()
    monkeypatch.chdir(tmp_path)
    done = run("explain", "0", "4", "shop.py", "shop.py", "shop.py")
    assert (done.code, done.err.splitlines()[-1]) == (
        1,
        "  the shell has put file names in the place of *: write EXPR in quotes",
    )


def test_explain_takes_h_from_a_name(run: Run) -> None:
    one = answer(run, "explain", "H H(0-5) * * *", "--name", "a")["items"][0]["normal"]
    other = answer(run, "explain", "H H(0-5) * * *", "--name", "b")["items"][0]["normal"]
    assert one != other


def test_help_lists_every_verb_and_the_exit_codes(run: Run) -> None:
    told = run("--help").out
    for verb in ("list", "show", "next", "timeline", "explain", "check", "simulate", "settings",
                 "lock", "diff", "pause", "resume", "trigger"):  # fmt: skip
        assert f"\n  {verb} " in told
        assert run(verb, "--help").code == 0
    assert "69" in told


def test_the_shop_is_left_as_it_was() -> None:
    assert shop.conf.beat_schedule["legacy-sync"] == {"task": "legacy.sync", "schedule": 300.0}
