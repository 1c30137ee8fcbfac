"""What the scheduler shall run, of every origin, and what keeps it from starting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from celery.beat import BeatLazyFunc, ScheduleEntry
from celery.schedules import BaseSchedule, crontab

from beatkit import Entry, Registry, every, install
from beatkit.entry import Policy
from beatkit.errors import DeclarationError
from beatkit.registry import check_start, effective_entries
from beatkit.schedules.convert import convert


@pytest.fixture
def app(registry: Registry) -> Celery:
    return install(Celery("shop", broker="memory://", set_as_current=False), registry=registry)


def refused(app: Celery) -> str:
    with pytest.raises(DeclarationError) as raised:
        check_start(app)
    return str(raised.value)


def test_a_declared_entry_carries_all_that_was_said(app: Celery, registry: Registry) -> None:
    @registry.periodic(
        seconds=60,
        name="close",
        args=["today"],
        kwargs={"dry": True},
        queue="night",
        deadline=300,
        overlap="skip",
        description="Close the day",
        tags=["billing"],
    )
    def close(day: str, dry: bool) -> None: ...

    entry = effective_entries(app)["close"]
    assert entry == Entry(
        name="close",
        task=f"{__name__}.close",
        schedule=every(seconds=60),
        args=("today",),
        kwargs={"dry": True},
        options={"queue": "night"},
        policy=Policy(deadline=300, overlap="skip"),
        description="Close the day",
        tags=("billing",),
        source=entry.source,
    )
    assert str(entry.source).startswith("tests/unit/factory/test_effective.py, line ")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (30.0, every(seconds=30)),
        (timedelta(minutes=5), every(minutes=5)),
        (every(seconds=30), every(seconds=30)),
        (crontab(minute="0", hour="4"), convert(crontab(minute="0", hour="4"))),
    ],
)
def test_a_plain_entry_keeps_the_meaning_that_celery_gives_it(
    app: Celery, written: object, meant: Any
) -> None:
    app.conf.beat_schedule = {
        "plain": {"task": "celery.backend_cleanup", "schedule": written, "args": None}
    }
    assert effective_entries(app) == {
        "plain": Entry(
            name="plain", task="celery.backend_cleanup", schedule=meant.bound("UTC", 0), policy=None
        )
    }


def test_a_schedule_of_the_users_own_kind_is_left_alone(app: Celery) -> None:
    class Tides(BaseSchedule):
        pass

    tides = Tides()
    app.conf.beat_schedule = {"tides": {"task": "celery.backend_cleanup", "schedule": tides}}
    assert effective_entries(app)["tides"].schedule is tides


def test_an_entry_object_of_celery_is_read(app: Celery) -> None:
    entry = ScheduleEntry(
        "plain", "celery.backend_cleanup", schedule=30.0, app=app, options={"queue": "q"}
    )
    app.conf.beat_schedule = {"plain": entry}
    assert effective_entries(app)["plain"].options == {"queue": "q"}


def test_lazy_arguments_stay_lazy(app: Celery, registry: Registry) -> None:
    lazy = BeatLazyFunc(lambda: 1)

    @registry.periodic(seconds=60, name="lazy", args=[lazy])
    def task(now: object) -> None: ...

    assert effective_entries(app)["lazy"].args == (lazy,)


@pytest.mark.parametrize("enabled", [False, lambda: False])
def test_an_entry_that_is_off_is_listed_and_given_to_nobody(
    app: Celery, registry: Registry, enabled: Any
) -> None:
    @registry.periodic(seconds=60, name="off", enabled=enabled)
    def task() -> None: ...

    assert [(entry.name, entry.enabled) for entry in effective_entries(app).values()] == [
        ("off", False)
    ]
    assert app.conf.beat_schedule == {}


def test_an_answer_that_raises_is_a_problem(app: Celery, registry: Registry) -> None:
    @registry.periodic(seconds=60, name="x", enabled=lambda: {}["ENV"])
    def task() -> None: ...

    assert refused(app) == (
        "Entry 'x': enabled was asked and raised KeyError: 'ENV'\n"
        f"  declared in {effective_source(registry)}\n"
        "  let it return True or False"
    )


def test_an_answer_that_is_no_bool_is_a_problem(app: Celery, registry: Registry) -> None:
    @registry.periodic(seconds=60, name="x", enabled=lambda: "false")  # type: ignore[arg-type]
    def task() -> None: ...

    assert refused(app) == (
        "Entry 'x': enabled was asked and returned 'false', expected True or False\n"
        f"  declared in {effective_source(registry)}\n"
        "  let it return True or False"
    )


def test_a_header_that_no_message_carries_is_a_problem(app: Celery, registry: Registry) -> None:
    @registry.periodic(seconds=60, name="x", headers={"who": Registry})
    def task() -> None: ...

    assert refused(app) == (
        f"Entry 'x': headers['who'] is {Registry!r}, which a message cannot carry:"
        " Object of type type is not JSON serializable\n"
        f"  declared in {effective_source(registry)}\n"
        "  write text or a number"
    )


def test_a_serializer_that_nobody_registered_is_a_problem(app: Celery, registry: Registry) -> None:
    @registry.periodic(seconds=60, name="x", options={"serializer": "jsn"})
    def task() -> None: ...

    assert refused(app) == (
        "Entry 'x': options['serializer'] is 'jsn', expected the name of a serializer\n"
        f"  declared in {effective_source(registry)}\n"
        "  did you mean 'json'?"
    )


def effective_source(registry: Registry) -> object:
    (declaration,) = registry.declarations
    return declaration.source


def test_policies_for_plain_entries(app: Celery) -> None:
    row = {"task": "celery.backend_cleanup", "schedule": 30.0}
    app.conf.beat_schedule = {"a.one": row, "a.two": row, "b": row}
    app.conf.beatkit_policies = {
        "a.*": {"catch_up": "all"},
        "a.two": {"deadline": timedelta(minutes=1), "overlap": "skip"},
    }
    assert {name: entry.policy for name, entry in effective_entries(app).items()} == {
        "a.one": Policy(catch_up="all", coalesce=False),
        "a.two": Policy(deadline=60, overlap="skip"),
        "b": None,
    }


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        (
            {"plian": {"catch_up": "all"}},
            "Entry 'plian': has a policy, and there is no entry of that name\n"
            "  declared in beatkit_policies\n"
            "  write 'plain'",
        ),
        (
            {"plain": {"catchup": "all"}},
            "Entry 'plain': policy field 'catchup' is unknown\n"
            "  declared in beatkit_policies\n"
            "  write 'catch_up'",
        ),
        (
            {"plain": "all"},
            "Entry 'plain': policy is 'all', expected a mapping\n"
            "  declared in beatkit_policies\n"
            '  write {"catch_up": "all"}',
        ),
        (
            ["plain"],
            "Setting beatkit_policies is ['plain'], expected a mapping of entry names or globs\n"
            '  write beatkit_policies = {"shop.*": {"catch_up": "all"}}',
        ),
        (
            {"declared": {"catch_up": "all"}},
            "Entry 'declared': has a policy in the settings and is declared by a decorator\n"
            "  declared in beatkit_policies\n"
            "  write the policy in the decorator",
        ),
    ],
)
def test_policies_that_cannot_work(
    app: Celery, registry: Registry, policies: object, message: str
) -> None:
    @registry.periodic(seconds=60, name="declared")
    def task() -> None: ...

    app.conf.beat_schedule = {"plain": {"task": "celery.backend_cleanup", "schedule": 30.0}}
    app.conf.beatkit_policies = policies
    assert refused(app) == message


@pytest.mark.parametrize(
    ("row", "wrong", "remedy"),
    [
        (
            {"tsk": "celery.backend_cleanup", "task": "celery.backend_cleanup", "schedule": 30},
            "key 'tsk' is unknown to Celery",
            "write 'task'",
        ),
        ({"task": "celery.backend_cleanup"}, "has no 'schedule'", "add 'schedule' to it"),
        (
            {"task": "celery.backend_cleanup", "schedule": 30, "args": "ab"},
            "args is 'ab', expected a list",
            "write args: ['ab']",
        ),
        (
            {"task": "celery.backend_cleanup", "schedule": 30, "kwargs": [1]},
            "kwargs is [1], expected a mapping",
            "write kwargs: {}",
        ),
        (
            {"task": print, "schedule": 30},
            f"task is {print!r}, expected its name",
            'write the registered name as text: "shop.tasks.close_day"',
        ),
        (
            30,
            "is 30, expected a mapping with task and schedule",
            'write {"task": "shop.tasks.close_day", "schedule": 60.0}',
        ),
    ],
)
def test_a_plain_entry_that_cannot_work(app: Celery, row: object, wrong: str, remedy: str) -> None:
    app.conf.beat_schedule = {"plain": row}
    assert refused(app) == f"Entry 'plain': {wrong}\n  declared in beat_schedule\n  {remedy}"


@pytest.mark.parametrize("name", ["half a \ud83d", 7, None])
def test_a_name_that_no_store_can_keep(app: Celery, name: object) -> None:
    app.conf.beat_schedule = {name: {"task": "celery.backend_cleanup", "schedule": 30}}
    app.conf.beatkit_policies = {"*": {"coalesce": True}}
    assert refused(app) == (
        f"Entry {name!r}: its name is no text that UTF-8 can write\n"
        "  declared in beat_schedule\n"
        '  write "close-day"'
    )


def test_an_interval_of_zero_in_beat_schedule(app: Celery) -> None:
    app.conf.beat_schedule = {"plain": {"task": "celery.backend_cleanup", "schedule": 0}}
    assert refused(app).startswith("Entry 'plain': ")


def test_a_workflow_is_no_task_to_schedule(app: Celery, registry: Registry) -> None:
    @app.task(name="add")
    def add(x: int, y: int) -> None: ...

    app.add_periodic_task(30.0, add.s(1, 2) | add.s(3), name="chained")
    assert refused(app) == (
        "Entry 'chained': task is 'celery.chain', expected one that a worker can run: "
        "a workflow is none\n"
        "  declared in beat_schedule\n"
        "  write a task that starts the workflow, (a.s() | b.s()).delay(), and schedule that one"
    )


def test_a_misspelt_task_is_found_with_the_nearest_name(app: Celery, registry: Registry) -> None:
    @app.task(name="shop.tasks.close_day")
    def close_day() -> None: ...

    app.conf.beat_schedule = {
        "settings": {"task": "shop.tasks.close_dya", "schedule": 30.0},
        "moved": {"task": "old.place.close_day", "schedule": 30.0},
    }
    app.add_periodic_task(30.0, app.signature("zzz"), name="added")
    assert refused(app) == (
        "3 problems in the schedule\n"
        "\n"
        "Entry 'settings': task 'shop.tasks.close_dya' is not defined by any imported module\n"
        "  declared in beat_schedule\n"
        "  write 'shop.tasks.close_day'; or, if it lives in another code base,"
        ' beatkit_remote_tasks = ["shop.tasks.close_dya"]\n'
        "\n"
        "Entry 'moved': task 'old.place.close_day' is not defined by any imported module\n"
        "  declared in beat_schedule\n"
        "  write 'shop.tasks.close_day'; or, if it lives in another code base,"
        ' beatkit_remote_tasks = ["old.place.close_day"]\n'
        "\n"
        "Entry 'added': task 'zzz' is not defined by any imported module\n"
        "  declared in beat_schedule\n"
        "  import the module that defines it (setting imports); or, if it lives in another"
        ' code base, beatkit_remote_tasks = ["zzz"]'
    )


@pytest.mark.parametrize("globs", [["billing.*"], "billing.*", ("billing.close",)])
def test_tasks_of_another_code_base_are_named(app: Celery, globs: object) -> None:
    app.conf.beat_schedule = {"remote": {"task": "billing.close", "schedule": 30.0}}
    app.conf.beatkit_remote_tasks = globs
    check_start(app)


def test_arguments_that_no_message_can_carry(app: Celery, registry: Registry) -> None:
    thing = Registry()

    @registry.periodic(seconds=60, name="x", args=["fine", thing])
    def task(word: str, thing: object) -> None: ...

    assert refused(app) == (
        f"Entry 'x': args[1] is {thing!r}, which the serializer 'json' cannot carry:"
        " Object of type Registry is not JSON serializable\n"
        f"  declared in {effective_source(registry)}\n"
        "  write plain data that the task can look the object up with, such as its id"
    )


def test_the_serializer_of_the_task_decides(app: Celery, registry: Registry) -> None:
    @registry.periodic(seconds=60, name="x", args=[{1, 2}])
    @app.task(serializer="pickle")
    def task(numbers: object) -> None: ...

    check_start(app)


def test_a_shared_task_that_is_handed_itself_is_checked_exactly_at_binding(
    app: Celery, registry: Registry
) -> None:
    from celery import shared_task

    @registry.periodic(seconds=60, name="x", args=["a", "b"])
    @shared_task(bind=True)
    def task(self: object, word: str) -> None: ...

    assert refused(app) == (
        "Entry 'x': args=['a', 'b'] do not fit task(word): too many positional arguments\n"
        f"  declared in {effective_source(registry)}\n"
        "  write args=[word]"
    )


def test_one_name_twice(app: Celery, registry: Registry) -> None:
    @registry.periodic(seconds=60, name="x")
    def one() -> None: ...

    @registry.periodic(seconds=60, name="x")
    def two() -> None: ...

    first, second = (declaration.source for declaration in registry.declarations)
    assert refused(app) == (
        "Entry 'x' is declared twice\n"
        f"  declared in {first}, and in {second}\n"
        "  write another name= in one of them"
    )


def test_one_name_in_a_decorator_and_in_the_settings(app: Celery, registry: Registry) -> None:
    app.conf.beat_schedule = {"x": {"task": "celery.backend_cleanup", "schedule": 30.0}}

    @registry.periodic(seconds=60, name="x")
    def task() -> None: ...

    assert refused(app) == (
        "Entry 'x' is declared by a decorator and stands in beat_schedule too\n"
        f"  declared in {effective_source(registry)}\n"
        "  write another name= in the decorator, or take it out of beat_schedule"
    )


def test_a_zone_that_there_is_not(app: Celery, registry: Registry) -> None:
    @registry.periodic(cron="0 4 * * *", name="x")
    def task() -> None: ...

    app.conf.timezone = "Europe/Berlni"
    message = refused(app)
    assert message.startswith("Entry 'x': ")
    assert "'Europe/Berlni'" in message
    assert f"\n  declared in {effective_source(registry)}" in message


def test_a_problem_is_raised_each_time_also_after_the_tasks_were_touched(
    app: Celery, registry: Registry
) -> None:
    app.tasks  # noqa: B018

    @registry.periodic(seconds=60, name="x", args=[object()])
    def task(thing: object) -> None: ...

    app.tasks  # noqa: B018
    for _ in range(2):
        with pytest.raises(DeclarationError):
            app.loader.init_worker()
        with pytest.raises(DeclarationError):
            effective_entries(app)


def test_an_app_without_beatkit_has_its_plain_entries() -> None:
    app = Celery("plain", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {"plain": {"task": "celery.backend_cleanup", "schedule": 30.0}}
    assert list(effective_entries(app)) == ["plain"]


def test_a_coroutine_that_celery_would_throw_away_is_said_at_start(
    app: Celery, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    @registry.periodic(seconds=60, name="lost")
    @app.task(name="lost")
    async def lost() -> None: ...

    @registry.periodic(seconds=60, name="kept")
    async def kept() -> None: ...

    class Awaiting(app.Task):  # type: ignore[misc, name-defined]
        def __call__(self, *args: object, **kwargs: object) -> object: ...

    @registry.periodic(seconds=60, name="awaited")
    @app.task(name="awaited", base=Awaiting)
    async def awaited() -> None: ...

    source = next(iter(registry.declarations)).source
    app.loader.init_worker()
    assert [record.getMessage() for record in caplog.records] == [
        "Entry 'lost': task 'lost' is an async def that Celery itself never awaits\n"
        f"  declared in {source}\n"
        "  put @periodic on the function in place of @app.task, unless your pool awaits it"
    ]
