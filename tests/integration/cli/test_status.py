"""`celery -A app schedule status` beside real beats."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.examples.running import count, environment, running
from tests.servers import ValkeyServer, free_port

SHOP = """
from beatkit import make_app, periodic

app = make_app("shop", timezone="UTC")


@periodic(seconds=1, name="tick")
def tick() -> None: ...
"""
BEAT = "celery -A shop beat --loglevel INFO"
SENT = "Sending due task"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def status(folder: Path, url: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["celery", "-A", "shop", "schedule", "status", *words],
        cwd=folder,
        env=environment({"CELERY_BROKER_URL": url, "COLUMNS": "100", **env}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def document(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_a_lead_and_its_standby_and_then_nobody(folder: Path, valkey: ValkeyServer) -> None:
    with running(folder, {"CELERY_BROKER_URL": valkey.url()}, BEAT) as (one,):
        one.until(lambda lines: count(SENT)(lines) > 0)
        with running(folder, {"CELERY_BROKER_URL": valkey.url()}, BEAT) as (two,):
            two.until(lambda lines: any("is in force" in line for line in lines))
            done = status(folder, valkey.url(), "-j")
            while document(done)["last_send"] is None:  # the beat tells it a second later
                done = status(folder, valkey.url(), "-j")
        told = document(done)
        assert (done.returncode, done.stderr) == (0, "")
        assert [beat["role"] for beat in told["items"]] == ["lead", "standby"]
        assert [beat["pid"] for beat in told["items"]] == [one.process.pid, two.process.pid]
        assert (told["ok"], told["overdue"], told["sending"]) == (True, [], "atomic")
        assert (told["eviction"], told["store"]) == ("noeviction", valkey.url())
        assert told["in_force"] == told["revision"]
        assert told["last_send"] is not None
    done = status(folder, valkey.url(), "--grace", "0s", "-j")
    assert (done.returncode, document(done)["ok"], document(done)["items"]) == (1, False, [])
    assert done.stderr == "No beat sends: start one with celery -A ... beat\n"


def test_what_is_overdue_is_found_without_any_beat(folder: Path, valkey: ValkeyServer) -> None:
    with running(folder, {"CELERY_BROKER_URL": valkey.url()}, BEAT) as (one,):
        one.until(lambda lines: count(SENT)(lines) > 0)
    done = status(folder, valkey.url(), "--grace", "0.001s", "-j")
    while not document(done)["overdue"]:
        done = status(folder, valkey.url(), "--grace", "0.001s", "-j")
    assert done.returncode == 1
    assert [late["entry"] for late in document(done)["overdue"]] == ["tick"]


def test_a_store_that_is_away_is_69(folder: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    done = status(folder, url)
    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr.startswith(f"Error: Store {url!r} is not available: ")
    assert "Traceback" not in done.stderr


def test_a_store_inside_another_process_is_refused(folder: Path) -> None:
    done = status(folder, "memory://")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: the store is 'memory://', which is inside the process of its beat, expected one "
        "that others can reach\n"
        "  from broker_url\n"
        "  write beatkit_store_url = 'redis://HOST:6379/0', or ask on the beat's host: "
        "beatkit health\n"
    )


def test_an_eviction_policy_that_forgets_is_told(folder: Path, new_valkey: Any) -> None:
    server = new_valkey(options="--maxmemory-policy allkeys-lru")
    done = status(folder, server.url())
    assert done.returncode == 1
    assert done.stderr == (
        "No beat sends: start one with celery -A ... beat\n"
        "The store's maxmemory-policy is 'allkeys-lru': a full server may forget what was "
        "sent; set it to 'noeviction'\n"
    )


def test_a_file_that_no_beat_has_made_is_not_made(folder: Path) -> None:
    done = status(folder, "amqp://localhost", BEATKIT_STORE_URL="sqlite:///shop.db")
    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr == (
        f"Error: the store's file {str(folder / 'shop.db')!r} is not there, expected the one "
        "that beats write\n"
        "  from beatkit_store_url\n"
        "  ask on the beats' host and in their folder, or write sqlite:////var/lib/..., an "
        "absolute path\n"
    )
    assert not (folder / "shop.db").exists()


def test_beats_that_share_a_file(folder: Path, valkey: ValkeyServer) -> None:
    store = {"BEATKIT_STORE_URL": "sqlite:///shop.db"}
    with running(folder, {"CELERY_BROKER_URL": valkey.url(), **store}, BEAT) as (one,):
        one.until(lambda lines: count(SENT)(lines) > 0)
        done = status(folder, valkey.url(), "-j", **store)
    told = document(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert [beat["role"] for beat in told["items"]] == ["lead"]
    assert (told["store"], told["sending"]) == ("sqlite:///shop.db", "claimed")
    assert told["eviction"] is None


def test_an_old_beat_a_laptop_and_a_second_project_are_seen(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, valkey: ValkeyServer
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "shop.py").write_text(SHOP.replace('name="tick"', 'name="crm.sync"'))
    url = {"CELERY_BROKER_URL": valkey.url()}
    with running(folder, url, BEAT) as (one,):
        one.until(lambda lines: count(SENT)(lines) > 0)
        with running(other, url, BEAT) as (two,):
            two.until(lambda lines: any("another project" in line for line in lines))
            mine, theirs = status(folder, valkey.url(), "-j"), status(other, valkey.url(), "-j")
    roles = [(beat["role"], beat["pid"]) for beat in document(mine)["items"]]
    assert roles == [("lead", one.process.pid), ("suspended", two.process.pid)]
    assert theirs.stderr == (
        "Another project uses this store under 'beatkit:shop:': it serves 'tick' and others, "
        "this code has none of them; set beatkit_key_prefix to another text in one of them\n"
    )
