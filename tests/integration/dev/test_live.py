"""The live view of `beatkit dev`, on a real terminal: what it shows, what keys do, and that
the terminal is given back however the command ends."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.dev.conftest import BEATKIT, Shop, all_gone, children
from tests.integration.dev.screen import Terminal

pytestmark = [
    pytest.mark.usefixtures("_server"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]

SHOP = """
import os, time
from beatkit import make_app, periodic
app = make_app('shop', broker_url='redis://127.0.0.1:1/0')

@periodic(seconds=1)
def tick() -> None:
    print('counting', '\\x1b[32mstock\\x1b[0m')

@periodic(cron='0 0 29 2 *', timezone='UTC')
def leap() -> None:
    raise ValueError('no such day')
"""

Start = Callable[..., Terminal]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Start]:
    """Start `beatkit dev shop.py ARGUMENTS` on a terminal in the test's folder."""
    started: list[Terminal] = []
    (tmp_path / "shop.py").write_text(SHOP)

    def start(*arguments: str, columns: int = 80, lines: int = 24, **environ: str) -> Terminal:
        command = [str(BEATKIT), "dev", "shop.py", *arguments]
        started.append(Terminal(tmp_path, command, environ, columns, lines))
        return started[-1]

    yield start
    for each in started:
        each.close()


def given_back(terminal: Terminal) -> bool:
    """Whether the first screen is shown, with a cursor."""
    return terminal.cursor and not terminal.second


def test_it_shows_what_comes_what_ran_and_what_is_printed(terminal: Start) -> None:
    shown = terminal()
    before = shown.modes
    shown.wait_for("counting stock")
    shown.wait_for(r"  ran +shop\.tick")
    assert shown.second
    assert not shown.cursor
    lines = shown.text.splitlines()
    assert lines[0].startswith("beatkit dev shop:app · 2 entries · ")
    assert re.fullmatch(r" +(now|1s)  shop\.tick  every 1s +(ran|running) \d+ ?m?s", lines[2])
    assert re.fullmatch(r"\d+d( \d+h)?  shop\.leap  0 0 29 2 \*  -", lines[3].strip())
    assert "─ output ───" in shown.text
    assert lines[-1] == "↑↓ choose  t trigger  p pause or resume  o output only  q quit"
    shown.press("q")
    assert shown.ended() == 0
    assert given_back(shown)
    assert shown.modes == before
    assert shown.text.splitlines()[0] == "beatkit dev shop.py"
    assert "beatkit dev shop:app has ended: " in shown.text
    assert "Traceback" not in shown.text


def test_t_triggers_the_chosen_entry(terminal: Start) -> None:
    shown = terminal()
    shown.wait_for("counting stock")
    shown.press("\x1b[B\x1b[H")  # down, then home: shop.leap is first by name
    shown.press("t")
    shown.wait_for("triggered shop.leap")
    shown.wait_for("ValueError: no such day")
    shown.wait_for("1 failed")


def test_p_pauses_and_resumes_the_chosen_entry(terminal: Start) -> None:
    shown = terminal()
    shown.wait_for("counting stock")
    shown.press("\x1b[B\x1b[F")
    shown.press("p")
    shown.wait_for("paused shop.tick: it stays so, also after a restart, until p is pressed again")
    shown.wait_for("paused  shop.tick  ")
    shown.press("q")
    assert shown.ended() == 0
    again = terminal()
    again.wait_for("paused  shop.tick  ")
    again.press("\x1b[B\x1b[F")
    again.press("p")
    again.wait_for("resumed shop.tick")
    again.wait_for("counting stock")


def test_celerys_own_scheduler_cannot_pause(terminal: Start, shop: Shop) -> None:
    shop(
        "@app.task\ndef tick(): print('tick')\n"
        "app.conf.beat_schedule = {'tick': {'task': 'shop.tick', 'schedule': 0.5}}\n"
    )
    shown = terminal(columns=120)
    shown.wait_for(" ran ")
    shown.press("p")
    shown.wait_for("Celery's own scheduler cannot pause: make the app with make_app, or install")


def test_it_follows_the_window(terminal: Start) -> None:
    shown = terminal()
    shown.wait_for("counting stock")
    shown.resize(40, 16)
    shown.wait_for("↑↓  t trigger  p pause  o out  q quit")
    shown.resize(120, 40)
    shown.wait_for("↑↓ choose  t trigger  p pause or resume  o output only  q quit")
    shown.wait_for("─" * 100)


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [(["--plain"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}), ([], {"TERM": ""})],
)
def test_lines_where_they_are_wanted(
    terminal: Start, arguments: list[str], environ: dict[str, str]
) -> None:
    shown = terminal(*arguments, **environ)
    shown.wait_for(r"  ran       shop\.tick  ")
    assert given_back(shown)
    assert "↑↓" not in shown.text


