"""The heartbeat file and `beatkit health`, beside real beats."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.chaos.plant import wait_until
from tests.integration.examples.running import Command, count, environment, running
from tests.servers import ValkeyServer

SHOP = """
from beatkit import make_app, periodic

app = make_app("shop")


@periodic(seconds=1)
def tick() -> None: ...
"""
BEAT = "celery -A shop beat --loglevel INFO"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def health(file: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        ["beatkit", "health", "--file", str(file), *words],
        env=environment({}), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout


def sending(beat: Command) -> None:
    beat.until(lambda lines: count("Sending due task")(lines) > 1)


def test_a_lead_and_a_standby_are_both_ready(shop: Path, valkey: ValkeyServer) -> None:
    one, two = shop / "one.json", shop / "two.json"
    url = {"CELERY_BROKER_URL": valkey.url()}
    with running(shop, {**url, "BEATKIT_HEALTH_FILE": str(one)}, BEAT) as (lead,):
        sending(lead)
        with running(shop, {**url, "BEATKIT_HEALTH_FILE": str(two)}, BEAT):
            assert wait_until(lambda: health(two, "--ready")[0] == 0, 20)
            roles = [json.loads(file.read_text())["role"] for file in (one, two)]
            assert roles == ["lead", "standby"]
            assert health(one, "--ready")[0] == 0
    assert sorted(path.name for path in shop.iterdir()) == ["shop.py"]  # each took its own along


def test_a_beat_that_is_stopped_is_not_alive_and_one_that_goes_on_is(
    shop: Path, valkey: ValkeyServer
) -> None:
    file = shop / "beat.json"
    env = {"CELERY_BROKER_URL": valkey.url(), "BEATKIT_HEALTH_FILE": str(file)}
    with running(shop, env, BEAT) as (beat,):
        sending(beat)
        beat.process.send_signal(signal.SIGSTOP)
        try:
            assert wait_until(lambda: health(file, "--max-age", "2")[0] == 1, 20)
        finally:
            beat.process.send_signal(signal.SIGCONT)
        assert wait_until(lambda: health(file, "--max-age", "2")[0] == 0, 20)


def test_while_the_store_is_away_a_beat_is_alive_and_not_ready(shop: Path, new_valkey) -> None:
    server: ValkeyServer = new_valkey()
    file = shop / "beat.json"
    env = {"CELERY_BROKER_URL": server.url(), "BEATKIT_HEALTH_FILE": str(file)}
    with running(shop, env, BEAT) as (beat,):
        sending(beat)
        server.kill()
        assert wait_until(lambda: health(file, "--ready", "--max-age", "2")[0] == 1, 20)
        assert (
            "has not reached its store or broker for"
            in health(file, "--ready", "--max-age", "2")[1]
        )
        assert health(file, "--live", "--max-age", "5")[0] == 0
        server.start()
        assert wait_until(lambda: health(file, "--ready", "--max-age", "2")[0] == 0, 20)


def test_systemd_is_told_ready_alive_and_stopping(shop: Path, valkey: ValkeyServer) -> None:
    # A path in the folder of pytest may be too long for a socket's address.
    name = f"@beatkit-beat-{os.getpid()}-{valkey.port}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:])
        systemd.settimeout(20)
        env = {"CELERY_BROKER_URL": valkey.url(), "NOTIFY_SOCKET": name}
        with running(shop, env, BEAT) as (beat,):
            heard = [systemd.recv(200).decode() for _ in range(2)]
            sending(beat)
        assert set(heard) == {"READY=1\nSTATUS=lead\nWATCHDOG=1"}
        systemd.setblocking(False)
        last = ""
        while last != "STOPPING=1":
            last = systemd.recv(200).decode()  # raises where it was never said


STUCK = """
import threading
from beatkit import make_app, periodic

app = make_app("shop", beatkit_stuck_after=1.2, task_routes=[lambda *_, **__: stand_still()])


def stand_still() -> None:
    threading.Event().wait()


@periodic(seconds=1)
def tick() -> None: ...
"""


def test_a_beat_whose_tick_is_stuck_says_where_and_ends(shop: Path, valkey: ValkeyServer) -> None:
    (shop / "shop.py").write_text(STUCK)
    with running(shop, {"CELERY_BROKER_URL": valkey.url()}, BEAT) as (beat,):
        assert beat.process.wait(30) == 70
        printed = beat.until(lambda lines: any("stand_still()" in line for line in lines))
    said = [line for line in printed if "has not ended" in line]
    assert [line.rpartition("beat: ")[2] for line in said] == [
        "a tick has not ended for 1.2 s (beatkit_stuck_after). The beat ends; start it again. "
        "It stands here:\n"
    ]
