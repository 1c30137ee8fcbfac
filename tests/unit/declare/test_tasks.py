"""What a decorated function becomes, and what it is called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

import celery
import pytest
from celery import Celery, Task, shared_task

from beatkit import Registry, install
from beatkit.worker.coroutine import close_loop


@pytest.fixture
def app(registry: Registry) -> Celery:
    return install(Celery("test"), registry=registry)


def rows(app: Celery) -> dict[str, str]:
    app.finalize()
    return {name: row["task"] for name, row in app.conf.beat_schedule.items()}


def test_a_plain_function_becomes_a_task_of_every_app(module, app: Celery) -> None:
    shop = module(
        """
        @periodic(seconds=60, args=["hi"])
        def hello(word) -> str:
            return word + "!"
        """
    )
    other = Celery("other", set_as_current=False)
    assert shop.hello("hi") == "hi!"
    assert shop.hello.name == "shop.hello"
    assert "shop.hello" in other.tasks
    assert rows(app) == {"shop.hello": "shop.hello"}


def test_a_task_of_the_app_stays_the_task_it_was(module, app: Celery) -> None:
    shop = module(
        """
        @periodic(seconds=60, name="greet")
        @app.task(name="other.name", max_retries=7)
        def hello() -> None: ...
        """,
        app=app,
    )
    assert rows(app) == {"greet": "other.name"}
    assert shop.hello.max_retries == 7


def test_a_shared_task_keeps_its_name(module, app: Celery) -> None:
    module(
        """
        @periodic(seconds=60)
        @shared_task(name="library.hello")
        def hello() -> None: ...

        @periodic(seconds=60)
        @shared_task
        def unnamed() -> None: ...
        """,
        shared_task=shared_task,
    )
    assert rows(app) == {"library.hello": "library.hello", "shop.unnamed": "shop.unnamed"}


def test_a_task_that_is_a_class_is_declared_by_calling_the_decorator(
    app: Celery, registry: Registry
) -> None:
    class Close(Task):
        name = "close.day"

        def run(self, day: str) -> None: ...

    task = app.register_task(Close())
    registry.periodic(cron="0 2 * * *", args=["today"])(task)
    assert rows(app) == {"close.day": "close.day"}


def test_the_decorator_returns_the_task_itself(module, app: Celery) -> None:
    task = app.task(name="x")(lambda: None)
    shop = module(
        """
        same = periodic(seconds=60)(task)
        """,
        task=task,
    )
    assert shop.same is task


def test_an_app_that_names_tasks_its_own_way_is_heeded(module, registry: Registry) -> None:
    class Short(Celery):
        def gen_task_name(self, name: str, module: str) -> str:
            return f"{module.removesuffix('.tasks')}:{name}"

    app = install(Short("test"), registry=registry)
    module(
        """
        @periodic(seconds=60)
        def hello() -> None: ...
        """,
        name="shop.tasks",
    )
    assert rows(app) == {"shop:hello": "shop:hello"}
    assert "shop:hello" in app.tasks


@pytest.mark.parametrize(
    ("names", "task"),
    [
        ({"__name__": "__main__", "__file__": "/srv/shop.py", "__spec__": None}, "shop.hello"),
        ({"__name__": "__mp_main__", "__file__": "/srv/shop.py", "__spec__": None}, "shop.hello"),
        ({"__name__": "__main__"}, "test.hello"),
    ],
)
def test_a_task_of_the_main_module_is_called_as_an_import_would_call_it(
    app: Celery, registry: Registry, names: dict[str, object], task: str
) -> None:
    exec("@periodic(seconds=60)\ndef hello(): ...", {"periodic": registry.periodic, **names})
    assert rows(app) == {task: task}
    assert task in app.tasks


def test_a_task_that_the_user_made_in_main_keeps_its_name_and_the_entry_has_none_of_it(
    registry: Registry,
) -> None:
    app = install(Celery(), registry=registry)
    names = {"periodic": registry.periodic, "app": app}
    text = "@periodic(seconds=60)\n@app.task\ndef hello(): ..."
    exec(text, {**names, "__name__": "__main__", "__file__": "shop.py", "__spec__": None})
    assert rows(app) == {"shop.hello": "__main__.hello"}


@pytest.mark.parametrize(
    ("definition", "wrong", "remedy"),
    [
        (
            "class Hello: ...",
            "decorates <class 'shop.Hello'>, expected a function or a task",
            "write a function with def or async def, at the top of a module",
        ),
        (
            "class Hello(celery.Task): ...",
            "decorates the class Hello, expected the task that Celery makes of it",
            "write periodic(...)(app.register_task(Hello()))",
        ),
        (
            "class Hello:\n    @periodic(seconds=60, name='greet')\n    def say(self): ...",
            "decorates the method 'Hello.say', and a worker has no object of it",
            "write a function at the top of a module, or put @staticmethod above",
        ),
        (
            "def hello():\n    yield",
            "decorates the generator 'hello', and a worker would run nothing of it",
            "write a function without yield that does the work",
        ),
        (
            "async def hello():\n    yield",
            "decorates the generator 'hello', and a worker would run nothing of it",
            "write a function without yield that does the work",
        ),
    ],
)
def test_what_no_task_can_be_made_of_is_refused(refusal, definition, wrong, remedy) -> None:
    text = "@periodic(seconds=60, name='greet')\n" + definition
    message = refusal(text, celery=celery)
    line = 3 if "say" in definition else 1
    assert message == f"Entry 'greet': {wrong}\n  declared in shop.py, line {line}\n  {remedy}"


def test_a_refusal_calls_an_entry_by_the_name_of_a_task_that_has_one(refusal) -> None:
    made = """
        class Close(celery.Task):
            name = "shop.close"
            def run(self, day): ...

        periodic(seconds=60)(celery.Celery(set_as_current=False).register_task(Close()))
        """
    assert refusal(made, celery=celery) == (
        "Entry 'shop.close': args=[] do not fit run(day): missing a required argument: 'day'\n"
        "  declared in shop.py, line 5\n"
        "  write args=[day]"
    )


seen: ContextVar[str] = ContextVar("seen", default="nothing")


def test_an_async_function_is_run_to_its_end_on_one_loop(app: Celery, registry: Registry) -> None:
    @registry.periodic(seconds=60)
    async def loop_of() -> object:
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    assert loop_of() is loop_of.apply_async.__self__.run()  # type: ignore[attr-defined]
    close_loop()


def timed(function: Callable[..., object]) -> Callable[..., object]:
    return wraps(function)(lambda *args: function(*args))


def on_a_loop_of_its_own(function: Callable[..., Any]) -> Callable[..., object]:
    return wraps(function)(lambda *args: asyncio.run(function(*args)))


@pytest.mark.parametrize("decorator", [timed, on_a_loop_of_its_own])
def test_an_async_function_below_a_plain_decorator_is_run_to_its_end_too(
    app: Celery, registry: Registry, decorator: Callable[..., Any]
) -> None:
    """Celery would count the coroutine that the decorator returns as a success."""

    @registry.periodic(seconds=60, args=["done"])
    @decorator
    async def fetch(word: str) -> str:
        await asyncio.sleep(0)
        return word

    assert fetch("done") == "done"
    close_loop()


def test_an_async_function_sees_the_context_of_its_run(app: Celery, registry: Registry) -> None:
    @registry.periodic(seconds=60)
    async def look() -> str:
        return seen.get()

    token = seen.set("this run")
    assert look() == "this run"
    seen.reset(token)
    assert look() == "nothing"
    close_loop()


def test_a_run_torn_out_of_the_loop_leaves_nothing_to_the_next(
    app: Celery, registry: Registry
) -> None:
    woken: list[str] = []

    @registry.periodic(seconds=60)
    async def torn() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            woken.append("cleaned up")

    @registry.periodic(seconds=60)
    async def interrupt() -> None:
        asyncio.get_running_loop().call_soon(_raise_exit)
        await torn.run.__wrapped__()  # type: ignore[attr-defined]

    with pytest.raises(SystemExit):
        interrupt()
    assert woken == ["cleaned up"]

    @registry.periodic(seconds=60)
    async def next_run() -> int:
        return len(asyncio.all_tasks())

    assert next_run() == 1
    close_loop()


def _raise_exit() -> None:
    raise SystemExit(1)


def test_an_async_function_called_inside_a_running_loop_says_what_to_write(
    app: Celery, registry: Registry
) -> None:
    @registry.periodic(seconds=60)
    async def hello() -> None: ...

    async def outer() -> None:
        hello()

    with pytest.raises(RuntimeError) as raised:
        asyncio.run(outer())
    assert str(raised.value) == (
        "Task 'hello' is an async def and was called from a running event loop\n"
        "  write await hello.run.__wrapped__(...) to run it here,"
        " or hello.delay(...) to have a worker run it"
    )


def test_the_description_is_the_first_line_of_the_docstring(registry: Registry) -> None:
    @registry.periodic(seconds=60, tags=["billing", "night", "billing"])
    def close_day() -> None:
        """Close the day's books.

        At length.
        """

    (declaration,) = registry.declarations
    assert declaration.description == "Close the day's books."
    assert declaration.tags == ("billing", "night")


@pytest.mark.parametrize(
    ("written", "wrong", "remedy"),
    [
        (
            "tags='billing'",
            "tags is 'billing', expected a list of texts",
            'write tags=["billing"]',
        ),
        (
            "description=5",
            "description is 5, expected text",
            'write description="Close the day"',
        ),
        (
            "enabled='no'",
            "enabled is 'no', expected True, False, or a function that returns one",
            "write enabled=False, or enabled=lambda: ...",
        ),
    ],
)
def test_what_describes_it_is_checked(refusal, written: str, wrong: str, remedy: str) -> None:
    assert refusal(f"@periodic(seconds=60, {written})\ndef hello(): ...") == (
        f"Entry 'shop.hello': {wrong}\n  declared in shop.py, line 1\n  {remedy}"
    )


def test_a_name_with_blanks_around_it_is_refused(refusal) -> None:
    assert refusal("@periodic(seconds=60, name=' x')\ndef hello(): ...") == (
        "Entry ' x': name is ' x', expected one line of text without blanks around it\n"
        "  declared in shop.py, line 1\n"
        '  write name="close-day"'
    )


def test_a_name_of_two_lines_is_refused(refusal) -> None:
    assert refusal("@periodic(seconds=60, name='x\\ny')\ndef hello(): ...") == (
        "Entry 'x\\ny': name is 'x\\ny', expected one line of text without blanks around it\n"
        "  declared in shop.py, line 1\n"
        '  write name="close-day"'
    )


def test_a_signature_is_no_task_for_its_arguments_would_be_lost(refusal) -> None:
    app = Celery("test", set_as_current=False)
    assert refusal(
        """
        periodic(seconds=60, name="x")(signature)
        """,
        signature=app.signature("shop.hello", ["hi"]),
    ) == (
        "Entry 'x': decorates shop.hello('hi'), expected a function or a task\n"
        "  declared in shop.py, line 1\n"
        "  write a function with def or async def, at the top of a module"
    )


def test_a_function_under_other_decorators_keeps_its_module(module, registry: Registry) -> None:
    app = install(Celery("test"), registry=registry)
    shop = module(
        """
        from __future__ import annotations

        from contextlib import contextmanager

        from beatkit import Slot


        @contextmanager
        def transaction():
            yield


        @periodic(seconds=60)
        @transaction()
        def hello(*, slot: Slot | None = None) -> Slot | None:
            return slot
        """
    )
    assert rows(app) == {"shop.hello": "shop.hello"}
    assert shop.hello() is None
