"""The pure files load neither Celery nor anything slow."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PURE = ["rules", "cron", "zone", "dialect", "describe", "spread", "sun"]
_SCRIPT = """
import sys
import beatkit.schedules.{name}
heavy = "celery kombu redis pydantic click rich ephem dateutil".split()
print(sorted(set(heavy) & set(sys.modules)))
"""


@pytest.mark.parametrize("name", _PURE)
def test_a_pure_file_loads_nothing_heavy(name: str) -> None:
    command = [sys.executable, "-c", _SCRIPT.format(name=name)]

    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert shown.strip() == "[]"
