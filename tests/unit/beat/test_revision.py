"""Fingerprints: the same in every process that runs the same code."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

from celery.beat import BeatLazyFunc
from celery.schedules import schedule

from beatkit.beat.revision import revision, timing
from beatkit.entry import Entry, Policy
from beatkit.schedules.celery import cron, every

ONE = Entry("one", "tasks.one", every(seconds=15), args=("hi",), kwargs={"a": 1, "b": {2, 3}})
TWO = Entry("two", "tasks.two", cron("*/5 * * * *"))


def whole(*entries: Entry) -> str:
    return revision((entry, timing(entry)) for entry in entries)


def test_the_order_of_declaration_does_not_matter():
    assert whole(ONE, TWO) == whole(TWO, ONE)


def test_equal_schedules_have_one_fingerprint():
    assert timing(ONE) == timing(replace(ONE, schedule=every(seconds=15)))
    assert timing(ONE) != timing(replace(ONE, schedule=every(seconds=16)))
    assert timing(ONE) != timing(replace(ONE, schedule=every(seconds=15, offset=1)))


def test_arguments_and_policies_change_the_revision_and_not_the_timing():
    for other in (
        replace(ONE, args=("ho",)),
        replace(ONE, kwargs={"a": 2}),
        replace(ONE, options={"queue": "q"}),
        replace(ONE, task="tasks.other"),
        replace(ONE, policy=Policy(catch_up="all")),
    ):
        assert timing(other) == timing(ONE)
        assert whole(other, TWO) != whole(ONE, TWO)


def test_objects_without_a_text_of_their_own_do_not_show_their_address():
    lazy = [replace(ONE, args=(BeatLazyFunc(int),)) for _ in range(2)]
    assert whole(lazy[0]) == whole(lazy[1])


class Custom(schedule):
    def __repr__(self) -> str:
        return object.__repr__(self)


def test_a_custom_schedule_is_known_by_its_text():
    pair = [replace(ONE, schedule=Custom(timedelta(seconds=1))) for _ in range(2)]
    assert timing(pair[0]) == timing(pair[1])


def test_another_process_comes_to_the_same():
    """Python's own hash differs from process to process, and so does the order of a set."""
    code = "from tests.unit.beat.test_revision import ONE, TWO, whole; print(whole(ONE, TWO))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == whole(ONE, TWO)
