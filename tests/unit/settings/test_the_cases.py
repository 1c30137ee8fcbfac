"""Every case of both files of settings cases: verdict, keys, suggestions and values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from beatkit.settings import Problem, Settings, SettingsError, assemble, load

DATA = Path(__file__).parents[2] / "data"
CASES = [
    case
    for name in ("settings-cases.json", "more-settings-cases.json")
    for case in json.loads((DATA / name).read_text())
]
RAISING = {
    "mixed", "typo", "unknown", "type_error", "url_error", "conflict", "removed", "misplaced",
}  # fmt: skip


def feed(case: dict[str, Any]) -> Settings:
    source = {**case["settings"], **case.get("code", {})}
    how = {"namespace": case.get("namespace"), "shared": case.get("shared")}
    if "env" in case:
        return assemble(source, {}, case["env"], **how)
    return load(source, **how)


def judge(case: dict[str, Any]) -> tuple[Settings | None, list[Problem], list[Problem]]:
    try:
        settings = feed(case)
    except SettingsError as error:
        return None, error.problems, error.notices
    return settings, [], settings.notices


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_gets_the_verdict_it_deserves(case: dict[str, Any]) -> None:
    settings, problems, notices = judge(case)
    expected, keys = case["expected"], set(case["expected_keys"])
    if expected in RAISING:
        assert {(p.kind, p.key) for p in problems} == {(expected, key) for key in keys}
    else:
        assert problems == []
    if expected in ("warning", "insecure", "deprecated"):
        assert keys <= {notice.key for notice in notices if notice.kind == expected}
    if expected == "ok":
        assert [n.message for n in notices if n.kind != "deprecated"] == []
    for written, meant in case.get("suggest", {}).items():
        assert meant in {
            p.suggestion
            for p in (*problems, *notices)
            if written in (p.key, p.key.rpartition(".")[2]) or written in p.message
        }
    if settings is not None:
        values = settings.to_celery()
        wanted = case.get("values", {})
        assert {name: values[name] for name in wanted} == wanted
