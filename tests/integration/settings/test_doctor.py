"""`schedule doctor`: what it prints of servers that work and of those that do not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from celery import Celery

from beatkit import Registry, make_app
from beatkit.beat.revision import revision
from beatkit.beat.rows import Row
from beatkit.cli import status
from beatkit.store import Beat, Promotion, Seed, Store, Writer
from beatkit.store.choice import choose, open_choice
from tests.chaos.plant import plant, wait_until
from tests.servers import ValkeyServer, free_port
from tests.unit.cli.conftest import Run
from tests.unit.cli.conftest import run as run


def shop(url: str, backend: str | None = None, **settings: object) -> Celery:
    registry = Registry()

    @registry.periodic(cron="0 4 * * *", name="close")
    def close() -> None:
        """Close the books."""

    return make_app("shop", registry=registry, broker_url=url, result_backend=backend, **settings)  # type: ignore[arg-type]


@dataclass
class Served:
    """A shop, its store, and a beat of it."""

    app: Celery
    store: Store
    writer: Writer
    beat: Beat
    rows: Sequence[Row]

    def seed(self, before_s: int) -> None:
        """Let the entries count from so many seconds ago."""
        at = self.store.read(()).now - before_s * 1000
        self.store.seed(
            self.writer, [Seed(row.entry.name, row.fingerprint, at) for row in self.rows]
        )


def plain(text: str, *places: object) -> str:
    for place in places:
        text = text.replace(str(place), "PLACE")
    return re.sub(r"\((?:valkey|redis) [\d.]+\)", "(SERVER)", text)


def test_all_is_well(run: Run, valkey: ValkeyServer) -> None:
    done = run("doctor", app=shop(valkey.url(), valkey.url(1)), width=200)
    assert (done.code, plain(done.out, valkey.port)) == (
        0,
        "ok: Broker 'redis://127.0.0.1:PLACE/0' (SERVER) answers and can be written to\n"
        "ok: Result backend 'redis://127.0.0.1:PLACE/1' (SERVER) answers and can be written to\n"
        "ok: Store 'redis://127.0.0.1:PLACE/0' answers, from broker_url\n"
        "note: Beats: none has used this store yet\n"
        "  start one: celery -A APP beat\n"
        "warning: Workers: none answers, so nothing runs\n"
        "  start one: celery -A APP worker\n"
        "ok: Schedule: 1 entry: 0 errors, 0 warnings, 0 notes\n",
    )
    with valkey.client() as client:
        # kombu notes there when the queue for the workers' answers, gone already, may go.
        assert set(client.keys()) <= {b"_kombu.binding_deadlines"}


def test_nothing_runs_there(run: Run) -> None:
    port = free_port()
    done = run("doctor", app=shop(f"redis://127.0.0.1:{port}/0"), width=200)
    assert (done.code, plain(done.out, port)) == (
        69,
        "error: Broker 'redis://127.0.0.1:PLACE/0' refuses the connection: nothing listens there\n"
        "  from broker_url\n"
        "  start the server, or correct host and port; inside a container localhost is the "
        "container itself\n"
        "ok: Result backend: there is none, so results are dropped\n"
        "error: Store 'redis://127.0.0.1:PLACE/0' is not available: Error 111 connecting to "
        "127.0.0.1:PLACE. Connection refused.\n"
        "  from broker_url\n"
        "  start it, or correct host and port; nothing is lost: what is owed is sent when it is "
        "back\n"
        "ok: Schedule: 1 entry: 0 errors, 0 warnings, 0 notes\n",
    )


def test_errors_of_the_schedule_are_code_1_where_the_servers_work(
    run: Run, valkey: ValkeyServer
) -> None:
    entry = {"lost": {"task": "shop.gone", "schedule": 60.0}}
    done = run("doctor", "-o", "json", app=shop(valkey.url(), beat_schedule=entry))
    document = json.loads(done.out)
    assert (done.code, document["ok"]) == (1, False)
    assert [(item["check"], item["ok"]) for item in document["items"]] == [
        ("broker", True),
        ("result backend", True),
        ("store", True),
        ("beats", True),
        ("workers", False),
        ("schedule", False),
    ]


@pytest.fixture
def served(new_valkey: Callable[..., ValkeyServer]) -> Iterator[Served]:
    """A shop whose schedule is in force, and the store as its one beat sees it."""
    server = new_valkey()
    app = shop(server.url())
    store = open_choice(choose(app))
    rows = status.served(app)
    now = revision((row.entry, row.fingerprint) for row in rows)
    me = Beat("desk-41-9f3c2a", "desk", 41, now)
    seen = store.announce(me, expires=60_000, promote=Promotion(now, ""))
    writer = Writer(me.id, seen.identity, now)
    yield Served(app, store, writer, me, rows)
    store.close()


def test_a_beat_that_sends_is_named(run: Run, served: Served) -> None:
    served.seed(before_s=0)
    assert beats_line(run, served, 0) == "ok: Beats: desk-41-9f3c2a sends, nothing overdue"


def test_standbys_are_counted(run: Run, served: Served) -> None:
    served.seed(before_s=0)
    served.store.announce(replace(served.beat, id="desk-42-aaaaaa", pid=42), expires=60_000)
    assert beats_line(run, served, 0) == (
        "ok: Beats: desk-41-9f3c2a sends, 1 on standby, nothing overdue"
    )


def test_no_beat_sends_any_more(run: Run, served: Served) -> None:
    served.seed(before_s=0)
    served.store.announce(served.beat, expires=0)
    assert beats_line(run, served, 1) == (
        "error: Beats: none sends\n  start one: celery -A APP beat"
    )


def test_a_beat_that_sends_nothing_of_what_is_due(run: Run, served: Served) -> None:
    served.seed(before_s=3 * 86_400)
    assert beats_line(run, served, 1) == (
        "error: Beats: desk-41-9f3c2a sends, 1 entry overdue\n"
        "  celery -A APP schedule status shows each"
    )


def beats_line(run: Run, served: Served, code: int) -> str:
    done = run("doctor", app=served.app, width=200)
    assert done.code == code
    found = re.search(r"^\w+: Beats: .*(?:\n  .*)*", done.out, re.M)
    assert found is not None
    return found[0]


def test_silent_sentinels_hold_nobody_and_are_told_briefly(run: Run, silent_port: int) -> None:
    one = f"sentinel://127.0.0.1:{silent_port}/0"
    app = shop(f"{one};{one}", broker_transport_options={"master_name": "shop"})
    begun = time.monotonic()
    done = run("doctor", "--timeout", "3", app=app, width=300)
    assert time.monotonic() - begun < 60  # redis-py by itself takes longer for the store alone
    assert done.code == 69
    assert (
        "error: Store 'sentinel://127.0.0.1:PLACE,127.0.0.1:PLACE/0' is not available: "
        "No master found for 'shop'\n"
        "  from broker_url\n"
    ) in plain(done.out, silent_port)


def test_the_time_to_import_a_client_is_not_the_servers(valkey: ValkeyServer) -> None:
    code = SLOW_IMPORTS.format(valkey.url())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "kombu.transport.redis True write\ncelery.backends.redis True write\n"


SLOW_IMPORTS = """
import sys, time
from importlib.abc import MetaPathFinder
from celery import Celery
from beatkit.settings import check_backend, check_broker

