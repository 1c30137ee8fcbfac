"""What may happen to a slot that is late, missed or overtaken."""

from __future__ import annotations

from datetime import timedelta

import pytest

from beatkit import Registry
from beatkit.entry import Policy


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, Policy()),
        ({"catch_up": "all"}, Policy(catch_up="all", coalesce=False)),
        ({"catch_up": "all", "coalesce": True}, Policy(catch_up="all", coalesce=True)),
        ({"coalesce": False}, Policy(coalesce=False)),
        ({"deadline": timedelta(minutes=5)}, Policy(deadline=300)),
        ({"deadline": None, "jitter": 0}, Policy()),
        ({"overlap": "skip", "jitter": 2.5}, Policy(overlap="skip", jitter=2.5)),
        ({"even_when_paused": True}, Policy(even_when_paused=True)),
    ],
)
def test_the_parameters_make_the_policy(
    registry: Registry, said: dict[str, object], meant: Policy
) -> None:
    @registry.periodic(seconds=60, **said)  # type: ignore[arg-type]
    def hello() -> None: ...

    (declaration,) = registry.declarations
    assert declaration.policy == meant


@pytest.mark.parametrize(
    ("written", "wrong", "remedy"),
    [
        (
            "catch_up='every'",
            "catch_up is 'every', expected one of 'latest', 'all'",
            "write catch_up='latest'",
        ),
        (
            "overlap=False",
            "overlap is False, expected one of 'allow', 'skip', 'buffer_one'",
            "write overlap='allow'",
        ),
        ("coalesce='no'", "coalesce is 'no', expected True or False", "write coalesce=True"),
        (
            "even_when_paused=1",
            "even_when_paused is 1, expected True or False",
            "write even_when_paused=True",
        ),
        (
            "deadline=0",
            "deadline is 0, expected seconds above 0, or a timedelta",
            "write deadline=300, or leave it out for no limit",
        ),
        (
            "jitter=-1",
            "jitter is -1, expected seconds from 0, or a timedelta",
            "write jitter=30, or leave it out for none",
        ),
        (
            "jitter='hash'",
            "jitter is 'hash', expected seconds from 0, or a timedelta",
            "write jitter=30, or leave it out for none",
        ),
    ],
)
def test_what_is_no_policy_is_refused(refusal, written: str, wrong: str, remedy: str) -> None:
    assert (
        refusal(
            f"""
            @periodic(seconds=60, {written})
            def hello() -> None: ...
            """
        )
        == f"Entry 'shop.hello': {wrong}\n  declared in shop.py, line 1\n  {remedy}"
    )
