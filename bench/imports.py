"""Imports and starts: what beatkit adds to a program's first second.

Imports: CPU time (on a quiet machine that is the time) of new processes with and without,
the least of several.
`beatkit dev`: the median of several starts, from the command to the end of the first run.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import Row

ROUNDS = 9
STARTS = 5

_TIMED = "import time; start = time.process_time(); {0}; print(time.process_time() - start)"

CELERY = "from celery import Celery"
BEATKIT = f"{CELERY}; import beatkit"
NAMES = f"{CELERY}; from beatkit import make_app, periodic"
FIRST_APP = f"{NAMES}; make_app('shop', broker_url='redis://localhost/0').conf.broker_url"

# Celery imports the modules of all its plugins at each call; without ours, the list is cut.
_VERSION = """
import importlib.metadata, sys
found = importlib.metadata.entry_points
def entry_points(**wanted):
    return [each for each in found(**wanted) if each.dist.name != "beatkit" or {ours}]
importlib.metadata.entry_points = entry_points
sys.argv = ["celery", "--version"]
from celery.__main__ import main
main()
"""

_TEN_A_SECOND = """
from beatkit import make_app, periodic
app = make_app("shop", broker_url="redis://localhost/0")
@periodic(seconds=0.1)
def tick() -> None: ...
"""


def run() -> Iterator[Row]:
    celery, beatkit, names, first = _timed([CELERY, BEATKIT, NAMES, FIRST_APP])
    yield Row("import beatkit, above Celery's import", 1000 * (beatkit - celery), "ms", budget=30)
    yield Row("the first make_app, above that", 1000 * (first - beatkit), "ms", budget=150)
    yield Row("  of that, importing make_app and periodic", 1000 * (names - beatkit), "ms")
    without, with_plugin = _version()
    added = 1000 * (with_plugin - without)
    yield Row(f"celery --version ({1000 * without:.0f} ms) with our plugin", added, "ms", budget=30)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "shop.py")
        target.write_text(_TEN_A_SECOND)
        yield _first_run("a task due ten times a second", target, budget=2.0)
    hello = Path(__file__).parents[1] / "examples" / "hello.py"
    yield _first_run("hello.py, which waits for an even second", hello)


def _timed(programs: list[str]) -> list[float]:
    """CPU seconds inside Python of each program; interleaved, so that a busy spell hits all."""
    rounds = [[_inside(program) for program in programs] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def _inside(program: str) -> float:
    command = [sys.executable, "-c", _TIMED.format(program)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _version() -> tuple[float, float]:
    """CPU seconds of the command without our plugin, and with it."""
    rounds = [
        [_outside(_VERSION.format(ours=ours)) for ours in (False, True)] for _ in range(ROUNDS)
    ]
    without, with_plugin = (min(times) for times in zip(*rounds, strict=True))
    return without, with_plugin


def _outside(program: str) -> float:
    """CPU seconds of the whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _first_run(what: str, target: Path, budget: float | None = None) -> Row:
    times = sorted(_start(target) for _ in range(STARTS))
    middle = times[len(times) // 2]
    return Row(
        f"beatkit dev to the first run: {what}", middle, "s", budget=budget, raw=tuple(times)
    )


def _start(target: Path) -> float:
    command = [Path(sys.executable).with_name("beatkit"), "dev", target, "--fresh"]
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=target.parent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        ran = any("  ran  " in line for line in process.stdout)
        took = time.perf_counter() - start
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    if not ran:
        raise RuntimeError(f"nothing ran: beatkit dev {target}")
    return took
