"""A beat that has no store to share refuses to start, in three lines and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SHOP = """
from beatkit import make_app, periodic

app = make_app("shop", broker_url="amqp://guest:guest@127.0.0.1:1//")


@periodic(seconds=2)
def tick(): ...
"""


def test_a_beat_on_rabbitmq_without_a_store_says_the_two_choices(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    beat = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "shop", "beat"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (beat.returncode, beat.stderr) == (
        1,
        "Error: beats have no store: the broker is 'amqp://', expected a Redis or Valkey server,"
        " which can also keep what has been sent\n"
        "  from broker_url, with no beatkit_store_url and no Redis in result_backend\n"
        "  write beatkit_store_url = 'redis://HOST:6379/0', or 'sqlite:///beatkit.db'"
        " where all beats run on one host\n",
    )
