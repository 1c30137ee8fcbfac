"""The scheduler under Celery's own commands: beat, worker -B, inspect, and the way back."""

import inspect
import json
import os
import signal

import pytest
from celery.beat import Service

from tests.chaos.plant import plant, queued, slots, wait_until
from tests.servers import free_port

APP = """
import json, os
from celery import Celery, signals
from celery.schedules import crontab, solar
from beatkit import every, make_app, periodic

app = make_app("plant", broker_url=os.environ["BROKER"], result_backend=os.environ.get("BACKEND"),
               beat_scheduler=os.environ.get("SCHEDULER", "beatkit.beat.scheduler:Scheduler"),
               beat_schedule={
                   "plain": {"task": "plant_app.work", "schedule": 0.5, "args": ["plain"]},
                   "cron": {"task": "plant_app.work", "schedule": crontab(), "args": ["cron"]},
               })

@app.task(ignore_result=True)
def work(word="") -> None:
    with open("runs.txt", "a") as runs:
        runs.write(word + "\\n")

@periodic(seconds=1, args=["declared"], name="declared", coalesce=False)
def declared(word: str) -> None:
    with open("runs.txt", "a") as runs:
        runs.write(word + "\\n")

@app.on_after_configure.connect
def more(sender, **_):
    sender.add_periodic_task(1.0, work.s("added"), name="added")

@signals.beat_init.connect
def seen(sender, **_):
    with open("seen.json", "w") as file:
        json.dump(sorted(sender.scheduler.schedule), file)
"""

SAID = "Scheduler: Sending due task"


@pytest.fixture
def made(tmp_path, valkey):
    with plant(tmp_path, APP, BROKER=valkey.url()) as found:
        yield found


def runs(made) -> list[str]:
    path = made.folder / "runs.txt"
    return path.read_text().split() if path.exists() else []


def test_entries_of_every_origin_are_sent(made, valkey):
    beat = made.beat()
    with valkey.client() as client:
        wait_until(lambda: {"plain", "declared", "added"} <= set(slots(client)), what="all")
    shown = json.loads((made.folder / "seen.json").read_text())
    assert shown == ["added", "cron", "declared", "plain"]
    assert beat.terminate() == 0


def test_a_worker_with_a_beat_inside_sends_and_runs(made, valkey):
    members = [
        made.celery("worker", "-B", "-c", "1", "-l", "INFO", "-n", f"w{n}@x", name="worker")
        for n in range(2)
    ]
    wait_until(lambda: len(runs(made)) >= 12, what="runs")
    for member in members:
        assert member.terminate(60) == 0
    with valkey.client() as client:
        assert_told(members, len(runs(made)) + client.llen("celery"))


BATCH = 4
"""The entries of APP: as many slots may be sent in one step."""


def told(members) -> int:
    return sum(len(member.lines(SAID)) for member in members)


def assert_told(members, arrived: int) -> None:
    """Each send was logged; but a beat told to stop right after a batch may not come to say it."""
    assert arrived - BATCH * len(members) <= told(members) <= arrived


def test_when_the_beat_inside_a_worker_is_killed_that_of_another_worker_goes_on(made, valkey):
    members = [
        made.celery("worker", "-B", "-c", "1", "-l", "INFO", "-n", f"w{n}@x", name="worker")
        for n in range(2)
    ]
    with valkey.client() as client:
        inside = wait_until(lambda: beats_by_start(client), what="both beats announce themselves")
        wait_until(lambda: len(runs(made)) >= 6, what="runs")
        os.kill(inside[0], signal.SIGKILL)
        had = len(runs(made))
        wait_until(lambda: len(runs(made)) >= had + 8, what="the other beat sends")
    assert all(member.alive for member in members)


def beats_by_start(client) -> list[int]:
    """The process ids of both beats, the lead's first; none until there are two."""
    told = sorted(client.hvals("beatkit:plant:beats"), key=lambda text: int(text.split()[0]))
    return [json.loads(text.split(b" ", 3)[3])["pid"] for text in told] if len(told) == 2 else []


