"""Which pool, and how many tasks at once."""

from __future__ import annotations

import pytest
from celery import Celery

from beatkit.dev.options import OptionError, Options
from beatkit.dev.pool import Pool, pool_for


def shop(**settings: object) -> Celery:
    app = Celery("shop", set_as_current=False)
    app.conf.update(settings)
    return app


def test_by_default_a_few_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    for processors, at_once in ((1, 2), (2, 2), (3, 3), (64, 4)):
        monkeypatch.setattr("os.cpu_count", lambda found=processors: found)
        assert pool_for(Options("x"), shop(), in_memory=False) == Pool("prefork", at_once)


def test_what_the_app_says_stands() -> None:
    app = shop(worker_pool="threads", worker_concurrency=8)
    assert pool_for(Options("x"), app, in_memory=False) == Pool("threads", 8)


def test_what_the_command_line_says_wins() -> None:
    options = Options("x", pool="prefork", concurrency=3)
    app = shop(worker_pool="threads", worker_concurrency=8)
    assert pool_for(options, app, in_memory=False) == Pool("prefork", 3)


def test_solo_runs_one_at_a_time() -> None:
    assert pool_for(Options("x", pool="solo"), shop(), in_memory=False) == Pool("solo", 1)


def test_queues_in_memory_need_the_solo_pool() -> None:
    assert pool_for(Options("x"), shop(worker_pool="prefork"), in_memory=True) == Pool("solo", 1)
    with pytest.raises(OptionError) as caught:
        pool_for(Options("x", pool="threads"), shop(), in_memory=True)
    assert str(caught.value) == (
        "--pool is 'threads', expected 'solo' where the queues are in memory\n"
        "  the broker is memory://, which only the process that holds it can see\n"
        '  leave --pool out; or install "beatkit[dev]", or give --broker'
    )


def test_in_words() -> None:
    assert Pool("prefork", 4).words == "prefork, 4 at once"


def test_green_threads_are_threads_here() -> None:
    app = Celery("shop", set_as_current=False)
    app.conf.worker_pool = "gevent"
    assert pool_for(Options("shop", concurrency=3), app, in_memory=False) == Pool("threads", 3)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("prefrok", ""),
        ("gevent", "  gevent changes Python's own library before an app is imported\n"),
    ],
)
def test_a_pool_that_cannot_be_used_is_refused(name: str, why: str) -> None:
    with pytest.raises(OptionError) as caught:
        pool_for(Options("shop", pool=name), Celery("shop", set_as_current=False), in_memory=False)
    assert str(caught.value) == (
        f"--pool is {name!r}, expected prefork, solo or threads\n{why}"
        "  leave --pool out to use the app's own, or prefork"
    )
