"""Whatever a task is made of: the guard is there, and the user's own code is called as ever."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.integration.worker.conftest import Shop, now_ms
from tests.integration.worker.test_guard import skipped

SKIP = {"overlap": "skip", "coalesce": False}

CALLS = """

    import asyncio, functools
    from celery import Task, shared_task
    from flask import Flask, current_app

    def say(word):
        notes.rpush("calls", word)

    class Custom(Task):
        def before_start(self, task_id, args, kwargs):
            say(f"before_start {self.name} {task_id[:4]} {list(args)} {kwargs}")
            super().before_start(task_id, args, kwargs)

        def __call__(self, *args, **kwargs):
            say("__call__")
            return super().__call__(*args, **kwargs)

        def after_return(self, status, retval, task_id, args, kwargs, einfo):
            say(f"after_return {status} {retval} {task_id[:4]} {list(args)} {kwargs}")

    @app.task(base=Custom)
    def custom(word):
        return f"did {word}"

    @app.task
    def patched(word):
        say(f"patched {word}")

    patched.before_start = lambda task_id, args, kwargs: say(f"before {list(args)}")

    web = Flask("web")

    class ContextTask(app.Task):
        def __call__(self, *args, **kwargs):
            with web.app_context():
                return self.run(*args, **kwargs)

    @app.task(base=ContextTask)
    def in_context(word):
        say(f"{word} in {current_app.name}")

    class Registered(Task):
        name = "shop.registered"

        def run(self, word):
            say(f"registered {word}")

    app.register_task(Registered())
"""

SINGLE = """

    from celery_singleton import Singleton

    @app.task(base=Singleton)
    def single(word):
        notes.rpush("calls", f"single {word}")

    periodic(seconds=1, name="single", queue=os.environ["QUEUE"], args=["a"], deadline=1)(single)
"""

LIMITS = """

    from celery.exceptions import SoftTimeLimitExceeded

    @app.task(time_limit=1)
    def killed():
        notes.rpush("calls", "killed")
        time.sleep(60)

    @app.task(soft_time_limit=1)
    def asked_to_stop():
        notes.rpush("calls", "asked")
        try:
            time.sleep(60)
        except SoftTimeLimitExceeded:
            notes.rpush("calls", "stopped")
            raise

    @app.task(bind=True)
    def revoked(self):
        notes.rpush("calls", f"revoked {self.request.id}")
        time.sleep(60)

    again = {"max_retries": 2, "countdown": 0}

    @app.task(autoretry_for=(ValueError,), retry_kwargs=again, bind=True)
    def flaky(self):
        notes.rpush("calls", f"try {self.request.retries}")
        if self.request.retries < 2:
            raise ValueError("not yet")
        return "fine"

    @app.task
    def second(before):
        notes.rpush("calls", f"second after {before}")
"""


def calls(shop: Shop) -> list[str]:
    found: list[str] = shop.notes.lrange("calls", 0, -1)
    return found


def test_custom_bases_patched_instances_and_flasks_context_task(redis_shop: Shop) -> None:
    shop = redis_shop
    shop.add(CALLS)
    log = shop.worker("-c", "1")
    slot = now_ms()
    tasks = ["custom", "patched", "in_context", "registered"]
    made = [shop.send(task, slot + at, "a") for at, task in enumerate(tasks)]
    expected = [
        f"before_start shop.custom {made[0][:4]} ['a'] {{}}",
        "__call__",
        f"after_return SUCCESS did a {made[0][:4]} ['a'] {{}}",
        "before ['a']",
        "patched a",
        "a in web",
        "registered a",
    ]
    shop.until(lambda: calls(shop) == expected)
    for at, task in enumerate(tasks):
        shop.send(task, slot + at, "a")
    shop.until(lambda: skipped(log, "it is a copy") == len(tasks))
    # A run that was left out calls none of the user's code.
    assert calls(shop) == expected


def test_a_celery_singleton_task_is_sent_again_after_a_run_that_was_left_out(
    one_shop: Shop,
) -> None:
    shop = one_shop
    shop.add(SINGLE)
    shop.beat()
    shop.until(lambda: any(_is_late(message) for message in shop.waiting()))
    log = shop.worker("-c", "1")
    shop.until(lambda: len(calls(shop)) >= 3)
    assert skipped(log, "it is past its deadline") >= 1


def _is_late(message: dict[str, Any]) -> bool:
    slot: int = message["headers"]["beatkit-slot"]
    return now_ms() > slot + 1_000


def _next_one_runs(shop: Shop, log: Path, slots: Iterator[int]) -> None:
    """Send until one runs: while the mark of a run that was killed stands they are left out."""
    ran = len(shop.ran())
    for slot in slots:
        left_out = skipped(log, "another run")
        shop.send("quick", slot, policy=SKIP)
        shop.until(lambda then=left_out: skipped(log, "another run") + len(shop.ran()) > then + ran)
        if len(shop.ran()) > ran:
            return


def test_time_limits_and_revoked_tasks_do_not_block_the_entry(redis_shop: Shop) -> None:
    shop = redis_shop
    shop.env |= {"LIVE": "3", "EARLY": "yes"}
    shop.add(LIMITS)
    log = shop.worker("-c", "2")
    slots = count(now_ms())
    shop.send("killed", next(slots), policy=SKIP)
    shop.until(lambda: "Hard time limit" in log.read_text())
    _next_one_runs(shop, log, slots)
    shop.send("asked_to_stop", next(slots), policy=SKIP)
    shop.until(lambda: "raised unexpected: SoftTimeLimitExceeded" in log.read_text())
    _next_one_runs(shop, log, slots)
    made = shop.send("revoked", next(slots), policy=SKIP)
    shop.until(lambda: calls(shop)[-1] == f"revoked {made}")
    shop.app.control.revoke(made, terminate=True, signal="SIGKILL")
    shop.until(lambda: "Terminating" in log.read_text())
    _next_one_runs(shop, log, slots)
    assert calls(shop) == ["killed", "asked", "stopped", f"revoked {made}"]


@pytest.mark.parametrize("how", ["link", "chain"])
def test_autoretry_and_chains_whose_first_task_is_periodic(redis_shop: Shop, how: str) -> None:
    shop = redis_shop
    shop.add(LIMITS)
    log = shop.worker("-c", "1")
    slot = now_ms()
    then = shop.app.signature("shop.second", queue=shop.queue)
    chained: dict[str, Any] = {"link": then} if how == "link" else {"chain": [then]}
    shop.send("flaky", slot, **chained)
    expected = ["try 0", "try 1", "try 2", "second after fine"]
    shop.until(lambda: calls(shop) == expected)
    shop.send("flaky", slot, **chained)
    shop.until(lambda: skipped(log, "it is a copy") == 1)
    # Whatever a copy had set off would have come before these.
    shop.send("flaky", slot + 1)
    shop.until(lambda: calls(shop) == expected + expected[:3])
