"""`celery -A shop worker` and `celery -A shop beat`, as a user starts them."""

from __future__ import annotations

import pytest

SHOP = """
    import os

    from beatkit import make_app, periodic

    app = make_app("shop", broker_url=os.environ["BROKER"])


    @periodic(seconds=1, args=["hi"])
    def hello(word: str) -> None:
        print(f"hello says {word}")


    @periodic(seconds=1, name="slowly")
    async def slowly() -> None:
        import asyncio

        await asyncio.sleep(0.001)
        print("slowly ran")


    if __name__ == "__main__":
        print("called", hello.name)
        hello.delay("from main")
    """

BROKEN = """
    from beatkit import make_app, periodic

    app = make_app("shop", broker_url="memory://")


    @periodic(seconds=1, args=[object], name="close-day")
    def hello(word: object) -> None: ...


    app.tasks
    app.conf.beat_schedule = {"old": {"task": "shop.helo", "schedule": 30}}
    """

REFUSAL = """\
Error: 2 problems in the schedule

Entry 'close-day': args[0] is <class 'object'>, which the serializer 'json' cannot carry: \
Object of type type is not JSON serializable
  declared in shop.py, line 6
  write plain data that the task can look the object up with, such as its id

Entry 'old': task 'shop.helo' is not defined by any imported module
  declared in beat_schedule
  write 'shop.hello'; or, if it lives in another code base, beatkit_remote_tasks = ["shop.helo"]
"""


@pytest.mark.parametrize("scheduler", [[], ["-S", "celery.beat:Scheduler"]], ids=["own", "stock"])
def test_decorated_functions_run_on_their_slots(project, scheduler: list[str]) -> None:
    shop = project()
    shop.write("shop.py", SHOP)
    worker = shop.start("-m", "celery", "-A", "shop", "worker", "-c", "1", "-l", "INFO")
    shop.start("-m", "celery", "-A", "shop", "beat", *scheduler)
    shop.see(worker, "hello says hi", times=2)
    shop.see(worker, "slowly ran", times=2)
    assert "Task shop.hello[" in worker.read_text()


def test_a_program_and_its_worker_call_a_task_by_one_name(project) -> None:
    shop = project()
    shop.write("shop.py", SHOP)
    assert shop.run("shop.py").stdout == "called shop.hello\n"
    worker = shop.start("-m", "celery", "-A", "shop", "worker", "-P", "solo", "-l", "INFO")
    shop.see(worker, "hello says from main")


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_a_schedule_that_cannot_work_starts_nothing_and_says_why(project, command: str) -> None:
    shop = project(server=False)
    shop.write("shop.py", BROKEN)
    ended = shop.run("-m", "celery", "-A", "shop", command)
    assert (ended.returncode, ended.stderr[ended.stderr.index("Error: ") :]) == (1, REFUSAL)
    assert "Traceback" not in ended.stderr


def test_a_schedule_that_cannot_work_is_refused_by_a_stock_scheduler_too(project) -> None:
    shop = project(server=False)
    shop.write("shop.py", BROKEN)
    ended = shop.run("-m", "celery", "-A", "shop", "beat", "-S", "celery.beat:PersistentScheduler")
    assert (ended.returncode, ended.stderr[ended.stderr.index("Error: ") :]) == (1, REFUSAL)


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_a_decorator_that_cannot_work_starts_nothing(project, command: str) -> None:
    shop = project(server=False)
    shop.write("shop.py", SHOP.replace('["hi"]', '"hi"'))
    ended = shop.run("-m", "celery", "-A", "shop", command)
    assert ended.returncode != 0
    assert (
        "Entry 'shop.hello': args is 'hi', expected a list\n"
        "  declared in shop.py, line 8\n"
        "  write args=['hi']\n"
    ) in ended.stderr


def test_task_modules_that_are_imported_at_start_are_seen_by_beat(project) -> None:
    shop = project()
    shop.write("shop/__init__.py", "")
    shop.write(
        "shop/celery.py",
        """
        import os

        from beatkit import make_app

        app = make_app("shop", broker_url=os.environ["BROKER"], imports=["shop.tasks"])
        """,
    )
    shop.write(
        "shop/tasks.py",
        """
        from celery import shared_task

        from beatkit import periodic


        @periodic(seconds=1)
        @shared_task
        def hello() -> None:
            print("hello from a module")
        """,
    )
    worker = shop.start("-m", "celery", "-A", "shop", "worker", "-P", "solo", "-l", "INFO")
    shop.start("-m", "celery", "-A", "shop", "beat")
    shop.see(worker, "hello from a module")


def test_task_modules_named_on_the_command_line_count(project) -> None:
    shop = project()
    shop.write(
        "shop.py",
        """
        import os

        from beatkit import make_app

        schedule = {"hello": {"task": "other.hello", "schedule": 60.0}}
        app = make_app("shop", broker_url=os.environ["BROKER"], beat_schedule=schedule)
        """,
    )
    shop.write(
        "other.py",
        """
        from celery import shared_task


        @shared_task
        def hello() -> None: ...
        """,
    )
    command = ["-m", "celery", "-A", "shop", "worker", "-P", "solo"]
    assert "task 'other.hello' is not defined" in shop.run(*command).stderr
    worker = shop.start(*command, "-I", "other", "-l", "INFO")
    shop.see(worker, "ready.")


def test_a_task_that_asks_for_its_slot_is_given_it_also_when_it_is_retried(project) -> None:
    shop = project()
    shop.write(
        "shop.py",
        """
        from __future__ import annotations

        import os

        from beatkit import Slot, make_app, periodic

        app = make_app("shop", broker_url=os.environ["BROKER"])


        @periodic(seconds=1)
        async def coroutine(*, slot: Slot | None = None) -> None:
            print(f"coroutine {slot.entry} {slot.scheduled_for} {slot.kind}")


        @periodic(seconds=2, name="on-even-seconds", args=["hi"])
        @app.task(bind=True, default_retry_delay=0)
        def bound(self, word: str, *, when: Slot | None = None) -> None:
            even = when.scheduled_for.timestamp() % 2 == 0
            print(f"bound {when.entry} {even} attempt {self.request.retries}")
            if not self.request.retries:
                raise self.retry()
        """,
    )
    worker = shop.start("-m", "celery", "-A", "shop", "worker", "-c", "1", "-l", "INFO")
    shop.start("-m", "celery", "-A", "shop", "beat")
    shop.see(worker, "coroutine shop.coroutine 20")
    shop.see(worker, "+00:00 scheduled")
    shop.see(worker, "bound on-even-seconds True attempt 0")
    shop.see(worker, "bound on-even-seconds True attempt 1")
