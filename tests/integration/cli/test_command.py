"""`celery -A app schedule ...` as a process of its own: start, colours, completion, no app."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

CELERY = (str(Path(sys.executable).with_name("celery")),)

SHOP = '''
from beatkit import make_app, periodic

app = make_app("shop", broker_url="redis://127.0.0.1:1/0", timezone="Europe/Berlin")


@periodic(cron="30 2 * * *", queue="billing")
def close_day() -> None:
    """Close the books."""


@periodic(seconds=15, args=["hi"], name="hello", deadline=15)
def hello(word: str) -> None:
    print(word)


@periodic(cron="0 4 * * *", name="odd", enabled=False)
def odd() -> None:
    pass
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CELERY, *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_list_needs_no_server(folder: Path) -> None:
    done = run(folder, "-A", "shop", "schedule", "list", "--at", "2026-11-22T12:00Z")
    assert done.stdout == (
        "NEXT                            IN  LAST  NAME            SCHEDULE    QUEUE    STATE\n"
        "Sun 22 Nov 13:00:15 CET        15s  -     hello           every 15s   celery   on\n"
        "Mon 23 Nov 02:30 CET     13h 30min  -     shop.close_day  30 2 * * *  billing  on\n"
        "Mon 23 Nov 04:00 CET           15h  -     odd             0 4 * * *   celery   off\n"
    )
    note, closing = done.stderr.splitlines()
    away = "runtime-owned entries and pauses are not shown: Store 'redis://127.0.0.1:1/0' is"
    assert note.startswith(away)
    ending = "3 entries, 1 off · now Sun 22 Nov 13:00 CET · no store read"
    assert (done.returncode, closing) == (0, ending)


def test_workdir_and_the_environment_name_the_app_too(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    words = ("schedule", "next", "-n", "1", "-o", "plain")
    by_option = run(elsewhere, "--workdir", str(folder), "-A", "shop", *words)
    by_variable = run(folder, *words, CELERY_APP="shop")
    for done in (by_option, by_variable):
        assert done.stdout.splitlines()[1].split("\t")[2] == "hello", done.stderr


def test_without_an_app_it_says_so(folder: Path) -> None:
    done = run(folder, "schedule", "list")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "Error: there is no app: write celery -A your_app schedule ...",
    )


def test_an_app_that_cannot_be_imported_is_exit_code_2(folder: Path) -> None:
    assert run(folder, "-A", "nix", "schedule", "list").returncode == 2


def test_task_modules_that_cannot_be_imported_are_blamed_in_a_line(folder: Path) -> None:
    (folder / "tasks.py").write_text("import json\n\nprice = 1 / 0\n")
    (folder / "bad.py").write_text(SHOP.replace('"shop", ', '"shop", imports=["tasks"], '))
    for verb in ("list", "check"):
        done = run(folder, "-A", "bad", "schedule", verb)
        assert (done.returncode, done.stdout, done.stderr) == (
            2,
            "",
            "Error: the app's task modules cannot be imported: ZeroDivisionError: division by"
            " zero\n"
            "  raised in tasks.py, line 3: price = 1 / 0\n"
            "  mend it there: the app must be importable before anything can run\n",
        )


def test_check_lists_all_problems_with_their_lines(folder: Path) -> None:
    (folder / "broken.py").write_text(SHOP.replace('name="odd"', 'name="hello"'))
    done = run(folder, "-A", "broken", "schedule", "check")
    assert done.returncode == 1
    assert done.stdout.startswith(
        "error: Entry 'hello' is declared twice; the other one stands in broken.py, line 17\n"
        "  broken.py:12: duplicate-name\n"
        "  write another name= in one of them\n"
    )


def in_terminal(folder: Path, *words: str, **environment: str) -> str:
    """Run it with a terminal for its stdout, and return what it drew there."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*CELERY, *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm-256color", **environment},
        stdin=follower,
        stdout=follower,
        stderr=subprocess.DEVNULL,
    )
    os.close(follower)
    drawn = b""
    give_up = time.monotonic() + 60
    try:
        while time.monotonic() < give_up:
            if select.select([leader], [], [], 1)[0]:
                try:
                    read = os.read(leader, 65536)
                except OSError:  # Linux: the other end is closed
                    break
                if not read:
                    break
                drawn += read
    finally:
        process.kill()
        process.wait()
        os.close(leader)
    return drawn.decode()


def test_a_terminal_gets_colours_and_no_color_takes_them_away(folder: Path) -> None:
    words = ("-A", "shop", "schedule", "list")
    assert "\x1b[2m" in in_terminal(folder, *words)
    assert "\x1b" not in in_terminal(folder, *words, NO_COLOR="1")
    assert "\x1b" not in in_terminal(folder, "-C", *words)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["schedule", "ti"], {"timeline"}),
        (["schedule", "show", "clo"], {"shop.close_day"}),
        (["schedule", "list", "--output", "j"], {"json", "jsonl"}),
        (["schedule", "list", "--tz", "berl"], {"Europe/Berlin"}),
    ],
)
def test_the_shell_completes_verbs_entries_and_formats(
    folder: Path, typed: list[str], offered: set[str]
) -> None:
    words = ["celery", "-A", "shop", *typed]
    done = run(
        folder,
        _CELERY_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(words),
        COMP_CWORD=str(len(words) - 1),
    )
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == offered


def test_the_plugin_costs_other_commands_little(folder: Path) -> None:
    probe = (
        "import sys, celery.bin.base, click; before = set(sys.modules);"
        "import beatkit.cli.schedule;"
        "print(sorted(n for n in set(sys.modules) - before if n.startswith('beatkit')));"
        "print(len(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=folder
    )
    names, count = done.stdout.splitlines()
    assert names == "['beatkit', 'beatkit.cli', 'beatkit.cli.schedule']"
    assert int(count) <= 5
