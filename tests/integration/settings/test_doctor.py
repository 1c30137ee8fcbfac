"""`schedule doctor`: what it prints of servers that work and of those that do not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from celery import Celery

from beatkit import Registry, make_app
from tests.servers import ValkeyServer, free_port
from tests.unit.cli.conftest import Run
from tests.unit.cli.conftest import run as run


def shop(url: str, backend: str | None = None, **settings: object) -> Celery:
    registry = Registry()

    @registry.periodic(cron="0 4 * * *", name="close")
    def close() -> None:
        """Close the books."""

    return make_app("shop", registry=registry, broker_url=url, result_backend=backend, **settings)  # type: ignore[arg-type]


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
        "ok: Schedule: 1 entry: 0 errors, 0 warnings, 0 notes\n",
    )
    with valkey.client() as client:
        assert client.keys() == []


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
        "  nothing is lost: what is owed is sent when it is back\n"
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
        ("schedule", False),
    ]


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
