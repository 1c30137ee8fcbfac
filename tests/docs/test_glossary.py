"""The glossary's words are the ones that the pages use; the words it rules out are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, pages

GLOSSARY = ROOT / "docs" / "glossary.md"
ROW = re.compile(r"^\| (?P<word>[^|]+) \| (?P<means>[^|]+) \| (?P<never>[^|]+) \|$", re.M)
WORDS = (
    "entry", "schedule", "slot", "scheduled_for", "send", "claim", "run", "guard",
    "lead / standby beat", "catch-up", "coalesce", "deadline", "overlap", "jitter",
    "pause / resume, trigger, backfill", "store", "code-owned / runtime-owned entry",
)  # fmt: skip
NEVER = re.compile(r"\b(occurrences?|misfires?|squash\w*|splay|leader)\b", re.I)
"""Those of the ruled-out words that have no other honest use on a page of ours."""


def test_the_glossary_has_every_word_once() -> None:
    rows = [row["word"] for row in ROW.finditer(GLOSSARY.read_text())]
    assert tuple(rows) == ("word", *WORDS)  # the first row is the table's head


@pytest.mark.parametrize(
    "page", [page for page in pages() if page != GLOSSARY], ids=lambda page: str(page.name)
)
def test_a_page_uses_no_word_that_the_glossary_rules_out(page: Path) -> None:
    assert NEVER.findall(page.read_text()) == []
