"""A beat that has no store to share refuses to start, in three lines and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SHOP = """
from beatkit import make_app, periodic

app = make_app("shop", broker_url="amqp://guest:guest@127.0.0.1:1//", beatkit_store_url=None)


@periodic(seconds=2)
def tick(): ...
"""


def beat(folder: Path, store: str | None = None) -> tuple[int, str]:
    (folder / "shop.py").write_text(SHOP.replace("None", repr(store)))
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "shop", "beat"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_beat_on_rabbitmq_without_a_store_says_the_two_choices(tmp_path: Path) -> None:
    assert beat(tmp_path) == (
        1,
        "Error: beats have no store: the broker is 'amqp://', expected a Redis or Valkey server,"
        " which can also keep what has been sent\n"
        "  from broker_url, with no beatkit_store_url and no Redis in result_backend\n"
        "  write beatkit_store_url = 'redis://HOST:6379/0', or 'sqlite:///beatkit.db'"
        " where all beats run on one host\n",
    )


def test_a_beat_whose_file_can_be_no_store_says_why(tmp_path: Path) -> None:
    assert beat(tmp_path, f"sqlite:///{tmp_path}") == (
        1,
        f"Error: store {str(tmp_path)!r} is a folder, expected a file\n"
        "  from beatkit_store_url\n"
        f"  write sqlite:///{tmp_path}/beatkit.db\n",
    )


def test_a_url_that_names_no_file_is_said_at_the_start_too(tmp_path: Path) -> None:
    assert beat(tmp_path, "sqlite://beatkit.db") == (
        1,
        "Error: store is 'sqlite://beatkit.db', expected the path of a file after sqlite:///\n"
        "  from beatkit_store_url\n"
        "  write sqlite:///beatkit.db, or sqlite:////var/lib/shop/beatkit.db\n",
    )
