"""One seeded fault for each rule of check(), and the whole of what is said about it."""

from __future__ import annotations

import doctest
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from celery import Celery
from celery.schedules import BaseSchedule, crontab
from kombu import Queue

import beatkit.checks
from beatkit import Registry, check, every, install, make_app
from beatkit.checks import Finding, Report
from beatkit.checks.report import Rule
from beatkit.schedules.celery import at

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def shop(**settings: Any) -> tuple[Any, Registry]:
    registry = Registry()
    settings.setdefault("broker_url", "memory://")
    return make_app("shop", registry=registry, **settings), registry


def work(word: str = "") -> None:
    """What the entries run."""


def plain(schedule: Any = 3600.0, task: str = "shop.work", **row: Any) -> Any:
    """An app of Celery's own with one entry called `e` in its beat_schedule."""
    app = Celery("shop", set_as_current=False)
    app.conf.beat_schedule = {"e": {"task": task, "schedule": schedule, **row}}
    app.conf.beat_scheduler = "beatkit.beat.scheduler:Scheduler"
    app.task(work, shared=False, name="shop.work")
    return app


def found(app: Any, **how: Any) -> list[tuple[str, str, str, str]]:
    report = check(app, at=NOW, **how)
    return [(one.severity, one.rule, one.message, one.remedy) for one in report.findings]


def test_a_sound_schedule_has_no_findings() -> None:
    app, registry = shop()

    @registry.periodic(cron="0 4 * * *", timezone="UTC")
    def work() -> None: ...

    assert check(app, at=NOW) == Report((), 1)


def test_a_task_that_no_module_defines() -> None:
    assert found(plain(task="shop.wrok")) == [
        (
            "error",
            "unknown-task",
            "Entry 'e': task 'shop.wrok' is not defined by any imported module",
            "write 'shop.work'; or, if it lives in another code base,"
            ' beatkit_remote_tasks = ["shop.wrok"]',
        )
    ]


def test_arguments_that_do_not_fit() -> None:
    app = plain(args=["a", "b"])
    assert found(app) == [
        (
            "error",
            "arguments",
            "Entry 'e': args=['a', 'b'] do not fit work(word=''): too many positional arguments",
            "it needs no arguments: leave out args and kwargs, or make them fit",
        )
    ]


def test_arguments_that_cannot_travel() -> None:
    (finding,) = found(plain(args=[{1, 2}.__iter__()]))
    assert finding[:2] == ("error", "serialisation")
    assert finding[2].startswith("Entry 'e': args[0] is <set_iterator object at ")


def test_two_entries_of_one_name() -> None:
    app, registry = shop()

    @registry.periodic(minutes=5, name="twice")
    def one() -> None: ...

    @registry.periodic(minutes=5, name="twice")
    def two() -> None: ...

    (finding,) = check(app, at=NOW).findings
    assert (finding.rule, finding.severity, finding.entry) == ("duplicate-name", "error", "twice")
    assert finding.message.startswith("Entry 'twice' is declared twice; the other one stands in ")
    assert finding.remedy == "write another name= in one of them"
    assert finding.source is not None
    assert finding.source.file.endswith("test_findings.py")


def test_a_schedule_that_has_ended() -> None:
    assert found(plain(at(datetime(2026, 1, 1, tzinfo=UTC)))) == [
        (
            "warning",
            "never-fires",
            "Entry 'e': never fires again: its last was 2026-01-01 00:00 UTC",
            "take it out, or give it a time to come",
        )
    ]


def test_an_hour_without_a_minute() -> None:
    assert found(plain(crontab(hour=4))) == [
        (
            "warning",
            "every-minute",
            "Entry 'e': cron '* 4 * * *' has minute * and hour 4: it runs every minute of it",
            "write '0 4 * * *' if once is meant",
        )
    ]


