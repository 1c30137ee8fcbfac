"""What a beat writes for `beatkit health`, on clocks that a test sets."""

import json
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from beatkit.beat.health import Heartbeat, health_file, owed_since, role_of
from beatkit.beat.passes import Passes
from beatkit.beat.presence import Presence
from beatkit.beat.rows import Row
from beatkit.beat.systemd import notify
from beatkit.clock import HostClock
from beatkit.entry import Entry
from beatkit.errors import StoreUnavailable
from beatkit.schedules.celery import every
from beatkit.sending import Way
from beatkit.sending.claimed import ClaimedWay
from beatkit.sending.message import outgoing
from beatkit.store import Answer, Beat, Claim, Decision, Writer
from beatkit.store.memory import memory_store

NOON = 1_800_014_400_000


class World:
    """The host's clocks, and a broker."""

    def __init__(self) -> None:
        self.passed = 0
        self.store = memory_store(clock=self.now)

    def now(self) -> int:
        return NOON + self.passed

    def host(self) -> HostClock:
        return HostClock(self.passed, self.now())

    def ready(self) -> None:
        """The broker is there."""

    def publish(self, out: object, *, begun_before: bool = False) -> None:
        """It takes all."""

    def close(self) -> None:
        """Nothing is open."""

    def beat(self, name: str = "one", revision: str = "revision", way: Way | None = None) -> Passes:
        me = Beat(name, "host", os.getpid(), revision)
        presence = Presence(me, ["often"], self.store, self.host)
        way = way or ClaimedWay(self.store, self, partial(outgoing, "test:"))
        return Passes(
            presence, [Row(Entry("often", "t", every(seconds=1)))], self.store, way,
            read_host=self.host, on_sent=lambda *_: None, poll_limit_ms=1000,
        )  # fmt: skip


