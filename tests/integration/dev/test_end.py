"""`beatkit dev`: every way in which it ends, and that nothing is left."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest

from tests.integration.dev.conftest import PATIENCE, SLOW, TICK, Shop, StartDev, all_gone

pytestmark = [
    pytest.mark.usefixtures("_server"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]


@pytest.mark.parametrize("pool", ["prefork", "solo", "threads"])
def test_at_ctrl_c_a_running_task_finishes(dev: StartDev, shop: Shop, pool: str) -> None:
    shop(SLOW)
    started = dev("shop.py", "--pool", pool, "--concurrency", "1")
    started.wait_for("slow begins")
    everything = started.processes()
    started.ctrl_c()
    assert started.ended() == 0
    assert started.said.count("slow begins") == started.said.count("slow ends") > 0
    assert re.search(r"  ran       shop\.slow  \d+\.\d s$", started.said, re.MULTILINE)
    assert "Traceback" not in started.noted
    assert all_gone(everything)


def test_sigterm_is_as_good_as_ctrl_c(dev: StartDev, shop: Shop) -> None:
    shop(SLOW)
    started = dev("shop.py", SLOW="0.5")
    started.wait_for("slow begins")
    everything = started.processes()
    started.process.terminate()
    assert started.ended() == 0
    assert started.said.count("slow begins") == started.said.count("slow ends")
    assert all_gone(everything)


@pytest.mark.parametrize("pool", ["prefork", "solo", "threads"])
def test_a_second_ctrl_c_ends_running_tasks(dev: StartDev, shop: Shop, pool: str) -> None:
    shop(SLOW)
    started = dev("shop.py", "--concurrency", "1", "--pool", pool, SLOW="600")
    started.wait_for("slow begins")
    everything = started.processes()
    started.ctrl_c()
    deadline = time.monotonic() + PATIENCE
    while "Stopping" not in started.noted and time.monotonic() < deadline:
        time.sleep(0.01)
    started.ctrl_c()
    assert started.ended() == 1
    assert re.search(r"  ended     shop\.slow  \S+ m?s$", started.said, re.MULTILINE)
    assert started.noted.endswith(
        "\nStopping: running tasks may finish; the next Ctrl-C ends them now.\n"
        "\nEnding running tasks.\n"
    )
    assert all_gone(everything)


def test_a_task_that_celery_cannot_end_is_ended_all_the_same(
    dev: StartDev, shop: Shop, tmp_path: Path
) -> None:
    """Celery waits for ever for a task of whose start the pool has not told it."""
    shop(
        SLOW + "import celery.worker.request\n"
        "celery.worker.request.Request.cancel = lambda *_, **__: None\n"
    )
    (tmp_path / "tmp").mkdir()
    started = dev(
        "shop.py", "--fresh", "--concurrency", "1", SLOW="600", TMPDIR=str(tmp_path / "tmp")
    )
    started.wait_for("slow begins")
    everything = started.processes()
    started.ctrl_c()
    started.wait_for_note("^Stopping")
    started.ctrl_c()
    assert started.ended() == 1
    assert started.noted.endswith("\nEnding running tasks.\n\nThey do not end: killed.\n")
    assert all_gone(everything)
    assert list((tmp_path / "tmp").glob("beatkit-*")) == []


def test_a_main_thread_that_swallows_every_error_ends_as_well(dev: StartDev, shop: Shop) -> None:
    shop(
        SLOW + "from celery.concurrency.prefork import TaskPool\n"
        "def stop(self):\n"
        "    while True:\n"
        "        try: time.sleep(600)\n"
        "        except BaseException: pass\n"
        "TaskPool.stop = stop\n"
    )
    started = dev("shop.py", "--concurrency", "1", SLOW="600")
    started.wait_for("slow begins")
    everything = started.processes()
    started.ctrl_c()
    started.wait_for_note("^Stopping")
    started.ctrl_c()
    assert started.ended() == 1
    assert all_gone(everything)


def test_ctrl_c_while_it_starts_is_no_error(dev: StartDev, shop: Shop, tmp_path: Path) -> None:
    shop("open('importing', 'w').close(); time.sleep(60)\n")
    started = dev("shop.py")
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "importing").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    started.ctrl_c()
    assert (started.ended(), started.said, started.noted) == (0, "", "")


def test_kill_9_leaves_nothing_and_loses_no_message(dev: StartDev, shop: Shop) -> None:
    shop(SLOW + "\nif os.environ.get('QUIET'):\n    app.conf.beat_schedule = {}\n")
    first = dev("shop.py", "--concurrency", "1", SLOW="600")
    # One runs, four wait in the worker and three in the queue: none is on its way between the
    # two, where Celery's transport would lose it with its worker.
    first.wait_for("  sent  ", times=8)
    everything = first.processes()
    first.process.kill()
    assert all_gone(everything)
    second = dev("shop.py", QUIET="1", SLOW="0")
    second.wait_for("slow ends", times=7)
    second.ctrl_c()
    assert second.ended() == 0


def test_a_scheduler_that_breaks_ends_the_command_with_its_error(dev: StartDev, shop: Shop) -> None:
    shop(
        TICK + "from celery.beat import Scheduler\n"
        "class Broken(Scheduler):\n"
        "    def tick(self): raise RuntimeError('out of cogs')\n"
        "app.conf.beat_scheduler = 'shop:Broken'\n"
    )
    started = dev("shop.py")
    everything = started.processes()
    assert started.ended() == 1
    assert started.noted.endswith("RuntimeError: out of cogs\n")
    assert all_gone(everything)