def test_both_day_fields() -> None:
    assert found(plain(crontab(minute=0, hour=0, day_of_month=13, day_of_week=5))) == [
        (
            "warning",
            "both-days",
            "Entry 'e': cron '0 0 13 * 5' sets day of month 13 and weekday 5: both must match, as"
            " in Celery's crontab(); in Unix cron either is enough",
            "write cron(...) without days='and' for either",
        )
    ]


def test_a_step_that_does_not_divide_its_range() -> None:
    assert found(plain(crontab(minute="*/7"))) == [
        (
            "warning",
            "uneven-step",
            "Entry 'e': cron '*/7 * * * *' has minute */7, and 7 does not divide 60: after 56 comes"
            " 0, 4 instead of 7 further on",
            "write '*/6', or an interval such as every(...) for even distances",
        )
    ]


def test_a_text_that_celery_reads_otherwise_than_it_looks() -> None:
    assert found(plain(crontab(minute=0, hour="1-5-9"))) == [
        (
            "warning",
            "misread",
            "Entry 'e': hour '1-5-9' means '1-5' to Celery",
            "write what it means",
        )
    ]


def test_a_fixed_time_where_clocks_change() -> None:
    app = plain(crontab(minute=30, hour=2))
    app.conf.timezone = "Europe/Berlin"
    assert found(app) == [
        (
            "note",
            "clock-change",
            "Entry 'e': on 28 Mar 2027 clocks skip 02:00 to 03:00, and what cron '30 2 * * *' would"
            " run then runs once, at 03:00 CEST; on 31 Oct 2027 02:30 comes twice, and cron"
            " '30 2 * * *' runs at the first",
            "write another time, gap='skip' or fold='both', or timezone='UTC'",
        )
    ]


def test_a_fixed_time_whose_owner_has_decided_is_left_alone() -> None:
    app, registry = shop(timezone="Europe/Berlin")

    @registry.periodic(cron="30 2 * * *", gap="skip")
    def work() -> None: ...

    assert found(app) == []


def test_an_interval_shorter_than_the_time_limit() -> None:
    app = plain(60.0)
    app.conf.task_time_limit = 300
    assert found(app) == [
        (
            "warning",
            "overlapping",
            "Entry 'e': runs every 60s, and a run may take 300s by its time limit: runs can"
            " overlap",
            "write beatkit_policies = {'e': {'overlap': 'skip'}}, a longer interval, or a shorter"
            " time_limit",
        )
    ]


def test_a_cron_entry_nearer_to_itself_than_the_time_limit() -> None:
    app = plain(crontab(minute="*/5"))
    app.conf.task_soft_time_limit = 400
    ((severity, rule, message, _),) = found(app)
    assert (severity, rule) == ("warning", "overlapping")
    assert message.startswith("Entry 'e': runs every 300s, and a run may take 400s")


def test_seconds_in_a_cron_expression_are_less_than_a_minute_too() -> None:
    ((severity, rule, message, _),) = found(plain("*/20 * * * * *"))
    assert (severity, rule) == ("warning", "no-deadline")
    assert message.startswith("Entry 'e': runs every 20s without deadline or expires")


def test_less_than_a_minute_without_a_deadline() -> None:
    assert found(plain(15.0)) == [
        (
            "warning",
            "no-deadline",
            "Entry 'e': runs every 15s without deadline or expires: while no worker runs, its"
            " messages pile up; then a backlog runs whole",
            "write options: expires 15",
        )
    ]
    assert found(plain(15.0, options={"expires": 15})) == []


def test_less_than_a_minute_under_the_guard_is_only_a_note() -> None:
    app, registry = shop()

    @registry.periodic(seconds=15)
    def work() -> None: ...

    ((severity, rule, _, remedy),) = found(app)
    assert (severity, rule, remedy) == ("note", "no-deadline", "write deadline=15")


