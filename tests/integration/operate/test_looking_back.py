"""What became of slots, asked of the store while real beats and workers run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from kombu import Connection

from beatkit import Schedule
from beatkit.errors import StoreUnavailable
from beatkit.history import Record
from tests.chaos.plant import Plant, plant, wait_until
from tests.servers import ValkeyServer

APP = """
import os, time
from beatkit import Registry, make_app

registry = Registry()
app = make_app(
    "plant", registry=registry, broker_url=os.environ["BROKER"],
    beatkit_store_url=os.environ["STORE"], task_default_queue=os.environ["QUEUE"],
    beat_schedule={"plain": {"task": "plant_app.good", "schedule": 86400.0}},
)

@registry.periodic(seconds=1, name="good")
@app.task
def good() -> None:
    pass

@registry.periodic(seconds=1, name="bad")
@app.task
def bad() -> None:
    raise ValueError("no")

@registry.periodic(cron="0 0 29 2 *", name="rare", overlap="skip")
@registry.periodic(cron="0 0 29 2 *", name="slow")
@app.task
def rare() -> None:
    while not os.path.exists("go"):
        time.sleep(0.05)
"""


class Site:
    """A running plant, and what an operator's program makes of its app."""

    def __init__(self, plant_: Plant, store: str) -> None:
        self.plant = plant_
        app = Celery("plant", set_as_current=False)
        app.conf.beatkit_store_url = store
        self.schedule = Schedule(app)

    def history(self, name: str) -> list[Record]:
        """Of one entry; none where nothing is known of it yet."""
        return [one for one in self.schedule.history() if one.entry == name]

    def outcomes(self, name: str) -> set[str]:
        return {one.outcome for one in self.history(name)}

    def cli(self, *words: str, code: int = 0) -> Any:
        done = self.plant.run("schedule", *words, "-j")
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)["items"]


@pytest.fixture(params=["redis", "rabbitmq", pytest.param("sqlite", marks=pytest.mark.slow)])
def site(request: pytest.FixtureRequest, tmp_path: Path, valkey: ValkeyServer) -> Iterator[Site]:
    """Broker and store are one; the broker is RabbitMQ; the store is a file."""
    rabbit = request.param == "rabbitmq"
    broker = request.getfixturevalue("rabbitmq_url") if rabbit else valkey.url()
    file = f"sqlite:///{tmp_path / 'beatkit.db'}"
    store = file if request.param == "sqlite" else valkey.url()
    queue = f"history-{uuid4().hex[:8]}"
    with plant(tmp_path, APP, BROKER=broker, STORE=store, QUEUE=queue) as made:
        made.beat()
        made.celery("worker", "-l", "INFO", "-c", "2", "-Q", queue, name="worker")
        yield Site(made, store)
    with Connection(broker) as connection:
        connection.default_channel.queue_delete(queue)


def test_runs_are_told_by_the_store_and_a_slot_has_its_reason(site: Site) -> None:
    wait_until(
        lambda: "SUCCESS" in site.outcomes("good") and "FAILURE" in site.outcomes("bad"),
        what="runs",
    )
    failed = site.cli("history", "bad", "--failed", "-n", "1")[0]
    assert (failed["name"], failed["slot_kind"], failed["outcome"]) == (
        "bad", "scheduled", "FAILURE",
    )  # fmt: skip
    assert failed["sent_epoch"] <= failed["started_epoch"] <= failed["finished_epoch"]
    assert failed["worker"] and failed["beat"] and failed["task_id"]
    last = {one["name"]: one["last_outcome"] for one in site.cli("list", "good", "bad", "rare")}
    assert last["bad"] in ("FAILURE", "running")
    assert last["good"] in ("SUCCESS", "running")
    assert last["rare"] is None

    slot = next(one for one in site.history("bad") if one.outcome == "FAILURE").scheduled_for
    found = site.cli("why", "bad", "--at", slot.isoformat())[0]
    assert (found["found"], found["records"][0]["outcome"]) == ("decided", "FAILURE")
    assert found["sentences"][-1].startswith("It ended with FAILURE, after ")

    (beat, *_) = site.plant.members
    assert beat.terminate() == 0
    left = datetime.now(UTC)
    wait_until(lambda: (datetime.now(UTC) - left).total_seconds() > 2, what="two slots")
    silent = site.cli("why", "good", code=1)[0]
    assert silent["found"] == "undecided"
    assert silent["sentences"][-1].startswith("No beat has been heard since ")


def test_a_triggered_run_is_waited_for_without_a_result_backend(site: Site) -> None:
    wait_until(lambda: "SUCCESS" in site.outcomes("good"), what="a worker")
    (ended,) = site.cli("trigger", "good", "--wait")
    assert (ended["name"], ended["slot_kind"], ended["outcome"]) == ("good", "manual", "SUCCESS")
    failed = site.plant.run("schedule", "trigger", "bad", "--wait", "-j")
    (bad,) = json.loads(failed.stdout)["items"]
    assert (failed.returncode, bad["outcome"]) == (1, "FAILURE")
    assert failed.stderr.splitlines()[-1] == f"why it failed is in the log of {bad['worker']}"

    site.cli("trigger", "rare")
    wait_until(lambda: "running" in site.outcomes("rare"), what="the first run")
    (skipped,) = site.cli("trigger", "rare", "--wait", code=1)
    assert (skipped["outcome"], skipped["reason"]) == ("skipped", "overlap")
    (waiting,) = site.cli("trigger", "slow", "--wait", "--timeout", "0.1s", code=1)
    assert waiting["outcome"] in ("sent", "running")
    (site.plant.folder / "go").touch()
    wait_until(lambda: site.outcomes("rare") == {"SUCCESS", "skipped"}, what="its end")
    (last,) = site.cli("list", "rare")
    assert last["last_outcome"] == "SUCCESS"

    refused = site.plant.run("schedule", "trigger", "plain", "--wait")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "Error: Entry 'plain': nobody can tell how its run ends: it has no policy, so no guard "
        "tells the store, and there is no result backend\n"
        "  nothing was sent\n"
        "  trigger it without waiting, or set result_backend, or give it a policy in "
        "beatkit_policies\n"
    )


def test_a_store_that_goes_away_while_a_run_is_waited_for(
    new_valkey: Callable[..., ValkeyServer],
) -> None:
    server = new_valkey()
    app = Celery("shop", broker=server.url(), set_as_current=False)
    app.conf.beat_schedule = {"e": {"task": "celery.backend_cleanup", "schedule": 60.0}}
    app.conf.beatkit_policies = {"e": {}}
    schedule = Schedule(app)
    run = schedule.trigger("e", by="ann")
    with pytest.raises(StoreUnavailable) as caught:
        schedule.wait(run, seen=lambda _: server.kill())
    first, *others = str(caught.value).splitlines()
    assert first.startswith("Entry 'e': its run was sent, and its end cannot be seen. Store 'redis")
    assert others == [
        f"  its task id is {run.task_id}",
        "  look for it when the store is back, and do not trigger it again: "
        "celery -A ... schedule history e",
    ]
