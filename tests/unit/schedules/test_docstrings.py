"""The examples in docstrings run."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["interval", "crontab", "instants"])
def test_the_examples_in_a_docstring_run(name: str) -> None:
    results = doctest.testmod(import_module(f"beatkit.schedules.{name}"))

    assert results.attempted > 0
    assert results.failed == 0
