"""`pause`, `resume` and `trigger`, on a broker and a store in this process's memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from beatkit.operate import Schedule
from tests.unit.cli.conftest import Done, Run
from tests.unit.operate.shop import shop

WHO = ("--reason", "month's end", "--by", "ann@desk")


@dataclass
class Desk:
    """One shop, and whoever operates it."""

    run: Run
    schedule: Schedule
    app: Celery

    def __call__(self, *words: str, **how: Any) -> Done:
        return self.run(*words, app=self.app, **how)

    def scopes(self) -> list[str]:
        return [pause.scope for pause in self.schedule.pauses()]


@pytest.fixture
def act(run: Run, tmp_path: Path) -> Desk:
    return Desk(run, *shop(tmp_path))


def test_pause_shows_what_it_paused_and_what_it_spared(act: Desk) -> None:
    done = act("pause", "shop.*", *WHO, "--until", "2126-01-02T03:04Z", "-o", "json")
    document = json.loads(done.out)
    (hello, mail) = document["items"]
    assert hello == {
        "scope": "entry:shop.hello",
        "state": "paused",
        "since": hello["since"],
        "since_epoch": hello["since_epoch"],
        "until": "2126-01-02T03:04:00Z",
        "until_epoch": 4922996640,
        "by": "ann@desk",
        "reason": "month's end",
    }
    assert mail["scope"] == "entry:shop.mail"
    assert (document["schema"], document["kind"]) == (1, "pause")
    assert (done.code, done.err) == (0, "spared, for even_when_paused: shop.watchdog\n")


@pytest.mark.parametrize(
    ("words", "scope", "worded"),
    [
        (("shop.hello",), "entry:shop.hello", "shop.hello"),
        (("--queue", "mail"), "entry:shop.mail", "shop.mail"),
        (("--tag", "outgoing"), "tag:outgoing", "tag outgoing"),
        (("--all",), "*", "everything"),
    ],
)
def test_what_was_paused_is_resumed_by_the_same_words(act, words, scope, worded) -> None:
    assert act("pause", *words, *WHO).out.splitlines()[1].startswith(worded)
    assert act.scopes() == [scope]
    done = act("resume", *words, "-o", "plain", quiet=True)
    assert done.out.split("\t")[:2] == [scope, "resumed"]
    assert act.scopes() == []


def test_pause_with_nothing_named_shows_the_pauses_in_force(act: Desk) -> None:
    nothing = act("pause", "-o", "plain", quiet=True)
    assert (nothing.code, nothing.out) == (0, "")
    assert act("pause").err == "nothing is paused\n"
    act("pause", "--all", *WHO)
    done = act("pause", "-o", "plain", quiet=True)
    assert done.out.split("\t")[:2] == ["*", "in force"]
    assert done.out.split("\t")[4:] == ["ann@desk", "month's end\n"]


def test_a_named_entry_that_stays_paused_is_a_no(act: Desk) -> None:
    act("pause", "--all", *WHO)
    done = act("resume", "shop.hello", "-o", "plain", quiet=True)
    assert (done.code, done.out.split("\t")[:2]) == (1, ["*", "still paused"])
    act("pause", "shop.hello", *WHO)
    done = act("resume", "--all", "-o", "plain", quiet=True)
    states = [line.split("\t")[:2] for line in done.out.splitlines()]
    assert states == [["*", "resumed"], ["entry:shop.hello", "still paused"]]
    assert done.code == 0


def test_a_resume_of_what_is_not_paused_does_nothing_and_says_so(act: Desk) -> None:
    done = act("resume", "shop.hello", "-o", "json")
    assert (done.code, json.loads(done.out)["items"]) == (0, [])
    assert done.err == "nothing was paused by just that\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pause", "shop.hello"), "why? write --reason 'migration of the invoices'"),
        (("pause", "shop.hello", "--reason", " "), "why? write --reason"),
        (("pause", *WHO), "which entries? write names, or one of --queue, --tag and --all"),
        (("pause", "a", "--all", *WHO), "which entries? write names, or one of --queue"),
        (("resume",), "which entries? write names, or one of --queue, --tag and --all"),
        (("pause", "shop.helo", *WHO), "did you mean 'shop.hello'?"),
        (("pause", "--tag", "x", *WHO), "in this schedule there are: 'outgoing'"),
        (("pause", "--all", *WHO, "--until", "-2h"), "write a later time, with its date"),
        (("pause", "--all", "--reason", "x" * 501), "has 501 characters, expected 500 at most"),
        (("trigger", "shop.helo"), "did you mean 'shop.hello'?"),
        (("trigger",), "Missing argument 'NAME'"),
    ],
)
def test_what_cannot_be_done_is_exit_code_2_and_changes_nothing(act, words, message) -> None:
    done = act(*words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert act.schedule.deeds() == []


def test_trigger_says_the_id_and_the_queue(act: Desk) -> None:
    done = act("trigger", "shop.mail", "-o", "json", "--reason", "customer waits")
    (item,) = json.loads(done.out)["items"]
    (deed,) = act.schedule.deeds()
    assert item == {
        "name": "shop.mail",
        "task_id": deed.task_id,
        "queue": "mail",
        "priority": None,
        "at": item["at"],
        "at_epoch": item["at_epoch"],
        "slot_kind": "manual",
    }
    assert (done.code, done.err, deed.reason) == (0, "", "customer waits")


def test_trigger_sends_what_is_off_and_says_so(act: Desk) -> None:
    done = act("trigger", "stock.sync")
    assert (done.code, done.err) == (0, "stock.sync is off: beats do not send it\n")


@pytest.mark.parametrize("words", [("pause", "--all", *WHO), ("resume", "--all"), ("trigger", "e")])
def test_a_store_that_is_away_is_exit_code_69(run: Run, words: tuple[str, ...]) -> None:
    app = Celery("shop", broker="redis://127.0.0.1:1/0", set_as_current=False)
    app.conf.beat_schedule = {"e": {"task": "celery.backend_cleanup", "schedule": 60.0}}
    done = run(*words, app=app)
    assert (done.code, done.out) == (69, "")
    assert "Store 'redis://127.0.0.1:1/0' is not available" in done.err


@pytest.mark.parametrize("words", [("pause", "--all", *WHO), ("forget", "e"), ("history",)])
def test_a_person_is_told_to_come_again_where_a_beat_would_by_itself(
    run: Run, words: tuple[str, ...]
) -> None:
    app = Celery("shop", broker="redis://127.0.0.1:1/0", set_as_current=False)
    app.conf.beat_schedule = {"e": {"task": "celery.backend_cleanup", "schedule": 60.0}}
    assert run(*words, app=app).err == (
        "Error: Store 'redis://127.0.0.1:1/0' is not available: Error 111 connecting to "
        "127.0.0.1:1. Connection refused.\n"
        "  from broker_url\n"
        "  start it, or correct host and port; try again when it is back: nothing is done twice "
        "by that\n"
    )


def test_history_tells_who_did_what_and_why(act: Desk) -> None:
    act("pause", "--all", "--reason", "deployment", "--by", "bob", "--until", "2126-01-02T03:04Z")
    act("pause", "--tag", "outgoing", *WHO)
    act("skip-next", "shop.hello", *WHO)
    act("resume", "--all", "--by", "bob")
    document = json.loads(act("history", "--actions", "-j").out)
    found = [(one["verb"], one["scopes"], one["by"], one["reason"]) for one in document["items"]]
    assert found == [
        ("resume", ["*"], "bob", None),
        ("skip-next", ["skip:shop.hello"], "ann@desk", "month's end"),
        ("pause", ["tag:outgoing"], "ann@desk", "month's end"),
        ("pause", ["*"], "bob", "deployment"),
    ]
    assert document["items"][3]["until"] == "2126-01-02T03:04:00Z"
    shown = act("history", "--actions", "-n", "2", width=120).out.splitlines()
    assert shown[0].split() == ["WHEN", "DID", "WHAT", "BY", "REASON"]
    told = [line.split("UTC")[1].split("  ") for line in shown[1:]]
    assert [[part.strip() for part in parts if part] for parts in told] == [
        ["resume", "everything", "bob", "-"],
        ["skip-next", "shop.hello", "ann@desk", "month's end"],
    ]


def test_the_actions_on_one_entry_are_those_that_name_it_or_mean_everything(act: Desk) -> None:
    act("pause", "shop.mail", *WHO)
    act("trigger", "shop.hello", "--by", "ann@desk")
    act("pause", "--all", *WHO)
    one = json.loads(act("history", "shop.h*", "--actions", "-j").out)["items"]
    assert [item["verb"] for item in one] == ["pause", "trigger"]
    assert one[1]["task_id"] is not None
    assert act("history", "--actions", "--since", "+1h").err == "nobody did anything\n"
    assert act("history", "--actions", "--failed").code == 2


@pytest.mark.parametrize(
    "words",
    [("trigger",), ("skip-next", "--reason", "r"), ("show",), ("why",)],
    ids=lambda words: words[0],
)
def test_a_pattern_where_one_name_is_expected(act: Desk, words: tuple[str, ...]) -> None:
    done = act(*words, "shop.*")
    assert (done.code, done.err) == (
        2,
        f"Error: There is no entry 'shop.*' in the schedule of app {act.app.main!r}\n"
        "  one name is expected here, not a pattern: write one of shop.hello, shop.mail, "
        "shop.watchdog\n",
    )


OPERATING = (
    ("pause",), ("pause", "x", *WHO), ("resume", "x"), ("skip-next", "x", "--reason", "r"),
    ("trigger", "x"), ("trigger", "x", "--wait"), ("backfill", "x", "--from", "-1h", "--to", "now"),
    ("forget", "x"), ("remove", "x"), ("history",), ("why", "x"), ("status",), ("diff", "--store"),
    ("check", "--store"),
)  # fmt: skip


def small(**settings: Any) -> Celery:
    app = Celery("small", set_as_current=False)
    app.conf.update(settings)
    app.conf.beat_schedule = {"x": {"task": "celery.backend_cleanup", "schedule": 60.0}}
    return app


@pytest.mark.parametrize("words", OPERATING, ids=" ".join)
def test_a_store_inside_another_process_is_refused_and_not_acted_on(
    run: Run, words: tuple[str, ...]
) -> None:
    done = run(*words, app=small(broker_url="memory://"))
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: the store is 'memory://', which is inside the process of its beat, expected one "
        "that others can reach\n"
        "  from broker_url\n"
        "  write beatkit_store_url = 'redis://HOST:6379/0', or ask on the beat's host: "
        "beatkit health\n"
    )


@pytest.mark.parametrize("words", OPERATING, ids=" ".join)
def test_a_store_file_that_no_beat_has_made_is_not_made_by_acting_on_it(
    run: Run, words: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "beatkit.db"
    app = small(broker_url="memory://", beatkit_store_url=f"sqlite:///{file}")
    done = run(*words, app=app)
    assert (done.code, done.out, file.exists()) == (69, "", False)
    assert done.err.startswith(f"Error: the store's file {str(file)!r} is not there, expected the ")


CRON = "30 2 * * * celery -A small call celery.backend_cleanup\n"


def test_a_dry_run_of_import_needs_no_store_and_an_import_one_that_beats_see(
    run: Run, tmp_path: Path
) -> None:
    file, app = tmp_path / "x.cron", small(broker_url="memory://")
    file.write_text(CRON)
    assert run("import", "crontab", str(file), "--dry-run", app=app).code == 0
    done = run("import", "crontab", str(file), app=app)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: the store is 'memory://', which is inside the process of ")


def test_an_import_may_come_before_the_first_beat(run: Run, tmp_path: Path) -> None:
    file, store = tmp_path / "x.cron", tmp_path / "beatkit.db"
    file.write_text(CRON)
    app = small(broker_url="memory://", beatkit_store_url=f"sqlite:///{store}")
    done = run("import", "crontab", str(file), app=app)
    assert (done.code, done.err, store.exists()) == (0, "1 imported, 0 refused\n", True)
