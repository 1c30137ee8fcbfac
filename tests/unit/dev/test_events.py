"""Events: pairing starts with ends, and the pipe."""

from __future__ import annotations

import os
from dataclasses import replace

from beatkit.dev.events import LONGEST_LINE, Event, Kind, Runs, Wire


def event(kind: Kind, tick: float = 0.0, task_id: str = "a", text: str = "") -> Event:
    return Event(kind, task_id, "shop.close_day", 1.0, tick, text)


def test_an_end_is_paired_with_its_start() -> None:
    runs = Runs()
    assert runs.seen(event("sent", 1.0)) == event("sent", 1.0)
    assert runs.seen(event("started", 2.0)) == event("started", 2.0)
    assert runs.seen(event("ran", 3.5)) == replace(event("ran", 3.5), seconds=1.5)


def test_the_second_report_of_one_end_is_dropped() -> None:
    runs = Runs()
    runs.seen(event("started", 2.0))
    assert runs.seen(event("failed", 3.0)) is not None
    assert runs.seen(event("failed", 3.1)) is None


def test_a_retry_is_another_run_of_the_same_task() -> None:
    runs = Runs()
    runs.seen(event("started", 2.0))
    assert runs.seen(event("retried", 3.0)) == replace(event("retried", 3.0), seconds=1.0)
    runs.seen(event("started", 10.0))
    assert runs.seen(event("ran", 10.5)) == replace(event("ran", 10.5), seconds=0.5)


def test_a_run_that_is_revoked_before_it_starts_is_shown() -> None:
    assert Runs().seen(event("revoked")) == event("revoked")


def test_runs_under_way_at_the_end_were_ended() -> None:
    runs = Runs()
    for number in (1, 2):
        runs.seen(event("started", float(number), task_id=f"task {number}"))
    runs.seen(event("ran", 3.0, task_id="task 1"))
    assert runs.ended(at=9.0, tick=5.0) == [
        replace(event("ended", 5.0, task_id="task 2"), at=9.0, seconds=3.0)
    ]


def test_the_wire_delivers_in_order_what_other_processes_send() -> None:
    wire = Wire()
    got: list[Event] = []
    wire.send(event("sent"))
    child = os.fork()
    if child == 0:
        wire.send(event("started", 1.0))
        wire.send(event("ran", 2.0))
        os._exit(0)
    os.waitpid(child, 0)
    wire.deliver(got.append)
    wire.close()
    assert got == [
        event("sent"),
        event("started", 1.0),
        replace(event("ran", 2.0), seconds=1.0),
    ]


def test_a_long_text_is_cut_so_that_lines_of_processes_never_mix() -> None:
    wire = Wire()
    got: list[Event] = []
    wire.send(event("started"))
    wire.send(event("failed", text="é" * 10_000))
    wire.deliver(got.append)
    wire.close()
    text = got[1].text
    assert text == "é" * len(text)
    assert 30 < len(text) < LONGEST_LINE


def test_a_text_that_just_fits_is_whole() -> None:
    wire = Wire()
    got: list[Event] = []
    wire.send(event("started"))
    wire.send(event("failed", text="x" * 300))
    wire.deliver(got.append)
    wire.close()
    assert got[1].text == "x" * 300
