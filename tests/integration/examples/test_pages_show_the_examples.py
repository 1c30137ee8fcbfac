"""The how-to pages show the examples' files word for word."""

from __future__ import annotations

import pytest

from tests.docs.pages import ROOT, steps

SHOWN = {"flask": "flask_seed", "django": "django_project", "queues": "queues"}


@pytest.mark.parametrize("page", SHOWN)
def test_the_page_shows_the_files_of_its_example(page: str) -> None:
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text()
    shown = {step.title: step.text for step in steps(text) if step.kind == "file"}
    example = ROOT / "examples" / SHOWN[page]
    files = {str(path.relative_to(example)): path.read_text() for path in example.rglob("*.py")}
    same = {title: text for title, text in shown.items() if title in files}
    assert same == {title: files[title] for title in same}
    assert len(same) >= 2
