"""The thread that ends a stuck beat: its looks are called by hand, so no clock runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from beatkit.beat.stuck import LOOKS, Watchdog, stuck_after

NEVER = 1e6  # seconds: its own thread does not come to look in a test


@pytest.fixture
def ended() -> list[int]:
    return []


@pytest.fixture
def watchdog(ended: list[int]) -> Watchdog:
    return Watchdog(NEVER, ended.append)


def look(watchdog: Watchdog, times: int) -> None:
    for _ in range(times):
        watchdog.look()


def test_a_tick_that_does_not_end_ends_the_process(watchdog: Watchdog, ended: list[int]) -> None:
    with watchdog:
        look(watchdog, LOOKS)
        assert ended == []
        watchdog.look()
    assert ended == [70]


def test_the_log_says_where_it_stands(watchdog: Watchdog, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, "beatkit.beat"), watchdog:
        look(watchdog, LOOKS + 1)
    first, *stack = caplog.messages[0].split("\n")
    assert first == (
        "beat: a tick has not ended for 1e+06 s (beatkit_stuck_after). The beat ends; start it "
        "again. It stands here:"
    )
    assert any("test_the_log_says_where_it_stands" in line for line in stack)


def test_many_short_ticks_are_not_stuck(watchdog: Watchdog, ended: list[int]) -> None:
    for _ in range(3 * LOOKS):
        with watchdog:
            watchdog.look()
    assert ended == []


def test_to_sleep_between_ticks_is_not_stuck(watchdog: Watchdog, ended: list[int]) -> None:
    with watchdog:
        pass
    look(watchdog, 3 * LOOKS)
    assert ended == []


def test_a_process_that_was_stopped_was_not_stuck(watchdog: Watchdog, ended: list[int]) -> None:
    with watchdog:
        look(watchdog, 2)  # however long the process stood between them
    assert ended == []


def in_a_thread(do: Callable[[], None]) -> None:
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def test_a_beat_in_a_thread_of_its_own_is_told_of_and_not_ended(
    watchdog: Watchdog, ended: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    def tick() -> None:
        with watchdog:
            look(watchdog, 3 * LOOKS)

    with caplog.at_level(logging.CRITICAL, "beatkit.beat"):
        in_a_thread(tick)
    assert ended == []
    assert [message.split("\n")[0] for message in caplog.messages] == [
        "beat: a tick has not ended for 1e+06 s (beatkit_stuck_after). This beat sends nothing. "
        "It stands here:"
    ]


def test_a_log_that_hangs_does_not_save_it(
    watchdog: Watchdog, ended: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    monkeypatch.setattr("beatkit.beat.stuck.LOGGING_S", 0.01)
    monkeypatch.setattr("beatkit.beat.stuck.logger.critical", lambda *_: hangs.wait(20))
    with watchdog:
        look(watchdog, LOOKS + 1)
    hangs.set()
    assert ended == [70]


def test_nobody_watches_where_nobody_shall() -> None:
    before = threading.active_count()
    with Watchdog(0):
        assert threading.active_count() == before


class App:
    """An app with settings."""

    def __init__(self, **conf: float) -> None:
        self.conf = conf


def test_the_setting() -> None:
    given = [stuck_after(App(**conf)) for conf in ({}, {"beatkit_stuck_after": 0})]
    assert [*given, stuck_after(App(beatkit_stuck_after=90))] == [60.0, 0.0, 90.0]
