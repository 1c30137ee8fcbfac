"""A project whose tasks note in Redis when they begin and end, and workers to run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import dedent
from typing import Any
from uuid import uuid4

import pytest
import redis
from celery import Celery

from beatkit.sending.message import task_id
from beatkit.store.events import from_text
from tests.servers import ValkeyServer

SHOP = """
    import json, os, signal, time
    import redis
    from beatkit import make_app, periodic, Slot
    from beatkit.store import redis_runs
    from beatkit.worker import alive

    if "CLOCK" in os.environ:  # seconds by which this host's clock is wrong
        import time_machine
        time_machine.travel(time.time() + float(os.environ["CLOCK"]), tick=True).start()
    if "LIVE" in os.environ:  # seconds that a mark lives, instead of 30
        redis_runs.LIVE_MS = int(os.environ["LIVE"]) * 1000
        alive.PERIOD = int(os.environ["LIVE"]) / 3

    app = make_app(
        "shop", broker_url=os.environ["BROKER"], worker_hijack_root_logger=False,
        beatkit_store_url=os.environ["STORE"], broker_connection_retry_on_startup=True,
        task_acks_late="EARLY" not in os.environ, task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
    )
    notes = redis.Redis.from_url(os.environ["NOTES"])

    def noted(task, slot):
        slot = int(slot.scheduled_for.timestamp() * 1000) if slot else 0
        notes.rpush("ran", f"{task.request.id} {task.request.retries} {slot}")

    @app.task(bind=True)
    def quick(self, *, slot: Slot | None = None):
        noted(self, slot)

    @app.task(bind=True)
    def slow(self, seconds, *, slot: Slot | None = None):
        noted(self, slot)
        notes.rpush("spans", f"begin {self.request.id} {time.time()}")
        time.sleep(seconds)
        notes.rpush("spans", f"end {self.request.id} {time.time()}")

    if "ENTRY" in os.environ:  # what a beat is to send
        periodic(name="hello", queue=os.environ["QUEUE"], **json.loads(os.environ["ENTRY"]))(slow)

    @app.task(bind=True)
    def fragile(self, *, slot: Slot | None = None):
        noted(self, slot)
        if not self.request.retries:
            raise self.retry(countdown=0)

    @app.task(bind=True)
    def deadly(self, *, slot: Slot | None = None):
        noted(self, slot)
        if notes.llen("ran") == 1:
            # Its mark has 8 s to live, not 30; Celery takes 5 s to see the death.
            store, marks = redis.Redis.from_url(os.environ["STORE"]), "beatkit:shop:marks:hello"
            key, mark = next(one for one in store.hgetall(marks).items() if one[0] != b"covers")
            state, given, token, until, *rest = mark.split()
            soon = str(int((time.time() + 8) * 1000)).encode()
            store.hset(marks, key, b" ".join([state, given, token, soon, *rest]))
            os.kill(os.getpid(), signal.SIGKILL)