def test_an_interval_of_days() -> None:
    ((severity, rule, message, remedy),) = found(plain(86_400 * 2))
    assert (severity, rule) == ("note", "elapsed-days")
    assert message == (
        "Entry 'e': runs every 48 hours, counted in UTC: its local time moves when the clocks"
        " change"
    )
    assert remedy == "write cron('0 4 * * *') for a time of day"


def test_a_file_that_can_be_no_store(tmp_path: Path) -> None:
    app, _ = shop(beatkit_store_url=f"sqlite:///{tmp_path}")
    assert found(app) == [
        (
            "error",
            "store",
            f"store '{tmp_path}' is a folder, expected a file",
            f"write sqlite:///{tmp_path}/beatkit.db",
        )
    ]


def test_a_url_of_a_file_store_that_names_no_file() -> None:
    app, _ = shop(beatkit_store_url="sqlite://beatkit.db")
    assert found(app) == [
        (
            "error",
            "store",
            "store is 'sqlite://beatkit.db', expected the path of a file after sqlite:///",
            "write sqlite:///beatkit.db, or sqlite:////var/lib/shop/beatkit.db",
        )
    ]


def test_a_folder_of_the_store_that_another_machine_may_have(tmp_path: Path) -> None:
    app, _ = shop(beatkit_store_url=f"sqlite:///{tmp_path}/none/beatkit.db")
    assert found(app) == [
        (
            "warning",
            "store",
            f"store '{tmp_path}/none/beatkit.db' has no folder to be in: '{tmp_path}/none' does"
            " not exist",
            f"make it first: mkdir -p {tmp_path}/none, or write the path of a file in a folder"
            " that exists",
        )
    ]


def test_a_queue_that_may_not_be_made() -> None:
    app = plain(options={"queue": "reprots"})
    app.conf.task_queues = [Queue("reports")]
    app.conf.task_create_missing_queues = False
    assert found(app) == [
        (
            "error",
            "unknown-queue",
            "Entry 'e': goes to queue 'reprots', which is not among task_queues (reports), and"
            " task_create_missing_queues is off",
            "add Queue('reprots') to task_queues, or name one of them",
        )
    ]


def test_a_queue_that_workers_do_not_read_by_themselves() -> None:
    app = plain(options={"queue": "reprots"})
    app.conf.task_queues = [Queue("reports"), Queue("celery")]
    assert found(app) == [
        (
            "warning",
            "unknown-queue",
            "Entry 'e': goes to queue 'reprots', which is not among task_queues (reports, celery):"
            " workers started without -Q do not read it",
            "add Queue('reprots') to task_queues, or name one of them",
        )
    ]


def test_a_visibility_timeout_shorter_than_a_late_acknowledged_run() -> None:
    app = plain(86_400 / 2)
    app.conf.update(
        broker_url="redis://localhost", task_acks_late=True, task_time_limit=7200,
    )  # fmt: skip
    assert found(app) == [
        (
            "warning",
            "redelivered",
            "Entry 'e': acknowledges late and may run 7200s, and the broker's visibility timeout is"
            " 3600s: a long run starts a second time beside the first",
            "write broker_transport_options = {'visibility_timeout': 7260}, or a shorter"
            " time_limit",
        )
    ]
    app.conf.broker_transport_options = {"visibility_timeout": 9000}
    assert found(app) == []


def test_more_entries_on_one_instant_than_are_good_for_the_queue() -> None:
    app = Celery("shop", set_as_current=False)
    app.conf.beat_scheduler = "beatkit"
    app.conf.beat_schedule = {
        f"e{number:02}": {"task": "celery.backend_cleanup", "schedule": crontab(minute=0, hour=0)}
        for number in range(12)
    }
    assert found(app) == [
        (
            "warning",
            "crowd",
            "12 entries come due at 2026-11-23 00:00:00 UTC: e00, e01, e02, e03, e04 and 7 more",
            "spread them: H in the minute of cron, offset='hash' of an interval, or jitter",
        )
    ]
    assert found(app, crowd=12) == []


