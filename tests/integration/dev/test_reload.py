"""`beatkit dev --reload`: a change of the code is a new start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.integration.dev.conftest import SLOW, TICK, Shop, StartDev, all_gone

pytestmark = [
    pytest.mark.usefixtures("_server"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]

AGAIN = r"^shop\.py has changed: starting again when running tasks have finished\.$"


def test_a_change_is_a_new_start_of_the_same_process(dev: StartDev, shop: Shop) -> None:
    shop(TICK)
    started = dev("shop.py", "--reload")
    started.wait_for("^tick$")
    pool = [pid for pid in started.processes() if pid != started.process.pid]
    shop(TICK.replace('print("tick")', 'print("tock")'))
    started.wait_for("^tock$")
    assert started.noted.count("has changed: starting again") == 1
    assert all_gone(pool)
    started.ctrl_c()
    assert started.ended() == 0
    assert "Traceback" not in started.noted
    said = [line for line in started.said.splitlines() if line in ("tick", "tock")]
    assert said == sorted(said)  # no old code runs beside the new


def test_running_tasks_finish_first(dev: StartDev, shop: Shop) -> None:
    shop(SLOW)
    started = dev("shop.py", "--reload", "--concurrency", "1")
    started.wait_for("slow begins")
    shop(TICK)
    started.wait_for("^tick$")
    assert started.said.count("slow begins") == started.said.count("slow ends") > 0


def test_ctrl_c_while_tasks_finish_stops_instead(dev: StartDev, shop: Shop) -> None:
    shop(SLOW)
    started = dev("shop.py", "--reload", "--concurrency", "1", SLOW="5")
    started.wait_for("slow begins")
    shop(TICK)
    started.wait_for_note(AGAIN)
    started.ctrl_c()
    assert started.ended() == 0
    assert started.said.count("slow begins") == started.said.count("slow ends")
    assert started.noted.endswith(
        "Stopping: running tasks may finish; the next Ctrl-C ends them now.\n"
    )


def test_a_change_that_breaks_the_app_waits_for_the_next_one(dev: StartDev, shop: Shop) -> None:
    shop(TICK)
    started = dev("shop.py", "--reload")
    started.wait_for("^tick$")
    shop("def tick(:\n")
    started.wait_for_note(
        r"^beatkit dev: 'shop' cannot be imported: SyntaxError: .*\n"
        r"  raised in shop\.py, line 4: def tick\(:\n"
        r"  mend it there: the app must be importable before anything can run\n"
        r"Waiting for a change\.$"
    )
    shop(TICK.replace('print("tick")', 'print("tock")'))
    started.wait_for("^tock$")
    started.ctrl_c()
    assert started.ended() == 0


def test_ctrl_c_while_it_waits_for_a_change_is_no_error(dev: StartDev, shop: Shop) -> None:
    shop(TICK)
    started = dev("shop.py", "--reload")
    started.wait_for("^tick$")
    shop("def tick(:\n")
    started.wait_for_note("^Waiting for a change")
    started.ctrl_c()
    assert started.ended() == 0
    assert started.noted.endswith("Waiting for a change.\n")


def test_at_the_first_start_an_error_is_an_error(dev: StartDev, shop: Shop) -> None:
    shop("def tick(:\n")
    started = dev("shop.py", "--reload")
    assert started.ended() == 2
    assert "Waiting" not in started.noted


def test_the_time_goes_on_over_starts(dev: StartDev, shop: Shop, tmp_path: Path) -> None:
    shop(
        TICK + "import os\nopen('ends', 'a').write(os.environ.get('BEATKIT_DEV_UNTIL', '') + '.')\n"
    )
    started = dev("shop.py", "--reload", "--for", "8")
    started.wait_for("^tick$")
    shop("def tick(:\n")
    started.wait_for_note("^Waiting for a change")
    assert started.ended() == 0
    assert (tmp_path / "ends").read_text() == "."


def test_what_tasks_write_is_no_change(dev: StartDev, shop: Shop, tmp_path: Path) -> None:
    shop(TICK.replace('print("tick")', 'open("out.json", "a").write("{}"); print("tick")'))
    started = dev("shop.py", "--reload")
    started.wait_for("^tick$", times=5)
    assert (tmp_path / "out.json").exists()
    assert "has changed" not in started.noted
