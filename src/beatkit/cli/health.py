"""`beatkit health`: is the beat of this host well? For the probes of orchestrators.

Reads the heartbeat file that the beat writes (`beatkit.beat.health`) and nothing else: no
app, no broker, no store. An outage of a server is no reason to restart a beat, and a probe
that runs every few seconds must cost next to nothing, so this imports the standard library
only. Its sentence goes to stdout; exit code 0 yes, 1 no, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from beatkit.clock import read_host

MAX_AGE_S = 30.0
"""A beat ticks at least once a second; one that waits for a server that does not answer,
every few. So this is long enough for any outage and short enough for a pager."""

VARIABLE = "BEATKIT_HEALTH_FILE"
FIELDS: dict[str, Any] = {
    "beat": str, "host": str, "pid": int, "role": str, "revision": str, "failing": int,
    "tick": (int, float), "passed": (int, float, type(None)), "owed_s": (int, float, type(None)),
}  # fmt: skip


class Verdict(NamedTuple):
    """Whether all is well, and the sentence that says why."""

    well: bool
    sentence: str


def probe(words: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Answer one probe; print the sentence and return the exit code.

    Args:
        words: The command line after `beatkit health`.
        environ: May name the file.
    """
    parser = _parser(environ)
    asked = parser.parse_args(words)
    if not asked.file:
        parser.error(f"no file is named; write --file FILE, or set {VARIABLE} as for the beat")
    verdict = look(asked.file, read_host().steady / 1000, asked.max_age, asked.ready)
    print(verdict.sentence)
    return 0 if verdict.well else 1


def look(path: str, now: float, max_age: float, ready: bool) -> Verdict:
    """Read a heartbeat file and judge it.

    Args:
        path: The file.
        now: Seconds on the host's steady clock.
        max_age: Seconds after which a tick is too long ago.
        ready: Whether to ask also if the beat can do its work.
    """
    lacking = "not ready" if ready else "not alive"
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib is slow
            told = json.load(file)
    except FileNotFoundError:
        return Verdict(
            False,
            f"{lacking}: there is no heartbeat file {path!r}: the beat has not begun, or has "
            f"stopped, or its beatkit_health_file is another",
        )
    except OSError as error:
        return Verdict(False, f"{lacking}: heartbeat file {path!r} cannot be read: {error}")
    except ValueError:
        told = None
    if not _is_heartbeat(told):
        return Verdict(False, f"{lacking}: {path!r} is no heartbeat file of beatkit")
    return judge(told, now, max_age, ready)


def judge(told: Mapping[str, Any], now: float, max_age: float, ready: bool) -> Verdict:
    """Judge what a beat has told of itself.

    Alive: its ticks end, whatever they achieve. Ready: besides, it serves the schedule in
    force, as lead or standby, its store and its broker were reached not longer ago than
    `max_age`, and no slot is owed for longer than that.
    """
    age = now - told["tick"]
    who = f"beat {told['beat']} (pid {told['pid']})"
    lacking = "not ready" if ready else "not alive"
    if age < 0:
        return Verdict(False, f"{lacking}: {who} was last heard before this machine started")
    if age > max_age:
        return Verdict(
            False,
            f"{lacking}: the latest tick of {who} ended {age:.1f} s ago, expected "
            f"{max_age:g} s at most",
        )
    wrong = _unready(told, now, max_age) if ready else ""
    if wrong:
        return Verdict(False, f"not ready: {who} {wrong}")
    word = "ready" if ready else "alive"
    return Verdict(True, f"{word}: {who}, {told['role']}, ticked {age:.1f} s ago")


def _unready(told: Mapping[str, Any], now: float, max_age: float) -> str:
    passed, owed, failing = told["passed"], told["owed_s"], told["failing"]
    if passed is None or told["role"] == "starting":
        return "has not reached its store yet"
    if now - passed > max_age:
        return f"has not reached its store or broker for {now - passed:.1f} s"
    if told["role"] == "suspended":
        return f"stands by: its schedule {told['revision']} is not the one in force"
    if owed is not None and owed > max_age:
        some = f"; {failing} {'entry' if failing == 1 else 'entries'} cannot be sent, see its log"
        return f"owes a slot for {owed:.1f} s{some if failing else ''}"
    return ""


def _is_heartbeat(told: object) -> bool:
    return isinstance(told, dict) and all(
        key in told and isinstance(told[key], kind) for key, kind in FIELDS.items()
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"beatkit health: {message}\n")


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="beatkit health",
        description="Say whether the beat of this host is well, by its heartbeat file.",
        epilog="Exit codes: 0 yes, 1 no, 2 wrong usage. No server is asked.",
        allow_abbrev=False,
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--live", action="store_true", help="do its ticks end? If not, restart it [the default]"
    )
    which.add_argument(
        "--ready", action="store_true", help="does it serve the schedule in force, none owed?"
    )
    parser.add_argument(
        "--file", default=environ.get(VARIABLE),
        help=f"the beat's beatkit_health_file [default: {VARIABLE} of the environment]",
    )  # fmt: skip
    parser.add_argument(
        "--max-age", type=_seconds, default=MAX_AGE_S, metavar="SECONDS",
        help="how long ago the latest tick may be [default: 30]",
    )  # fmt: skip
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0 < seconds < float("inf"):
        return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