def test_only_the_largest_crowds_are_named() -> None:
    app = Celery("shop", set_as_current=False)
    app.conf.beat_scheduler = "beatkit"
    app.conf.beat_schedule = {
        f"e{number}": {"task": "celery.backend_cleanup",
                       "schedule": crontab(minute=number % 7, hour=0)}
        for number in range(7 * 3)
    }  # fmt: skip
    findings = found(app, crowd=2)
    assert [one[0] for one in findings] == ["warning"] * 5 + ["note"]
    assert findings[-1][2:] == (
        "2 smaller crowds of more than 2 entries within a day",
        "see them with: schedule timeline",
    )


class Broken(BaseSchedule):
    """A schedule of a user's own that forgot something."""

    def __repr__(self) -> str:
        return "Broken()"

    def is_due(self, last_run_at: datetime) -> Any:
        return last_run_at > datetime(2026, 1, 1)


def test_a_schedule_of_the_users_own_that_raises() -> None:
    assert found(plain(Broken())) == [
        (
            "error",
            "schedule-raises",
            "Entry 'e': is_due of its schedule Broken() raised TypeError: can't compare"
            " offset-naive and offset-aware datetimes",
            "it must return whether a run is due, and the seconds until it is to be asked again",
        )
    ]


def test_an_entry_that_a_late_assignment_dropped() -> None:
    app, registry = shop()

    @registry.periodic(minutes=5, name="mine")
    def work() -> None: ...

    app.finalize()
    app.conf.beat_schedule = {}
    assert found(app) == [
        (
            "warning",
            "dropped",
            "Entry 'mine': conf.beat_schedule was assigned after the decorator had filled it;"
            " beatkit's beat sends it all the same, and no other scheduler does",
            "write conf.beat_schedule.update(...), or assign it before",
        )
    ]


def test_an_app_that_runs_tasks_where_they_are_called() -> None:
    registry = Registry()
    app = make_app("shop", broker_url="memory://", task_always_eager=True, registry=registry)

    @registry.periodic(cron="0 4 * * *")
    def close() -> None: ...

    assert [finding for finding in found(app) if finding[1] == "eager"] == [
        (
            "warning",
            "eager",
            "task_always_eager is True: beat refuses every slot, for it would run the tasks itself",
            "write task_always_eager = False where beat runs",
        )
    ]


def test_two_spellings_of_one_setting_set_late() -> None:
    app = plain()
    app.finalize()
    app.conf.update({"task_acks_late": True})
    app.conf.update({"CELERY_ACKS_LATE": False})
    assert found(app) == [
        (
            "warning",
            "two-spellings",
            "Setting 'task_acks_late' is set twice: task_acks_late = True and CELERY_ACKS_LATE ="
            " False; Celery reads True",
            "write task_acks_late alone",
        )
    ]


def test_a_setting_set_late_beside_its_namespaced_name() -> None:
    app = Celery("shop", set_as_current=False)
    app.config_from_object({"CELERY_TASK_ACKS_LATE": True}, namespace="CELERY")
    app.conf.beat_scheduler = "beatkit"
    app.conf.task_acks_late = False
    ((severity, rule, message, _),) = found(app)
    assert (severity, rule) == ("warning", "two-spellings")
    assert message == (
        "Setting 'task_acks_late' is set twice: CELERY_TASK_ACKS_LATE = True and task_acks_late ="
        f" False; Celery reads {app.conf.task_acks_late}"  # 5.5 and 5.7 differ
    )


def test_two_apps_that_share_a_registry() -> None:
    app, registry = shop()
    other = install(Celery("other", set_as_current=False), registry=registry)

    @registry.periodic(minutes=5)
    def work() -> None: ...

    assert other.main == "other"
    assert found(app) == [
        (
            "warning",
            "shared-registry",
            "App 'shop' shares its registry with 'other': each of them sends every declared entry",
            "give each app a Registry() of its own: make_app(..., registry=...)",
        )
    ]


