"""Run a verb in this process, as `celery -A shop schedule ...` would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from celery.bin.base import CLIContext

from beatkit.cli.schedule import schedule


@dataclass(frozen=True)
class Done:
    """What a verb printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    from tests.unit.cli.shop import app as shop

    def run(*words: str, app: Any = shop, width: int = 100, quiet: bool = False) -> Done:
        monkeypatch.setenv("COLUMNS", str(width))
        context = CLIContext(app=app, no_color=True, workdir=None, quiet=quiet)
        with pytest.raises(SystemExit) as ended:
            schedule.main(list(words), prog_name="celery -A shop schedule", obj=context)
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return run
