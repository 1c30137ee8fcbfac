"""When a change asks for a new start."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from beatkit.dev import reload
from beatkit.dev.options import OptionError
from beatkit.dev.reload import Start, changed_between, check, files_of, folders
from beatkit.dev.target import TargetError, load
from tests.unit.dev.conftest import Write


def test_the_current_folder_is_watched_and_those_of_modules_elsewhere(
    project: Path, write: Write, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere").resolve()
    (elsewhere / "dev_shared.py").touch()
    write("dev_shop.py", "import dev_shared, json, celery\n")
    sys.path[:0] = [str(project), str(elsewhere)]
    before = set(folders())
    __import__("dev_shop")
    assert set(folders()) - before == {elsewhere}
    assert folders()[0] == project


def test_what_changed_before_the_watch_began_is_a_change(project: Path, write: Write) -> None:
    path = write("dev_early.py", "")
    sys.path.insert(0, str(project))
    __import__("dev_early")
    now = path.stat().st_mtime + 10
    os.utime(path, (now, now))
    assert changed_between(now - 1, now + 1) == "dev_early.py"
    assert changed_between(now, now + 1) == ""
    assert changed_between(now - 2, now - 1) == ""  # written by a clock that is ahead


@pytest.mark.parametrize("text", ["def tick(:\n", "import nothing_of_that_name\n"])
def test_the_file_that_broke_is_looked_at_too(write: Write, text: str) -> None:
    path = write("dev_broken.py", text)
    with pytest.raises(TargetError) as caught:
        load("dev_broken.py")
    assert files_of(caught.value) == [path]
    now = path.stat().st_mtime
    assert changed_between(now - 1, now, files_of(caught.value)) == "dev_broken.py"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/shop/tasks.py", True),
        ("/shop/settings.toml", True),
        ("/shop/settings.yaml", True),
        ("/shop/.env", True),
        ("/shop/out.json", False),
        ("/shop/.tasks.py.swp", False),
        ("/shop/.#tasks.py", False),
        ("/shop/__pycache__/tasks.cpython-311.pyc", False),
        ("/shop/.venv/lib/tasks.py", False),
        ("/shop/env/lib/python3.12/site-packages/tasks.py", False),
        ("/shop/.beatkit/shop.app/tasks.py", False),
    ],
)
def test_code_and_settings_are_watched(path: str, wanted: bool) -> None:
    from watchfiles import Change

    assert reload._wanted()(Change.modified, path) is wanted


def test_the_first_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEATKIT_DEV_UNTIL", raising=False)
    assert (Start.now(None).again, Start.now(None).left) == (False, None)
    left = Start.now(60).left
    assert left is not None
    assert 0 < left <= 60


def test_another_start_ends_when_the_first_would_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATKIT_DEV_UNTIL", str(time.monotonic() - 5))
    start = Start.now(60)
    assert (start.again, start.left) == (True, 0.0)
    assert "BEATKIT_DEV_UNTIL" not in os.environ
    monkeypatch.setenv("BEATKIT_DEV_UNTIL", "")
    assert (Start.now(60).again, Start.now(60).again) == (True, False)


def test_another_start_has_the_command_and_environment_of_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://b")
    start = Start.now(None)
    monkeypatch.delenv("CELERY_BROKER_URL")
    became: list[object] = []
    monkeypatch.setattr(os, "execve", lambda *arguments: became.extend(arguments))
    monkeypatch.setattr(
        sys, "orig_argv", ["python", "-X", "dev", "-m", "beatkit", "dev", "shop.py"]
    )
    start.another()
    assert became[:2] == [
        sys.executable,
        [sys.executable, "-X", "dev", "-m", "beatkit", "dev", "shop.py"],
    ]
    environ = became[2]
    assert isinstance(environ, dict)
    assert (environ["CELERY_BROKER_URL"], environ["BEATKIT_DEV_UNTIL"]) == ("redis://b", "")


def test_without_watchfiles_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "find_spec", lambda _name: None)
    with pytest.raises(OptionError) as caught:
        check()
    assert str(caught.value) == (
        "--reload was given, but watchfiles is not installed, which sees the changes\n"
        '  install it: pip install "beatkit[dev]"'
    )


def test_on_windows_it_says_that_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload.sys, "platform", "win32")
    with pytest.raises(OptionError) as caught:
        check()
    assert str(caught.value) == (
        "--reload was given, but works on Linux and macOS only\n"
        "  leave it out, and start the command again by hand"
    )
