"""What the command says before it starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab, schedule

from beatkit import every
from beatkit.dev.notes import Introduction, described


def introduction(**changes: Any) -> str:
    facts: dict[str, Any] = {
        "target": "examples/hello.py",
        "app": "hello:app",
        "broker": "private Valkey, state kept in .beatkit/examples.hello.app",
        "hint": "",
        "not_used": "redis://localhost:6379/0",
        "worker": "prefork, 2 at once",
        "queues": ("celery",),
        "schedule": {
            "hello.tick": {"task": "hello.tick", "schedule": every(seconds=2)},
            "hello.hello": {"task": "hello.hello", "schedule": 15},
        },
    }
    return "\n".join(Introduction(**{**facts, **changes}).lines())


def test_the_introduction() -> None:
    assert introduction() == (
        "beatkit dev examples/hello.py\n"
        "  app       hello:app\n"
        "  broker    private Valkey, state kept in .beatkit/examples.hello.app\n"
        "            the app's own, redis://localhost:6379/0, is not used\n"
        "  worker    prefork, 2 at once\n"
        "  queue     celery\n"
        "  schedule  hello.hello  every 15.0 s\n"
        "            hello.tick   every 2 seconds\n"
        "Ctrl-C stops it.\n"
    )


def test_without_a_server_it_says_how_to_get_one() -> None:
    text = introduction(broker="memory of this process, nothing is kept", hint="get one")
    assert text.splitlines()[2:5] == [
        "  broker    memory of this process, nothing is kept",
        "            get one",
        "            the app's own, redis://localhost:6379/0, is not used",
    ]


def test_several_queues_are_named() -> None:
    assert "  queues    celery, reports\n" in introduction(queues=("celery", "reports"))


def test_an_empty_schedule_says_how_to_fill_it() -> None:
    assert introduction(schedule={}).splitlines()[-2] == (
        "  schedule  empty: write @periodic(seconds=15) above a function of the app"
    )


def test_of_a_long_schedule_only_the_first_entries_are_shown() -> None:
    entries = {f"task-{number:03}": {"schedule": 1} for number in range(100)}
    lines = introduction(schedule=entries).splitlines()
    assert lines[6] == "  schedule  task-000  every 1.0 s"
    assert lines[-3:] == [
        "            task-011  every 1.0 s",
        "            and 88 more",
        "Ctrl-C stops it.",
    ]


def test_schedules_in_words() -> None:
    assert described(every(hours=1)) == "every hour"
    assert described(90) == "every 1 min 30 s"
    assert described(0.25) == "every 250 ms"
    assert described(timedelta(seconds=3)) == "every 3.0 s"
    assert described(schedule(3)) == "every 3.0 s"
    assert described(crontab(minute="5")) == str(crontab(minute="5"))


def test_a_missing_live_view_is_said() -> None:
    lines = introduction(view_hint="a live view needs rich").splitlines()
    assert lines[-2] == "  view      plain lines: a live view needs rich"


def test_a_long_name_does_not_push_the_other_schedules_aside() -> None:
    schedule = {name: {"task": "t", "schedule": every(seconds=2)} for name in ("a", "b" * 60)}
    assert introduction(schedule=schedule).splitlines()[-3:-1] == [
        f"  schedule  {'a':<32}  every 2 seconds",
        f"            {'b' * 60}  every 2 seconds",
    ]
