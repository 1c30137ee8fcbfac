"""Celery's contract with its scheduler, held by the class itself on a real server."""

import time
from datetime import UTC, datetime

import pytest
from celery import Celery
from celery import beat as celery_beat
from celery.schedules import schedule as celery_schedule
from wrapt import FunctionWrapper

from beatkit.beat.scheduler import Scheduler
from beatkit.errors import DeclarationError, StoreError
from tests.chaos.plant import queued, slots
from tests.servers import free_port


def an_app(url: str, schedule=None, **settings) -> Celery:
    app = Celery("plant", broker=url, set_as_current=False)
    app.conf.update(beat_schedule=schedule or {}, **{"result_expires": None, **settings})

    @app.task(name="work", ignore_result=True, shared=False)
    def work(*args):
        pass

    return app


def every(seconds: float, **row) -> dict:
    return {"task": "work", "schedule": seconds, **row}


def run(*schedulers: Scheduler, until, within: float = 60.0) -> None:
    """Tick schedulers as Celery's service would, until something is so."""
    wake = dict.fromkeys(schedulers, 0.0)
    deadline = time.monotonic() + within
    while not until():
        assert time.monotonic() < deadline, "it did not happen"
        for one in schedulers:
            if time.monotonic() >= wake[one]:
                wake[one] = time.monotonic() + (one.tick() or 0)
        time.sleep(max(0.0, min(0.01, min(wake.values()) - time.monotonic())))


@pytest.fixture
def count(valkey):
    client = valkey.client()
    yield lambda: client.llen("celery")
    client.close()


# --- construction


def test_the_lazy_instance_touches_nothing_and_says_where_progress_is():
    app = an_app(f"redis://user:secret@127.0.0.1:{free_port()}/3")
    lazy = Scheduler(app=app, lazy=True, max_interval=None, schedule_filename="x")
    assert lazy.info == (
        f"    . store -> redis://127.0.0.1:{app.connection().port}/3 (from broker_url)\n"
        "    . sending -> atomic"
    )
    assert lazy.max_interval == 300


def test_the_real_instance_writes_nothing_before_its_first_tick(valkey):
    scheduler = Scheduler(an_app(valkey.url(), {"one": every(1)}))
    with valkey.client() as client:
        assert client.keys("*") == []
        assert set(scheduler.schedule) == {"one"}
        scheduler.tick()
        assert client.keys("beatkit:plant:*") != []
    scheduler.close()


def test_a_receiver_of_beat_init_may_read_and_add_entries(valkey, count):
    scheduler = Scheduler(an_app(valkey.url()))
    assert scheduler.schedule == {}
    scheduler.add(name="late", task="work", schedule=0.2)
    run(scheduler, until=lambda: count() >= 2)
    scheduler.close()
    with valkey.client() as client:
        assert set(slots(client)) == {"late"}


def test_an_entry_added_while_it_runs_is_sent_and_one_removed_is_not(valkey, count):
    scheduler = Scheduler(an_app(valkey.url(), {"one": every(0.2)}))
    run(scheduler, until=lambda: count() >= 1)
    scheduler.add(name="two", task="work", schedule=0.2)
    del scheduler.schedule["one"]
    with valkey.client() as client:
        run(scheduler, until=lambda: len(slots(client).get("two", [])) >= 2)
        ones = len(slots(client)["one"])
        run(scheduler, until=lambda: len(slots(client)["two"]) >= 4)
        assert len(slots(client)["one"]) == ones
    scheduler.close()


def test_a_schedule_that_cannot_work_does_not_start(valkey):
    app = an_app(valkey.url(), {"one": {"task": "wrok", "schedule": 1}})
    with pytest.raises(DeclarationError, match="wrok"):
        Scheduler(app)


def test_without_a_store_it_does_not_start():
    with pytest.raises(StoreError, match="beatkit_store_url"):
        Scheduler(an_app("amqp://127.0.0.1"))


# --- what Celery and its users read


def test_the_schedule_shows_what_was_sent(valkey, count):
    scheduler = Scheduler(an_app(valkey.url(), {"one": every(0.2, args=[1])}))
    run(scheduler, until=lambda: count() >= 2)
    row = scheduler.schedule["one"]
    assert (row.task, list(row.args), row.total_run_count) == ("work", [1], count())
    assert abs((datetime.now(UTC) - row.last_run_at).total_seconds()) < 1
    scheduler.close()


def test_only_the_one_that_sent_says_so_and_only_afterwards(valkey, count, caplog):
    caplog.set_level("INFO")
    app = an_app(valkey.url(), {"one": every(0.2)})
    pair = [Scheduler(app), Scheduler(app)]
    run(*pair, until=lambda: count() >= 5)
    said = [row for row in caplog.messages if row.startswith("Scheduler: ")]
    assert said == ["Scheduler: Sending due task one (work)"] * count()
    for one in pair:
        one.close()


def test_the_cleanup_of_results_is_there_once_and_a_users_own_wins(valkey, tmp_path):
    url, backend = valkey.url(), f"file://{tmp_path}"
    assert set(Scheduler(an_app(url, result_backend=backend, result_expires=9)).schedule) == {
        "celery.backend_cleanup"
    }
    own = {"celery.backend_cleanup": every(60)}
    row = Scheduler(an_app(url, own, result_backend=backend, result_expires=9)).schedule[
        "celery.backend_cleanup"
    ]
    assert row.task == "work"


# --- sending


def replaced(original, watched):
    """As Sentry patches a method."""
    return lambda self, entry, **more: (watched(entry), original(self, entry, **more))[1]


