"""What `make` says where it cannot set itself up."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_make_says_which_python_it_needs(tmp_path: Path) -> None:
    made = f"{tmp_path}/venv/.made"
    done = subprocess.run(
        ["make", "-C", str(ROOT), f"VENV={tmp_path}/venv", "PYTHON=nopython", made],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "beatkit needs Python 3.11 or newer; 'nopython' is not there. Try: make PYTHON=python3.12"
    )
