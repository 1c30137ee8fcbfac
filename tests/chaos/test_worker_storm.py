"""Minutes of workers killed and stopped: `make chaos`. CHAOS_SECONDS sets how long each lasts."""

import pytest

from tests.chaos.test_chaos import SECONDS, SEED
from tests.chaos.workers import HEAD, Outcome, Storm


def assert_the_guard_held(outcome: Outcome) -> None:
    assert outcome.doubled == []
    assert outcome.side_by_side == []
    assert outcome.out_of_turn == []


@pytest.mark.chaos
@pytest.mark.timeout(SECONDS * 2 + 120)
def test_no_run_is_doubled_where_workers_die(tmp_path):
    outcome = Storm("", tmp_path, SECONDS, SEED).run()
    print(f"\nseed {SEED}\n{HEAD}\n{outcome.row()}", flush=True)
    assert_the_guard_held(outcome)


@pytest.mark.chaos
@pytest.mark.timeout(SECONDS * 2 + 120)
def test_no_run_is_doubled_where_workers_die_on_another_broker(tmp_path, rabbitmq_url):
    outcome = Storm(rabbitmq_url, tmp_path, SECONDS, SEED).run()
    print(f"\nseed {SEED}\n{HEAD}\n{outcome.row()}", flush=True)
    assert_the_guard_held(outcome)
