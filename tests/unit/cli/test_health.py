"""`beatkit health`: each sentence, by the file alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from beatkit.cli.health import Verdict, judge, look, probe
from beatkit.cli.main import main
from beatkit.clock import read_host

TOLD: dict[str, Any] = {
    "schema": 1,
    "beat": "web-7-ab12cd",
    "host": "web",
    "pid": 7,
    "revision": "0f0f",
    "role": "lead",
    "tick": 100.0,
    "passed": 100.0,
    "sent": None,
    "owed_s": None,
    "failing": 0,
}
WHO = "beat web-7-ab12cd (pid 7)"


@pytest.mark.parametrize(
    ("ready", "now", "told", "verdict"),
    [
        (False, 100.4, {}, Verdict(True, f"alive: {WHO}, lead, ticked 0.4 s ago")),
        (True, 130.0, {}, Verdict(True, f"ready: {WHO}, lead, ticked 30.0 s ago")),
        (True, 101, {"role": "standby"}, Verdict(True, f"ready: {WHO}, standby, ticked 1.0 s ago")),
        (
            False,
            145.2,
            {},
            Verdict(
                False,
                f"not alive: the latest tick of {WHO} ended 45.2 s ago, expected 30 s at most",
            ),
        ),
        (
            True,
            145.2,
            {},
            Verdict(
                False,
                f"not ready: the latest tick of {WHO} ended 45.2 s ago, expected 30 s at most",
            ),
        ),
        (
            False,
            99,
            {},
            Verdict(False, f"not alive: {WHO} was last heard before this machine started"),
        ),
        (
            True,
            100,
            {"passed": None, "role": "starting"},
            Verdict(False, f"not ready: {WHO} has not reached its store yet"),
        ),
        (
            True,
            100,
            {"passed": 58.5},
            Verdict(False, f"not ready: {WHO} has not reached its store or broker for 41.5 s"),
        ),
        (
            True,
            100,
            {"role": "suspended"},
            Verdict(
                False,
                f"not ready: {WHO} stands by: its schedule 0f0f is not the one in force",
            ),
        ),
        (True, 100, {"owed_s": 42.04}, Verdict(False, f"not ready: {WHO} owes a slot for 42.0 s")),
        (
            True,
            100,
            {"owed_s": 42, "failing": 1},
            Verdict(
                False,
                f"not ready: {WHO} owes a slot for 42.0 s; 1 entry cannot be sent, see its log",
            ),
        ),
        (
            True,
            100,
            {"owed_s": 42, "failing": 2},
            Verdict(
                False,
                f"not ready: {WHO} owes a slot for 42.0 s; 2 entries cannot be sent, see its log",
            ),
        ),
    ],
)
def test_the_verdict(ready: bool, now: float, told: dict[str, Any], verdict: Verdict) -> None:
    assert judge({**TOLD, **told}, now, 30, ready) == verdict


@pytest.mark.parametrize("told", [{"passed": None}, {"role": "suspended"}, {"owed_s": 9999}])
def test_what_a_restart_does_not_mend_is_no_reason_for_one(told: dict[str, Any]) -> None:
    assert judge({**TOLD, **told}, 100, 30, ready=False).well


def test_no_file(tmp_path: Path) -> None:
    path = str(tmp_path / "beat.json")
    assert look(path, 100, 30, ready=False) == Verdict(
        False,
        f"not alive: there is no heartbeat file {path!r}: the beat has not begun, or has "
        "stopped, or its beatkit_health_file is another",
    )


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert look(str(tmp_path), 100, 30, ready=True) == Verdict(
        False,
        f"not ready: heartbeat file {str(tmp_path)!r} cannot be read: [Errno 21] Is a "
        f"directory: {str(tmp_path)!r}",
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"beat": 1}', "\udcff"])
def test_a_file_of_something_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "beat.json"
    path.write_text(text, errors="surrogateescape")
    assert look(str(path), 100, 30, ready=False) == Verdict(
        False, f"not alive: {str(path)!r} is no heartbeat file of beatkit"
    )


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    path = tmp_path / "beat.json"
    now = read_host().steady / 1000
    path.write_text(json.dumps({**TOLD, "tick": now, "passed": now}))
    return path


@pytest.mark.parametrize("words", [[], ["--live"], ["--ready"], ["--ready", "--max-age", "120"]])
def test_the_variable_names_the_file(
    fresh: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert probe(words, {"BEATKIT_HEALTH_FILE": str(fresh)}) == 0
    assert WHO in capsys.readouterr().out


def test_file_goes_before_the_variable(fresh: Path) -> None:
    assert probe(["--file", str(fresh)], {"BEATKIT_HEALTH_FILE": "/no/such"}) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            [],
            "no file is named; write --file FILE, or set BEATKIT_HEALTH_FILE as for the beat",
        ),
        (["--live", "--ready"], "argument --ready: not allowed with argument --live"),
        (
            ["--file", "f", "--max-age", "-1"],
            "argument --max-age: '-1' is no number of seconds above 0",
        ),
        (
            ["--file", "f", "--max-age", "nan"],
            "argument --max-age: 'nan' is no number of seconds above 0",
        ),
    ],
)
def test_wrong_usage(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        probe(words, {})
    assert (ended.value.code, capsys.readouterr().err) == (2, f"beatkit health: {message}\n")


def test_the_program_loads_the_standard_library_only(fresh: Path) -> None:
    program = (
        "import sys; sys.argv = ['beatkit', 'health', *sys.argv[1:]]\n"
        "from beatkit.cli.program import run\n"
        "try: run()\n"
        "finally: print({'celery', 'click', 'redis', 'kombu', 'pydantic'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--file", str(fresh)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("s ago\nset()\n")


def test_help_lists_the_verb_and_main_runs_it_too(fresh: Path) -> None:
    assert "health  Say whether" in CliRunner().invoke(main, ["--help"]).output
    done = CliRunner().invoke(main, ["health", "--ready", "--file", str(fresh)])
    assert (done.exit_code, done.output[:6]) == (0, "ready:")
