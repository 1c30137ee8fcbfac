"""The page and the docstring name every parameter there is, and no other."""

from __future__ import annotations

import re
from inspect import getdoc
from pathlib import Path

from beatkit import periodic
from beatkit.declare.parameters import NAMES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "periodic.md"


def test_the_page_has_a_row_for_each_parameter() -> None:
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\|", PAGE.read_text(), re.M)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(NAMES)


def test_the_docstring_names_each_parameter() -> None:
    lines = re.findall(r"^ {8}(\w+(?:, \w+)*): ", getdoc(periodic) or "", re.M)
    assert sorted(name for line in lines for name in line.split(", ")) == sorted(NAMES)