class Refusing:
    """A way whose every message is refused."""

    name = "refusing"
    batch = 100

    def send(self, _writer: Writer, batch: Sequence[tuple[Entry, Claim]]) -> Decision:
        return Decision(NOON, tuple(Answer("failed", detail="WRONGTYPE") for _ in batch))

    def attend(self, *_: object) -> None:
        """Nothing was left undone."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def world() -> World:
    return World()


def told(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_a_lead_tells_all_of_itself(world: World, tmp_path: Path) -> None:
    path = tmp_path / "beat.json"
    beat, heartbeat = world.beat(), Heartbeat(str(path), world.host, {})
    for world.passed in (0, 1_000, 2_000):
        beat.tick()
        heartbeat.note(beat)
    assert told(path) == {
        "schema": 1,
        "beat": "one",
        "host": "host",
        "pid": os.getpid(),
        "revision": "revision",
        "role": "lead",
        "role_since": NOON / 1000,
        "written": NOON / 1000 + 2,
        "tick": 2.0,
        "passed": 2.0,
        "sent": NOON / 1000 + 1,
        "owed_s": None,
        "failing": 0,
    }
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_written_once_a_second_at_most(world: World, tmp_path: Path) -> None:
    path = tmp_path / "beat.json"
    beat, heartbeat = world.beat(), Heartbeat(str(path), world.host, {})
    written = []
    for world.passed in (0, 10, 999, 1_000, 1_500):
        beat.tick()
        heartbeat.note(beat)
        written.append(told(path)["tick"])
    assert written == [0.0, 0.0, 0.0, 1.0, 1.0]


def test_roles(world: World) -> None:
    one, two, other = world.beat("one"), world.beat("two"), world.beat("other", "elsewhere")
    before = role_of(one.presence)
    for beat in (one, two, other):
        beat.tick()
    roles = [role_of(beat.presence) for beat in (one, two, other)]
    assert [before, *roles] == ["starting", "lead", "standby", "suspended"]


def test_a_slot_that_cannot_be_sent_is_owed(world: World, tmp_path: Path) -> None:
    path = tmp_path / "beat.json"
    beat, heartbeat = world.beat(way=Refusing()), Heartbeat(str(path), world.host, {})
    for world.passed in (0, 1_000, 2_000, 4_500):
        beat.tick()
        heartbeat.note(beat)
    assert (told(path)["owed_s"], told(path)["failing"]) == (3.5, 1)


def test_while_the_broker_is_away_ticks_go_on_and_passes_do_not(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "beat.json"
    beat, heartbeat = world.beat(), Heartbeat(str(path), world.host, {})
    beat.tick()
    heartbeat.note(beat)
    beat.broker_outage.begin(StoreUnavailable("away"), 0)
    world.passed = 5_000
    heartbeat.note(beat)
    assert (told(path)["tick"], told(path)["passed"]) == (5.0, 0.0)
    assert owed_since(beat) == NOON + 1_000
    assert told(path)["owed_s"] == 4.0


def test_a_file_that_cannot_be_written_is_one_warning_and_no_failure(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "no" / "beat.json"
    beat, heartbeat = world.beat(), Heartbeat(str(path), world.host, {})
    with caplog.at_level(logging.WARNING, "beatkit.beat"):
        for world.passed in (0, 1_000, 2_000):
            beat.tick()
            heartbeat.note(beat)
    beside = f"{path}.{os.getpid()}"
    assert [record.getMessage() for record in caplog.records] == [
        f"beat: the heartbeat file {str(path)!r} cannot be written: [Errno 2] No such file or "
        f"directory: {beside!r}. Sending goes on; `beatkit health` will call this beat dead.\n"
        "  from beatkit_health_file, or BEATKIT_HEALTH_FILE in the environment\n"
        "  write a file in a folder that exists and that this user may write to"
    ]


def test_a_beat_that_leaves_takes_its_file_along(world: World, tmp_path: Path) -> None:
    path = tmp_path / "beat.json"
    beat, heartbeat = world.beat(), Heartbeat(str(path), world.host, {})
    beat.tick()
    heartbeat.note(beat)
    heartbeat.leave()
    heartbeat.leave()
    assert not path.exists()


@pytest.mark.parametrize("text", ['{"pid": -1}', "[]", "half a li"])
def test_a_file_of_another_process_stays(world: World, tmp_path: Path, text: str) -> None:
    path = tmp_path / "beat.json"
    path.write_text(text)
    Heartbeat(str(path), world.host, {}).leave()
    assert path.read_text() == text


class App:
    """An app with settings."""

    def __init__(self, **conf: str) -> None:
        self.conf = conf


def test_the_setting_names_the_file_and_else_the_variable_does() -> None:
    environ = {"BEATKIT_HEALTH_FILE": "/run/b"}
    assert health_file(App(beatkit_health_file="/run/a"), environ) == "/run/a"
    assert health_file(App(), environ) == "/run/b"
    assert health_file(App(), {}) == ""


@pytest.fixture
def systemd() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        yield listener


def test_systemd_hears_of_each_heartbeat_and_of_the_end(
    world: World, systemd: socket.socket
) -> None:
    name = f"@beatkit-test-{os.getpid()}-{id(world)}"
    systemd.bind("\0" + name[1:])
    beat, heartbeat = world.beat(), Heartbeat("", world.host, {"NOTIFY_SOCKET": name})
    for world.passed in (0, 500, 1_000):
        beat.tick()
        heartbeat.note(beat)
    heartbeat.leave()
    systemd.setblocking(False)
    heard = [systemd.recv(200).decode() for _ in range(3)]
    assert heard == ["READY=1\nSTATUS=lead\nWATCHDOG=1"] * 2 + ["STOPPING=1"]


@pytest.mark.parametrize("name", ["", "/no/such/socket", "@nobody-listens-here", "tcp:9"])
def test_nobody_to_tell_is_no_failure(name: str) -> None:
    notify({"NOTIFY_SOCKET": name}, "READY=1")