def test_jitter_that_outlasts_the_deadline() -> None:
    app, registry = shop()

    @registry.periodic(minutes=5, jitter=120, deadline=60, name="e")
    def work() -> None: ...

    assert found(app) == [
        (
            "warning",
            "jitter-past-deadline",
            "Entry 'e': jitter is 120s and deadline 60s: slots may be sent when it is too late for"
            " them to run",
            "write a jitter well below 60",
        )
    ]


def test_what_other_schedulers_would_not_keep() -> None:
    app, registry = shop(beat_scheduler="redbeat.RedBeatScheduler")

    @registry.periodic(every(minutes=5, offset=30), name="e", catch_up="all")
    def work() -> None: ...

    assert [one[1:3] for one in found(app)] == [
        ("flattened", "Entry 'e': under RedBeat, the offset is lost: slots depend on the last run"),
        (
            "policy-unused",
            "Entry 'e': its policy {'catch_up': 'all', 'coalesce': False} is not followed by the"
            " scheduler 'redbeat.RedBeatScheduler'",
        ),
    ]


def test_a_task_that_publishes_by_itself() -> None:
    app = plain()

    class Own(app.Task):  # type: ignore[name-defined,misc]
        def apply_async(self, *args: Any, **kwargs: Any) -> Any:
            return None

    app.task(work, shared=False, name="shop.own", base=Own)
    app.conf.beat_schedule = {"e": {"task": "shop.own", "schedule": 3600.0}}
    ((severity, rule, message, _),) = found(app)
    assert (severity, rule) == ("note", "own-publishing")
    assert message == (
        "Entry 'e': apply_async of 'shop.own' is not Celery's own: if it publishes by a producer of"
        " its own, a slot may be sent twice"
    )


def test_what_reading_the_settings_noticed() -> None:
    app = make_app("shop", registry=Registry())
    assert found(app) == [
        (
            "note",
            "setting",
            "broker_url is not set: redis://localhost:6379/0 is used",
            "write broker_url, or set CELERY_BROKER_URL in the environment",
        )
    ]


def test_errors_come_first_and_the_report_counts() -> None:
    app = plain(15.0, task="nobody.knows")
    report = check(app, at=NOW)
    assert [one.severity for one in report.findings] == ["error", "warning"]
    assert (report.ok, len(report.errors), len(report.warnings), report.notes) == (False, 1, 1, ())
    assert report.summary == "1 entry: 1 error, 1 warning, 0 notes"


def test_a_finding_reads_as_a_message() -> None:
    finding = Finding("unknown-task", "error", "Entry 'e': no task", "write one", "e")
    assert str(finding) == "error: Entry 'e': no task\n  unknown-task\n  write one"


def test_checking_twice_gives_the_same() -> None:
    app = plain(crontab(hour=4))
    assert check(app, at=NOW) == check(app, at=NOW)


def test_the_example_of_the_docstring_is_true() -> None:
    assert doctest.testmod(beatkit.checks).failed == 0


def test_the_docs_list_every_rule() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "check-in-ci.md").read_text()
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| ", page, re.M)
    listed = [name.strip("`") for row in rows for name in row.split(", ")]
    assert sorted(listed) == sorted(get_args(Rule))


def test_a_schedule_that_cannot_be_read_is_shown_with_its_carets() -> None:
    app = plain("0 25 * * *")
    (finding,) = check(app, at=NOW).findings
    assert finding.rule == "declaration"
    assert finding.message == (
        "Entry 'e': hour is 25 in cron '0 25 * * *', expected 0-23\n  0 25 * * *\n    ^^"
    )
    assert finding.remedy == "write '23', or another hour from 0 to 23"


@pytest.mark.parametrize("rule", beatkit.checks.RULES, ids=lambda rule: rule.__name__)
def test_every_rule_says_what_it_looks_for(rule: Callable[..., Any]) -> None:
    assert rule.__doc__