@pytest.mark.parametrize("pool", ["gevent", "threads"])
def test_workers_of_another_pool_run_beside_beats_what_these_send(made, valkey, pool):
    if pool == "gevent":
        pytest.importorskip("gevent")
    worker = made.celery("worker", "-P", pool, "-c", "8", "-l", "INFO", name="worker")
    pair = [made.beat() for _ in range(2)]
    wait_until(lambda: len(runs(made)) >= 12, what="runs")
    for member in pair:
        assert member.terminate() == 0
    with valkey.client() as client:

        def arrived() -> int:
            return len(runs(made)) + client.llen("celery")

        # What the worker has taken and not begun is neither here nor there for a moment.
        wait_until(lambda: arrived() >= told(pair), what="all that was sent")
        assert worker.terminate() == 0
        assert_told(pair, arrived())


def test_a_dead_result_backend_holds_nothing_up(tmp_path, valkey):
    backend = f"redis://127.0.0.1:{free_port()}/1"
    with plant(tmp_path, APP, BROKER=valkey.url(), BACKEND=backend) as made:
        beat = made.beat()
        wait_until(lambda: len(beat.lines(SAID)) >= 6, what="sends")
        assert "ERROR" not in beat.text()


@pytest.mark.skipif(
    "remote_control" not in inspect.signature(Service.__init__).parameters,
    reason="beat answers remote control from Celery 5.7 on",
)
def test_lead_and_standby_alike_answer_a_ping(made):
    pair = [made.beat("--enable-remote-control", "-n", f"b{n}@x") for n in range(2)]
    wait_until(lambda: sum(len(one.lines(SAID)) for one in pair) >= 4, what="sends")
    for one in ("b0@x", "b1@x"):
        wait_until(
            lambda one=one: made.run("inspect", "ping", "-d", one, "-t", "3").returncode == 0,
            what=f"{one} answers",
        )


def test_a_schedule_that_cannot_work_ends_the_command_at_once(tmp_path, valkey):
    source = APP.replace(
        '"task": "plant_app.work", "schedule": 0.5', '"task": "wrok", "schedule": 1'
    )
    with plant(tmp_path, source, BROKER=valkey.url()) as made:
        beat = made.beat()
        assert beat.process.wait(60) != 0
        assert "'wrok'" in beat.text()
        assert SAID not in beat.text()


def test_it_goes_from_celerys_scheduler_to_ours_and_back_by_one_setting(made, valkey):
    stock, ours = "celery.beat:Scheduler", "beatkit.beat.scheduler:Scheduler"
    sent = []
    for scheduler in (stock, ours, stock):
        beat = made.beat(SCHEDULER=scheduler)
        wait_until(lambda beat=beat: len(beat.lines(SAID)) >= 8, what=scheduler)
        assert beat.terminate() == 0
        assert "Traceback" not in beat.text()
        with valkey.client() as client:
            said = {message["headers"]["argsrepr"] for message in queued(client)}
            client.delete("celery")
        sent.append(said - {"['cron']"})  # due only where a minute begins
    assert sent == [{"['plain']", "['declared']", "['added']"}] * 3


def test_a_signal_in_the_middle_of_the_work_ends_it_all_the_same(tmp_path, valkey):
    """SIGTERM is lost now and then where the handler closes a connection that is in use."""
    source = APP.replace('"schedule": 0.5', '"schedule": 0.01')
    with plant(tmp_path, source, BROKER=valkey.url()) as made:
        members = [made.beat() for _ in range(4)]
        wait_until(lambda: all(one.lines("is in force") for one in members), what="all at work")
        wait_until(lambda: sum(len(one.lines(SAID)) for one in members) >= 50, what="sends")
        for member in members:
            member.signal(signal.SIGTERM)
            assert member.process.wait(60) == 0
            assert "Traceback" not in member.text()
