"""The page of guarantees names a test for each; each is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/explanation/guarantees.md").read_text()


def test_each_guarantee_names_a_test_that_exists():
    named = re.findall(r"^(\d+)\. `(tests/\S+\.py)::(test_\w+)`$", PAGE, re.M)
    assert [int(number) for number, _, _ in named] == list(range(1, len(named) + 1))
    for _, path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(), f"{path}::{test}"


def test_each_number_in_the_table_is_in_the_list():
    table = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
    used = {int(one) for group in re.findall(r"\(([\d, ]+)\)", table) for one in group.split(",")}
    assert used == set(range(1, max(used) + 1))
    assert f"\n{max(used)}. `" in PAGE
