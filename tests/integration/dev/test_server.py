"""The private server: it starts, it fails with its own words, and it never outlives its owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from beatkit.dev.binary import find_binary
from beatkit.dev.server import Server, ServerError, running
from beatkit.dev.state import State, kept
from tests.integration.dev.conftest import alive, all_gone

pytestmark = pytest.mark.usefixtures("_server")


@pytest.fixture
def binary() -> Path:
    found = find_binary()
    assert found is not None
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".beatkit" / "shop.app"


def client(state: State) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(state.socket), socket_timeout=5)


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o700)
    return path


def test_what_it_acknowledged_is_there_at_the_next_start(binary: Path, folder: Path) -> None:
    with kept(folder) as state:
        with running(binary, state), client(state) as link:
            link.lpush("queue", "message")
        with running(binary, state), client(state) as link:
            assert link.lrange("queue", 0, -1) == [b"message"]


def test_only_its_owner_may_connect_and_no_port_is_open(binary: Path, folder: Path) -> None:
    with kept(folder) as state, running(binary, state), client(state) as link:
        assert state.socket.stat().st_mode & 0o077 == 0
        assert link.config_get("port") == {"port": "0"}
        assert link.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_it_is_stopped_with_the_block(binary: Path, folder: Path) -> None:
    with kept(folder) as state:
        with running(binary, state) as server:
            pid = server.pid
        assert all_gone([pid], seconds=0)


def test_ctrl_c_of_the_terminal_does_not_reach_it(binary: Path, folder: Path) -> None:
    with kept(folder) as state, running(binary, state) as server:
        assert os.getsid(server.pid) == server.pid != os.getsid(0)


def test_a_server_that_was_left_behind_is_shut_down(binary: Path, folder: Path) -> None:
    with kept(folder) as state:
        left = Server(binary, state)
        left.ready()
        with client(state) as link:
            link.set("kept", "yes")
        with running(binary, state), client(state) as link:
            assert link.get("kept") == b"yes"
            assert not alive(left.pid)
        left.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only the Linux kernel can tell a child")
def test_it_dies_with_a_killed_owner(binary: Path, folder: Path) -> None:
    owner = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys, time; from pathlib import Path\n"
            "from beatkit.dev.server import running; from beatkit.dev.state import kept\n"
            "with kept(Path(sys.argv[2])) as state, running(Path(sys.argv[1]), state) as server:\n"
            "    print(server.pid, flush=True); time.sleep(60)",
            str(binary), str(folder),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    with owner:
        assert owner.stdout is not None
        server = int(owner.stdout.readline())
        assert alive(server)
        owner.send_signal(signal.SIGKILL)
        assert all_gone([server])


def test_a_server_that_ends_at_once_is_quoted(tmp_path: Path, folder: Path) -> None:
    broken = program(
        tmp_path / "broken",
        "import sys; log = sys.argv[sys.argv.index('--logfile') + 1]\n"
        "open(log, 'w').write('first\\nBad file format reading the append only file\\n')\n"
        "sys.exit(1)",
    )
    with kept(folder) as state, pytest.raises(ServerError) as caught, running(broken, state):
        pass
    assert str(caught.value) == (
        "The private Valkey server ended with code 1: "
        "Bad file format reading the append only file\n"
        f"  its log is {folder}/valkey.log\n"
        "  add --fresh to start without the kept state, or --broker URL to use another broker"
    )


def test_a_server_that_does_not_answer_is_given_up(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beatkit.dev.server.START_SECONDS", 0.2)
    dumb = program(tmp_path / "dumb", "import time; time.sleep(60)")
    with kept(folder) as state, pytest.raises(ServerError) as caught, running(dumb, state):
        pass
    assert str(caught.value) == (
        "The private Valkey server did not answer within 0.2 seconds\n"
        f"  its log is {folder}/valkey.log\n"
        "  add --fresh to start without the kept state, or --broker URL to use another broker"
    )


def test_a_server_that_was_left_behind_and_does_not_stop_is_named(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beatkit.dev.server.STOP_SECONDS", 0.2)
    dumb = program(tmp_path / "dumb", "import time; time.sleep(60)")
    with kept(folder) as state:
        left = Server(dumb, state)
        with pytest.raises(ServerError) as caught:
            Server(dumb, state)
        left.stop()
    assert str(caught.value) == (
        f"A Valkey server left behind in {folder} does not stop\n"
        f"  it holds {folder}/server.lock\n"
        "  end it by hand, or add --fresh to start beside it"
    )
