"""The same declaration executed again, and another one under its name."""

from __future__ import annotations

from celery import Celery

from beatkit import every, install

HELLO = """
    @periodic(seconds=60)
    def hello() -> None: ...
    """


def schedules(registry) -> list[object]:
    return [declaration.schedule for declaration in registry.declarations]


def test_a_module_that_is_reloaded_replaces_what_it_declared(module, registry) -> None:
    module(HELLO)
    module(HELLO.replace("60", "30"))
    assert schedules(registry) == [every(seconds=30)]


def test_a_reload_after_lines_have_moved_replaces_too(module, registry) -> None:
    module(HELLO)
    module("\n\nimport os\n" + HELLO.replace("    ", ""))
    assert schedules(registry) == [every(seconds=60)]


def test_a_second_import_path_replaces_the_first(module, registry) -> None:
    app = install(Celery("test", set_as_current=False), registry=registry)
    module(HELLO, name="shop")
    module(HELLO, name="project.shop")
    app.finalize()
    assert list(app.conf.beat_schedule) == ["project.shop.hello"]


def test_a_reloaded_module_runs_its_new_function(module, registry) -> None:
    app = install(Celery("test"), registry=registry)
    text = """
        @periodic(seconds=60)
        def hello() -> str:
            return "old"
        """
    module(text)
    app.finalize()
    shop = module(text.replace("old", "new"))
    assert (shop.hello(), app.tasks["shop.hello"].run()) == ("new", "new")


def test_a_factory_that_is_called_twice_declares_once(module, registry) -> None:
    module(
        """
        def create() -> None:
            @periodic(seconds=60)
            def hello() -> None: ...

        create()
        create()
        """
    )
    assert schedules(registry) == [every(seconds=60)]


def test_stacked_decorators_are_an_entry_each(module, registry) -> None:
    app = install(Celery("test", set_as_current=False), registry=registry)
    module(
        """
        @periodic(seconds=60, name="each-minute", args=["a"])
        @periodic(seconds=3600, name="each-hour", args=["b"])
        def hello(word) -> None: ...
        """
    )
    app.finalize()
    assert {name: (row["task"], row["args"]) for name, row in app.conf.beat_schedule.items()} == {
        "each-minute": ("shop.hello", ("a",)),
        "each-hour": ("shop.hello", ("b",)),
    }


def test_stacked_decorators_need_names(refusal) -> None:
    assert refusal(
        """
        @periodic(seconds=60)
        @periodic(seconds=3600)
        def hello() -> None: ...
        """
    ) == (
        "Entry 'shop.hello': is one of several schedules of this task;"
        " another stands in shop.py, line 2\n"
        "  declared in shop.py, line 1\n"
        '  write a name of its own: name="..."'
    )


def test_a_second_function_of_the_same_name_is_refused(refusal) -> None:
    assert refusal(
        """
        @periodic(seconds=60)
        def hello() -> None: ...

        @periodic(seconds=60)
        def hello() -> None: ...
        """
    ) == (
        "Entry 'shop.hello': has the name of another task, declared in shop.py, line 1\n"
        "  declared in shop.py, line 4\n"
        '  write a name of its own: name="..."'
    )


def test_the_same_name_for_the_same_task_is_refused(refusal) -> None:
    assert refusal(
        """
        @periodic(seconds=60, name="greet")
        @periodic(seconds=30, name="greet")
        def hello() -> None: ...
        """
    ) == (
        "Entry 'greet': is declared already, in shop.py, line 2\n"
        "  declared in shop.py, line 1\n"
        '  write a name of its own: name="..."'
    )


def test_functions_of_a_loop_would_be_one_task_and_are_refused(refusal) -> None:
    assert refusal(
        """
        for region in ("north", "south"):

            @periodic(seconds=60, name=f"report-{region}")
            def report() -> str:
                return region
        """
    ) == (
        "Entry 'report-south': runs a 'report' whose task name another 'report' has,"
        " declared in shop.py, line 3\n"
        "  declared in shop.py, line 3\n"
        "  write functions with different names, or one function with args="
    )


def test_functions_of_a_loop_that_are_tasks_of_their_own_pass(module, registry) -> None:
    app = install(Celery("test", set_as_current=False), registry=registry)
    module(
        """
        for region in ("north", "south"):

            @periodic(seconds=60)
            @app.task(name=f"report.{region}")
            def report() -> str:
                return region
        """,
        app=app,
    )
    app.finalize()
    assert sorted(app.conf.beat_schedule) == ["report.north", "report.south"]


def test_one_function_may_be_declared_in_a_loop(module, registry) -> None:
    module(
        """
        def report(region) -> None: ...

        for region in ("north", "south"):
            report = periodic(seconds=60, name=f"report-{region}", args=[region])(report)
        """
    )
    assert [declaration.args for declaration in registry.declarations] == [("north",), ("south",)]


def test_an_interactive_prompt_may_declare_again_and_again(registry) -> None:
    for seconds in (60, 30):
        names = {"periodic": registry.periodic, "__name__": "__main__"}
        exec(f"@periodic(seconds={seconds})\ndef hello(): ...", names)
    assert schedules(registry) == [every(seconds=30)]
