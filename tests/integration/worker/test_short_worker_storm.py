"""The short form of `make chaos` with workers that die, and a proof that its count can fail."""

from __future__ import annotations

import random

from tests.chaos.workers import Outcome, Storm, count


def test_a_short_storm_of_dying_workers_doubles_nothing(tmp_path):
    seed = random.randrange(10_000)
    outcome = Storm("", tmp_path, 6, seed).run()
    wrong = (outcome.doubled, outcome.side_by_side, outcome.out_of_turn)
    assert wrong == ([], [], []), f"seed {seed}\n{outcome.row()}"
    assert len(outcome.runs) > 50


def line(what: str, entry: str, id_: str, at: float, *, given: int = 0, pid: int = 1) -> dict:
    row = {"what": what, "entry": entry, "id": id_, "given": given, "at": at}
    return {**row, "pid": pid, "parent": 100 + pid}


def counted(ledger: list[dict], deaths: dict[int, float] | None = None) -> tuple[int, ...]:
    outcome = Outcome("none", 1)
    count(outcome, ledger, deaths or {})
    wrong = (outcome.doubled, outcome.side_by_side, outcome.out_of_turn)
    return (outcome.again, *(len(each) for each in wrong))


def test_the_count_tells_a_doubled_run_from_one_that_was_cut_off():
    first, again = line("begin", "each", "a", 10), line("begin", "each", "a", 20, pid=2)
    assert counted([first, line("end", "each", "a", 11), again]) == (0, 1, 0, 0)
    assert counted([first, again]) == (0, 1, 0, 0)
    assert counted([first, again], {1: 15}) == (1, 0, 0, 0)
    assert counted([first, again], {101: 25}) == (0, 1, 0, 0)


def test_the_count_sees_runs_side_by_side_and_out_of_turn():
    one, then = line("begin", "skip", "a", 10), line("begin", "skip", "b", 11, pid=2)
    assert counted([one, then]) == (0, 0, 1, 0)
    assert counted([one, line("end", "skip", "a", 10.5), then]) == (0, 0, 0, 0)
    newest = line("begin", "coalesce", "a", 10, given=9)
    older = line("begin", "coalesce", "b", 11, given=8, pid=2)
    assert counted([newest, older]) == (0, 0, 0, 1)
