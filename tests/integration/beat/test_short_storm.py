"""The short form of `make chaos`."""

import random

import pytest

from tests.chaos.storm import MODES, Storm


@pytest.mark.parametrize("name", ["beats", "aof"])
def test_a_short_storm_loses_and_doubles_nothing(name, tmp_path):
    seed = random.randrange(10_000)
    outcome = Storm(MODES[name], tmp_path, seconds=8, seed=seed, calm=4).run()
    assert (outcome.lost, outcome.doubled) == ([], []), f"seed {seed}\n{outcome.row()}"
    assert outcome.slots > 100


def test_a_short_storm_over_a_file_loses_nothing_and_a_double_has_its_id(tmp_path):
    seed = random.randrange(10_000)
    outcome = Storm(MODES["sqlite"], tmp_path, seconds=8, seed=seed, calm=4).run()
    assert (outcome.lost, outcome.of_several_ids) == ([], []), f"seed {seed}\n{outcome.row()}"
    assert outcome.slots > 100