"""


class Shop:
    """The project, its broker and store, and a producer of messages as a beat would send them."""

    def __init__(self, folder: Path, broker: str, store: ValkeyServer, notes: str) -> None:
        self.folder = folder
        self.store = store
        urls = {"BROKER": broker, "STORE": store.url(1), "NOTES": notes}
        self.env = {**os.environ, **urls, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self.notes = redis.Redis.from_url(notes, decode_responses=True)
        self.app = Celery("shop", broker=broker, set_as_current=False)
        self.queue = f"guard-{uuid4().hex[:8]}"
        self.env["QUEUE"] = self.queue
        self.workers: list[subprocess.Popen[bytes]] = []
        self.beats: list[subprocess.Popen[bytes]] = []
        (folder / "shop.py").write_text(dedent(SHOP))

    def worker(self, *options: str, queues: Sequence[str] = ()) -> Path:
        """Start a worker, wait until it is ready, and return its log.

        Args:
            queues: More of them, than the shop's own.
        """
        log = self.folder / f"worker-{len(self.workers)}.log"
        name = f"{self.queue}-{len(self.workers)}@%h"
        command = (
            "worker",
            "-n",
            name,
            "-Q",
            ",".join((self.queue, *queues)),
            "--without-mingle",
            *options,
        )
        self.workers.append(self._celery(log, *command))
        self.until(lambda: " ready." in log.read_text(), said=log)
        return log

    def beat(self, *, stock: bool = False, **entry: Any) -> Path:
        """Start a beat, which serves the task `slow` by this entry, if any; return its log."""
        if entry:
            self.env["ENTRY"] = json.dumps(entry)
        log = self.folder / f"beat-{len(self.beats)}.log"
        scheduler = ["-S", "celery.beat:PersistentScheduler"] if stock else []
        self.beats.append(self._celery(log, "beat", *scheduler))
        return log

    def end_beat(self) -> None:
        """Stop the latest beat in good order."""
        self.beats[-1].terminate()
        self.beats[-1].wait()

    def _celery(self, log: Path, *command: str) -> subprocess.Popen[bytes]:
        with log.open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "shop", *command, "-l", "INFO"],
                cwd=self.folder,
                env=self.env,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def add(self, source: str) -> None:
        """Put more into the project."""
        with (self.folder / "shop.py").open("a") as file:
            file.write(dedent(source))

    def kill(self, at: int) -> None:
        """Kill -9 a worker with all its processes."""
        os.killpg(self.workers[at].pid, signal.SIGKILL)
        self.workers[at].wait()

    def stop(self) -> None:
        for process in (*self.beats, *self.workers):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        with self.app.connection_for_write() as connection:
            for queue in (self.queue, f"{self.queue}-apart"):
                with suppress(connection.channel_errors):
                    connection.default_channel.queue_delete(queue)
        self.app.close()
        self.notes.close()

    def send(
        self, task: str, slot: int, *args: Any, policy: Any = (), kind: str = "scheduled",
        **options: Any,
    ) -> str:  # fmt: skip
        """Put a slot's message on the queue; return its id."""
        request = "" if kind == "scheduled" else kind
        made = task_id("beatkit:shop:", "hello", slot, request)
        headers = {"beatkit-entry": "hello", "beatkit-slot": slot, "beatkit-kind": kind}
        headers |= {} if policy is None else {"beatkit-policy": dict(policy) or {"coalesce": False}}
        options = {"queue": self.queue, **options}
        self.app.send_task(f"shop.{task}", args, task_id=made, headers=headers, **options)
        return made

    def decide(self, slot: int) -> None:
        """Have the store know that slots up to this one are decided."""
        with self.store.client(1) as client:
            client.hset("beatkit:shop:progress", "hello", f"{slot} beat-1 f1 -")

    def waiting(self) -> list[dict[str, Any]]:
        """The messages on the queue, where the broker is Valkey; the oldest first."""
        with self.app.connection_for_read() as connection:
            texts = connection.default_channel.client.lrange(self.queue, 0, -1)
        return [json.loads(text) for text in reversed(texts)]

    def spans(self) -> list[str]:
        """What `slow` noted: "begin" and "end", and of which task id."""
        rows: list[str] = self.notes.lrange("spans", 0, -1)
        return [" ".join(row.split()[:2]) for row in rows]

    def recorded(self, reason: str) -> list[int]:
        """Slots that the store's history gives that reason for, in order."""
        with self.store.client(1) as client:
            texts = client.lrange("beatkit:shop:history", 0, -1)
        events = [from_text(text.decode()) for text in texts]
        return sorted(one.slot for one in events if one.what == "skipped" and one.why == reason)

    def ran(self) -> list[str]:
        found: list[str] = self.notes.lrange("ran", 0, -1)
        return found

    def until(
        self, seen: Callable[[], bool], *, within: float = 60, said: Path | None = None
    ) -> None:
        give_up = time.monotonic() + within
        while not seen():
            if time.monotonic() > give_up:
                logs = [said] if said else sorted(self.folder.glob("*.log"))
                raise AssertionError("\n".join(log.read_text() for log in logs))
            time.sleep(0.02)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture(params=["redis", "rabbitmq"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """On each broker."""
    yield from _shop(request, request.param)


@pytest.fixture
def redis_shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """On Valkey, where the broker makes no difference or the table asks for no more."""
    yield from _shop(request, "redis")


@pytest.fixture
def one_shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Where one Valkey server is broker and store."""
    yield from _shop(request, "one")


@pytest.fixture(params=["one", "rabbitmq"])
def either_shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Where the store is the broker, and where it is not."""
    yield from _shop(request, request.param)


def _shop(request: pytest.FixtureRequest, broker: str) -> Iterator[Shop]:
    notes = request.getfixturevalue("valkey").url(7)
    store = request.getfixturevalue("new_valkey")()
    folder = request.getfixturevalue("tmp_path")
    if broker == "rabbitmq":
        url = request.getfixturevalue("rabbitmq_url")
    else:
        url = store.url(1) if broker == "one" else request.getfixturevalue("valkey").url()
    made = Shop(folder, url, store, notes)
    yield made
    made.stop()
