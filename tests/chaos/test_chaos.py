"""Minutes of random kills and stops: `make chaos`. CHAOS_SECONDS sets how long each lasts."""

import os
import random
from pathlib import Path

import pytest

from tests.chaos.storm import HEAD, MODES, Outcome, Storm

SECONDS = float(os.environ.get("CHAOS_SECONDS", 90))
SEED = int(os.environ.get("CHAOS_SEED", random.randrange(10_000)))


def storm(name: str, folder: Path, times: int = 1) -> Outcome:
    outcome = Storm(MODES[name], folder, SECONDS * times, SEED).run()
    print(f"\nseed {SEED}\n{HEAD}\n{outcome.row()}", flush=True)
    return outcome


@pytest.mark.chaos
@pytest.mark.timeout(SECONDS * 2 + 120)
@pytest.mark.parametrize("name", ["beats", "aof"])
def test_no_slot_is_lost_or_doubled(name, tmp_path):
    outcome = storm(name, tmp_path)
    assert outcome.lost == []
    assert outcome.doubled == []


@pytest.mark.chaos
@pytest.mark.timeout(SECONDS * 4 + 300)
@pytest.mark.parametrize("name, times", [("sqlite", 1), ("rabbitmq", 2)])
def test_where_claim_and_publish_are_two_steps_no_slot_is_lost_and_a_double_has_its_id(
    name, times, tmp_path
):
    outcome = storm(name, tmp_path, times)
    assert outcome.lost == []
    assert outcome.of_several_ids == []


@pytest.mark.chaos
@pytest.mark.timeout(SECONDS * 2 + 120)
def test_a_wiped_server_costs_at_most_one_double_each(tmp_path):
    """Messages on a queue that is wiped are gone; what was sent is not sent again."""
    outcome = storm("wipe", tmp_path)
    assert len(outcome.doubled) <= outcome.broker_kills * 50