class Slow(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in ("kombu.transport.redis", "celery.backends.redis"):
            print(name, end=" ")
            time.sleep(1.2)

sys.meta_path.insert(0, Slow())
app = Celery("shop", broker="{0}", backend="{0}")
for check in (check_broker, check_backend):
    reach = check(app, timeout=1.0, write=True)
    print(reach.ok, reach.stage)
"""


def test_beats_without_a_store_are_told_so(run: Run, rabbitmq_url: str) -> None:
    done = run("doctor", app=shop(rabbitmq_url), width=200)
    assert done.code == 1
    assert "error: beats have no store: the broker is 'amqp://', expected a Redis" in done.out


def test_read_only_writes_nothing(run: Run, new_valkey: Callable[..., ValkeyServer]) -> None:
    server = new_valkey(options="--maxmemory 1mb --maxmemory-policy noeviction")
    assert run("doctor", app=shop(server.url())).code == 69
    assert run("doctor", "--read-only", app=shop(server.url())).code == 0


def test_looking_at_a_file_store_makes_no_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "beat.db"
    app = shop("memory://", beatkit_store_url=f"sqlite:///{path}")
    done = run("doctor", app=app, width=200)
    assert (done.code, path.exists()) == (0, False)
    assert f"ok: Store 'sqlite:///{path}' is made by the first beat, from beatkit_store_url\n" in (
        done.out
    )


def test_a_file_that_can_be_no_store_is_an_error(run: Run, tmp_path: Path) -> None:
    app = shop("memory://", beatkit_store_url=f"sqlite:///{tmp_path}/none/beat.db")
    done = run("doctor", app=app, width=200)
    assert done.code == 1
    assert (
        f"error: store '{tmp_path}/none/beat.db' has no folder to be in: '{tmp_path}/none' does "
        "not exist from beatkit_store_url make it first: mkdir -p "
    ) in " ".join(done.out.split())


def test_a_queue_that_no_worker_reads_is_a_warning(
    run: Run, valkey: ValkeyServer, tmp_path: Path
) -> None:
    source = (
        "import os\nfrom beatkit import make_app\n"
        "app = make_app('shop', broker_url=os.environ['BROKER'])\n"
    )
    with plant(tmp_path, source, BROKER=valkey.url()) as made:
        worker = made.celery("worker", "-P", "solo", "-l", "INFO", "-n", "w@x", name="worker")
        wait_until(lambda: worker.lines("ready."), what="the worker is ready")
        well = run("doctor", app=shop(valkey.url()), width=200)
        entry = {"lost": {"task": "close", "schedule": 60.0, "options": {"queue": "reports"}}}
        short = run("doctor", app=shop(valkey.url(), beat_schedule=entry), width=200)
    assert "ok: Workers: 1 answers, and every queue of the schedule is read\n" in well.out
    assert (
        "warning: Workers: none reads 'reports'\n"
        "  start one that does: celery -A APP worker -Q reports\n"
    ) in short.out
