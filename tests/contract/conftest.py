"""The one suite runs over every kind of store."""

from __future__ import annotations

import pytest

from tests.contract.benches import BENCHES, Bench


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest) -> Bench:
    return BENCHES[request.param]()
