"""The folder of the private server's data, and its one owner."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from beatkit.dev.state import LONGEST_SOCKET, StateError, folder_name, fresh, kept


@pytest.mark.parametrize(
    ("file", "name", "folder"),
    [
        ("examples/hello.py", "hello:app", "examples.hello.app"),
        ("hello.py", "hello:app", "hello.app"),
        ("shop/celery.py", "shop.celery:proj", "shop.celery.proj"),
        ("shop/__init__.py", "shop:celery_app", "shop.celery_app"),
        (None, "shop:app", "shop.app"),
        ("a b/ä.py", "ä:app", "a-b.ä.app"),
    ],
)
def test_each_app_has_a_folder_of_its_own(
    project: Path, file: str | None, name: str, folder: str
) -> None:
    assert folder_name(file and str(project / file), name) == folder


def test_an_app_outside_the_current_folder_has_one_too(project: Path) -> None:
    assert folder_name("/srv/shop/tasks.py", "tasks:app") == "srv.shop.tasks.app"


def test_only_its_owner_may_look_into_it_and_git_does_not(tmp_path: Path) -> None:
    folder = tmp_path / ".beatkit" / "shop.app"
    with kept(folder) as state:
        assert (state.folder, state.kept) == (folder, True)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (tmp_path / ".beatkit" / ".gitignore").read_text() == "*\n"
    assert folder.is_dir()


def test_a_second_owner_is_told_who_the_first_is(tmp_path: Path) -> None:
    folder = tmp_path / ".beatkit" / "shop.app"
    with kept(folder), pytest.raises(StateError) as caught, kept(folder):
        pass
    assert str(caught.value) == (
        f"Another beatkit dev runs this app here (process {os.getpid()})\n"
        f"  it owns {folder}\n"
        "  stop it first, or add --fresh to run this one beside it"
    )
    with kept(folder):  # free again
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / ".beatkit").write_text("a file")
    folder = tmp_path / ".beatkit" / "shop.app"
    with pytest.raises(StateError) as caught, kept(folder):
        pass
    assert str(caught.value) == (
        f"'{folder}' cannot be written: File exists\n"
        "  beatkit dev keeps its server's data there\n"
        "  start in a folder of yours, or add --fresh to use a temporary one"
    )


def test_a_fresh_state_is_gone_afterwards() -> None:
    with fresh() as state:
        assert not state.kept
        (state.folder / "data").write_text("x")
    assert not state.folder.exists()


def test_two_fresh_states_are_apart() -> None:
    with fresh() as one, fresh() as other:
        assert one.folder != other.folder


def test_a_path_too_long_for_a_socket_gets_one_nearby(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100) / "shop.app"
    folder.parent.mkdir()
    with kept(folder) as state:
        nearby = state.socket.parent
        assert len(os.fsencode(state.socket)) <= LONGEST_SOCKET
        assert stat.S_IMODE(nearby.stat().st_mode) == 0o700
    assert not nearby.exists()


def test_a_nearby_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100) / "shop.app"
    folder.parent.mkdir()
    with kept(folder) as state:
        nearby = state.socket.parent
    nearby.mkdir()
    nearby.chmod(0o755)
    with pytest.raises(StateError) as caught, kept(folder):
        pass
    nearby.rmdir()
    assert str(caught.value) == (
        f"'{nearby}' is not a private folder of yours\n"
        f"  it would hold the socket, as the path of {folder} is too long for one\n"
        "  remove it, or start in a folder with a shorter path"
    )