def wrapped(original, watched):
    """As Datadog does: with an object that answers for the method wherever it is asked."""
    return FunctionWrapper(
        original, lambda method, _, args, kwargs: (watched(*args), method(*args, **kwargs))[1]
    )


@pytest.mark.parametrize("patch", [replaced, wrapped])
def test_a_patched_apply_entry_sees_each_slot_once(valkey, count, monkeypatch, patch):
    """On Celery's class, changing the entry's headers."""
    seen = []

    def watched(entry):
        seen.append((entry.name, entry.schedule.seconds))
        headers = entry.options.pop("headers", {})
        entry.options["headers"] = {**headers, "sentry": "yes"}

    original = celery_beat.Scheduler.apply_entry
    monkeypatch.setattr(celery_beat.Scheduler, "apply_entry", patch(original, watched))
    app = an_app(valkey.url(), {"one": every(0.2)})
    pair = [Scheduler(app), Scheduler(app)]
    run(*pair, until=lambda: count() >= 8)
    assert seen == [("one", 0.2)] * count()
    with valkey.client() as client:
        assert {message["headers"]["sentry"] for message in queued(client)} == {"yes"}
    for one in pair:
        one.close()


def test_an_overridden_apply_async_sees_each_slot_once(valkey, count):
    """As packages for tenants do it: a class of their own, which sends an entry in its way."""
    seen = []

    class Own(Scheduler):
        def apply_async(self, entry, **kwargs):
            seen.append(entry.name)
            return super().apply_async(entry, **kwargs)

    app = an_app(valkey.url(), {"one": every(0.2)})
    pair = [Own(app), Own(app)]
    run(*pair, until=lambda: count() >= 8)
    assert seen == ["one"] * count()
    for one in pair:
        one.close()


@pytest.mark.parametrize("method", ["apply_entry", "apply_async"])
def test_an_override_that_chooses_to_send_nothing_leaves_nothing_owed(
    valkey, count, caplog, method
):
    def only_one(self, entry, **more):
        return None if entry.name == "off" else getattr(Scheduler, method)(self, entry, **more)

    app = an_app(valkey.url(), {"one": every(0.2), "off": every(0.2)})
    beat = type("Own", (Scheduler,), {method: only_one})(app)
    run(beat, until=lambda: count() >= 5)
    beat.close()
    with valkey.client() as client:
        assert set(slots(client)) == {"one"}
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


def test_an_override_may_try_again_what_failed(valkey, count):
    class Own(Scheduler):
        def apply_async(self, entry, **more):
            try:
                return super().apply_async(entry, **more)
            except celery_beat.SchedulingError:
                entry.args = ["text"]
                return super().apply_async(entry, **more)

    beat = Own(an_app(valkey.url(), {"one": every(0.2, args=[object()])}))
    run(beat, until=lambda: count() >= 3)
    beat.close()


def test_a_lazy_argument_is_called_once_a_slot(valkey, count):
    calls = []
    lazy = celery_beat.BeatLazyFunc(lambda: calls.append(1) or len(calls))
    app = an_app(valkey.url(), {"one": every(0.2, args=[lazy])})
    pair = [Scheduler(app), Scheduler(app)]
    run(*pair, until=lambda: count() >= 5)
    assert len(calls) == count()
    for one in pair:
        one.close()


def test_an_entry_that_cannot_be_sent_holds_up_no_other(valkey, count, caplog):
    app = an_app(valkey.url(), {"good": every(0.2), "bad": every(0.2, args=[object()])})
    scheduler = Scheduler(app)
    run(scheduler, until=lambda: count() >= 3)
    with valkey.client() as client:
        assert set(slots(client)) == {"good"}
    errors = [row.getMessage() for row in caplog.records if row.levelname == "ERROR"]
    assert len(errors) == 1
    assert errors[0].startswith("beat: 'bad' cannot be sent: ")
    scheduler.close()


class Whenever(celery_schedule):
    """A custom schedule that is due when somebody says so."""

    wanted = False

    def is_due(self, last_run_at):
        due, self.wanted = self.wanted, False
        return due, 0.05


def test_a_custom_schedule_is_asked_as_celery_asks_it(valkey, count):
    custom = Whenever(60)
    scheduler = Scheduler(an_app(valkey.url(), {"one": every(custom)}))
    scheduler.schedule["one"].schedule = custom
    scheduler.tick()
    assert count() == 0
    row = scheduler.schedule["one"].defined()
    row.schedule.wanted = True
    run(scheduler, until=lambda: count() == 1)
    scheduler.close()


# --- stopping


def test_a_close_inside_a_pass_only_leaves_a_note_and_the_next_call_does_the_work(valkey):
    scheduler = Scheduler(an_app(valkey.url(), {"one": every(1)}))
    scheduler.tick()
    with valkey.client() as client:
        assert client.hlen("beatkit:plant:beats") == 1
        scheduler._in_tick = True
        scheduler.close()
        assert client.hlen("beatkit:plant:beats") == 1
        scheduler._in_tick = False
        with pytest.raises(SystemExit):
            scheduler.tick()
        scheduler.close()
        assert client.hlen("beatkit:plant:beats") == 0
        scheduler.close()


def test_a_close_while_the_server_is_away_takes_no_time(new_valkey):
    server = new_valkey()
    scheduler = Scheduler(an_app(server.url(), {"one": every(1)}))
    scheduler.tick()
    server.freeze()
    started = time.monotonic()
    scheduler.close()
    assert time.monotonic() - started < 30  # it would hang without a bound; a busy machine is slow