def test_without_rich_there_are_lines_and_it_says_so(terminal: Start, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'rich' else found(name, *a)\n"
    )
    shown = terminal(PYTHONPATH=str(tmp_path))
    shown.wait_for(r"  ran       shop\.tick  ")
    hint = 'view      plain lines: a live view needs rich: pip install "beatkit[dev]" brings it'
    assert hint in shown.text.replace("\n", "")


def test_ctrl_c_lets_a_running_task_finish(terminal: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        SHOP.replace("print(", "print('begins'); time.sleep(2); print(")
    )
    shown = terminal("--concurrency", "1")
    before = shown.modes
    shown.wait_for("begins")
    everything = [shown.process.pid, *children(shown.process.pid)]
    shown.press("\x03")
    shown.wait_for("Stopping: 1 run may finish; Ctrl-C ends them now.")
    assert shown.ended() == 0
    assert given_back(shown)
    assert shown.modes == before
    assert "counting stock" in shown.text
    assert "Traceback" not in shown.text
    assert all_gone(everything)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT, signal.SIGSEGV])
def test_a_sudden_death_gives_the_terminal_back_and_leaves_nothing(
    terminal: Start, number: signal.Signals
) -> None:
    shown = terminal()
    before = shown.modes
    shown.wait_for("counting stock")
    everything = [shown.process.pid, *children(shown.process.pid)]
    os.kill(shown.process.pid, number)
    assert shown.ended() == -number
    shown.wait_for(lambda: given_back(shown) and shown.modes == before)
    assert all_gone(everything)


def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again(
    terminal: Start, tmp_path: Path
) -> None:
    shell = Terminal(tmp_path, ["bash", "--norc", "-i"], {"PS1": "shell> "})
    try:
        shell.wait_for("shell>")
        shell.press(f"{BEATKIT} dev shop.py\n")
        shell.wait_for("counting stock")
        shell.press("\x1a")
        shell.wait_for("Stopped")
        assert given_back(shell)
        shell.press("echo $((6 * 7)) seen\n")
        shell.wait_for("42 seen")
        shell.press("fg\n")
        shell.wait_for(lambda: shell.second)
        shell.wait_for("q quit")
        shell.press("q")
        shell.wait_for("has ended: ")
        assert given_back(shell)
        shell.press("exit\n")
        assert shell.ended() == 0
    finally:
        shell.close()


def test_a_view_that_breaks_is_followed_by_lines(terminal: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        SHOP + "import beatkit.dev.live.view as view\n"
        "def broken(*_): raise RuntimeError('out of paint')\n"
        "view.picture = broken\n"
    )
    shown = terminal(lines=50)
    before = shown.modes
    shown.wait_for("RuntimeError: out of paint")
    assert "The live view broke; plain lines follow." in shown.text
    shown.wait_for(r"  ran       shop\.tick  ")
    assert given_back(shown)
    shown.press("\x03")
    assert shown.ended() == 0
    assert shown.modes == before


def test_an_error_at_the_start_is_seen(terminal: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        SHOP + "from celery.signals import celeryd_after_setup\n"
        "@celeryd_after_setup.connect\n"
        "def fail(*_, **__): raise SystemExit('no licence')\n"
    )
    shown = terminal()
    before = shown.modes
    assert shown.ended() != 0
    assert "no licence" in shown.text
    assert given_back(shown)
    assert shown.modes == before


def test_a_debugger_is_given_the_terminal(terminal: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP.replace("print(", "till = 7 * 6; breakpoint(); print("))
    shown = terminal("--pool", "solo")
    shown.wait_for(r"\(Pdb\)")
    assert given_back(shown)
    shown.press("p till + 1000\n")
    shown.wait_for("1042")
    shown.press("c\n")
    shown.wait_for("counting stock")


def test_a_flood_of_output_holds_up_neither_tasks_nor_keys(terminal: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        SHOP.replace("print(", "[print('flood', n, 'x' * 60) for n in range(50_000)]; print(")
    )
    shown = terminal()
    shown.wait_for("flood")
    shown.wait_for(r"  ran +shop\.tick")
    shown.press("q")
    assert shown.ended() == 0
    assert given_back(shown)
