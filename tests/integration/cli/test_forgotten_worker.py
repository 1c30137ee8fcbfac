"""What is said where a run waits, and nobody has started a worker."""

from __future__ import annotations

from beatkit import Registry, make_app
from tests.servers import ValkeyServer
from tests.unit.cli.conftest import Run
from tests.unit.cli.conftest import run as run


def test_who_waits_for_a_run_that_no_worker_takes_is_told_where_to_look(
    run: Run, valkey: ValkeyServer
) -> None:
    registry = Registry()
    app = make_app("shop", registry=registry, broker_url=valkey.url())

    @registry.periodic(hours=1, name="close")
    def close() -> None: ...

    done = run("trigger", "close", "--wait", "--timeout", "0.1s", app=app)
    assert done.code == 1
    assert done.err.splitlines()[-1] == (
        "no worker has taken it yet: celery -A APP schedule doctor says whether one reads its "
        "queue; or wait longer with --timeout"
    )
