"""Every link between pages leads to a page, and to a heading of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import FENCE, ROOT, pages

LINK = re.compile(r"\[[^\]]*\]\((?P<page>[^)#:\s]*)(?:#(?P<heading>[^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.M)
PAGES = [*pages(), ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md"]


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    words = (re.sub(r"[^\w\s-]", "", text).lower() for text in HEADING.findall(prose(page)))
    return {word.strip().replace(" ", "-") for word in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in LINK.finditer(prose(page)):
        target = (page.parent / link["page"]).resolve() if link["page"] else page
        if not target.exists() or (link["heading"] and link["heading"] not in anchors(target)):
            lost.append(link[0])
    assert lost == []


def test_the_map_names_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link["page"]).resolve() for link in LINK.finditer(prose(index))}
    assert set(pages()) - linked - {index, ROOT / "README.md"} == set()
