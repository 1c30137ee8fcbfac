"""Every page does what it says: its files are written, its code and commands run."""

from __future__ import annotations

import doctest
import os
import queue
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Command, Step, commands, pages, steps
from tests.servers import ValkeyServer, unavailable

CHECKER = doctest.OutputChecker()
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
pytestmark = pytest.mark.timeout(300)  # for what hangs: a page runs many commands
PAGES = [page for page in pages() if steps(page.read_text())]


@pytest.fixture(autouse=True)
def _forget_the_modules_of_the_page(tmp_path: Path) -> Iterator[None]:
    """Many pages have a shop.py."""
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_does_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, valkey: ValkeyServer
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CELERY_BROKER_URL", valkey.url())  # the page says localhost:6379
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    namespace: dict[str, object] = {"__name__": f"page_{page.stem}"}
    left_out: list[str] = []
    for step in steps(page.read_text()):
        where = f"{page.relative_to(ROOT)}, line {step.line}"
        if step.needs and shutil.which(step.needs) is None:
            left_out.append(f"{where}: no {step.needs}")
        else:
            _carry_out(step, where, tmp_path, namespace)
    if left_out:
        unavailable("; ".join(left_out))


def _carry_out(step: Step, where: str, folder: Path, namespace: dict[str, object]) -> None:
    if step.kind == "file":
        target = folder / step.title
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(step.text)
    elif step.kind == "python":
        exec(compile("\n" * step.line + step.text, where, "exec"), namespace)
    elif step.kind == "console":
        for command in commands(step.text):
            _run(command, where)
    else:
        _run_until(step, where)


def _run(command: Command, where: str) -> None:
    done = subprocess.run(
        command.line, shell=True, capture_output=True, text=True, timeout=200, check=False
    )
    printed = done.stdout + done.stderr
    if command.expected and not CHECKER.check_output(command.expected, printed, FLAGS):
        raise AssertionError(
            f"{where}: {command.line}\nprinted:\n{printed}\nexpected:\n{command.expected}"
        )


def _run_until(step: Step, where: str, patience: float = 100) -> None:
    lines: queue.Queue[str] = queue.Queue()
    running = [_start(command.line, lines) for command in commands(step.text)]
    printed = ""
    give_up = time.monotonic() + patience
    try:
        while step.until not in printed:
            left = give_up - time.monotonic()
            assert left > 0, f"{where}: no {step.until!r} within {patience} s in:\n{printed}"
            try:
                printed += lines.get(timeout=left)
            except queue.Empty:
                continue
    finally:
        # As a reader would, not in the very instant that a task ends: Celery's pool then
        # waits 30 s for a receipt that nobody gives any more.
        time.sleep(0.5)
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            try:
                process.wait(timeout=100)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _start(command: str, lines: queue.Queue[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        shlex.split(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)

    threading.Thread(target=read, daemon=True).start()
    return process
