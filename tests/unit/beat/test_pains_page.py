"""The page of pains has a row for each of them, with a test that is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/explanation/pains.md").read_text()
ROWS = re.findall(r"^\| (\d+) \|.*\| `(\S+\.py)::(test_\w+)` \|$", PAGE, re.M)


def test_each_row_names_a_test_that_exists():
    assert len(ROWS) == len(re.findall(r"^\| \d", PAGE, re.M))
    for number, path, test in ROWS:
        assert f"def {test}(" in (ROOT / "tests" / path).read_text(), f"{number}: {path}::{test}"


def test_each_of_the_45_has_a_row_or_the_reason_why_not():
    without = re.findall(r"^- \*\*(\d+),", PAGE, re.M)
    assert {int(number) for number, _, _ in ROWS} | {int(one) for one in without} == set(
        range(1, 46)
    )
