"""The command line of `beatkit dev`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from beatkit import __version__
from beatkit.cli.main import main
from beatkit.dev.options import Options
from beatkit.dev.redirect import BrokerUnreachable
from beatkit.dev.target import TargetError


def test_help_loads_neither_celery_nor_the_rest() -> None:
    program = (
        "import sys; from beatkit.cli.main import main\n"
        "try: main(['dev', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'celery', 'kombu', 'redis', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--broker URL" in done.stdout


def test_help_says_where_the_schedule_is_seen() -> None:
    said = " ".join(CliRunner().invoke(main, ["--help"]).output.split())
    assert said.endswith(
        "Schedules are seen and operated by Celery's own command: celery -A APP schedule --help"
    )


def test_without_a_target_it_says_what_is_one() -> None:
    done = CliRunner().invoke(main, ["dev", "--fresh"])
    assert (done.exit_code, done.output.splitlines()) == (
        2,
        [
            "Usage: main dev [OPTIONS] TARGET",
            "Try 'main dev --help' for help.",
            "",
            "Error: TARGET is missing: the file that makes the app, such as shop.py",
        ],
    )


def test_the_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"beatkit {__version__}\n"


def test_every_option_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Options] = []
    monkeypatch.setattr("beatkit.dev.run.run", lambda options: got.append(options) or 0)
    line = (
        "dev shop.py --broker redis://b --for 1.5 --fresh --plain --reload --pool solo"
        " --concurrency 3 --loglevel debug"
    )
    assert CliRunner().invoke(main, line.split()).exit_code == 0
    assert got == [
        Options(
            target="shop.py",
            broker="redis://b",
            seconds=1.5,
            pool="solo",
            concurrency=3,
            fresh=True,
            plain=True,
            reload=True,
            log_level="DEBUG",
        )
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [(TargetError("no app\n  at all"), 2), (BrokerUnreachable("no app\n  at all"), 69)],
)
def test_an_error_is_its_message_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def fail(_options: Options) -> int:
        raise error

    monkeypatch.setattr("beatkit.dev.run.run", fail)
    done = CliRunner().invoke(main, ["dev", "shop.py"])
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr == "beatkit dev: no app\n  at all\n"


@pytest.mark.parametrize(
    "line", ["dev", "dev x --for 0", "dev x --for -1", "dev x --concurrency 0", "dev x --colour"]
)
def test_wrong_usage_is_exit_code_2(line: str) -> None:
    assert CliRunner().invoke(main, line.split()).exit_code == 2


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("beatkit ", ["plain,dev", "plain,health"]),
        ("beatkit dev --f", ["plain,--for", "plain,--fresh"]),
        ("beatkit dev sh", ["file,sh"]),
        ("beatkit dev shop.py --pool ", ["plain,prefork", "plain,solo", "plain,threads"]),
    ],
)
def test_the_shell_completes(words: str, offered: list[str]) -> None:
    done = CliRunner().invoke(
        main,
        [],
        prog_name="beatkit",
        env={
            "_BEATKIT_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
    )
    assert done.output.splitlines() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script_to_load(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "beatkit"],
        env={**os.environ, "_BEATKIT_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
    )
    assert "_BEATKIT_COMPLETE" in done.stdout
