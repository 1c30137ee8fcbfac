"""The keyword-only parameter that the worker fills in with the run's Slot."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Optional

import pytest

from beatkit import Registry, Slot
from beatkit.registry.slot_parameter import slot_parameter

if TYPE_CHECKING:
    from beatkit.entry import Slot as OnlyForTypeCheckers

ADVICE = "  write it as the last parameter: *, slot: Slot | None = None"


def plain(word: str, *, slot: Slot | None = None) -> None: ...


def optional(*, when: Optional[Slot] = None) -> None: ...  # noqa: UP045


def without(word: str, *, slots: int | None = None) -> None: ...


def unseen(*, slot: OnlyForTypeCheckers | None = None) -> None: ...


class Mine:
    class Slot: ...


def of_another_name(*, slot: Mine.Slot | None = None) -> None: ...


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (plain, "slot"),
        (optional, "when"),
        (without, None),
        (unseen, None),
        (of_another_name, None),
    ],
)
def test_it_is_recognised_by_its_annotation(function, name: str | None) -> None:
    assert slot_parameter(function, signature(function)) == name


@pytest.mark.parametrize("written", ["When | None", "Perhaps"])
def test_it_is_recognised_by_whatever_name_the_module_has_for_it(written: str) -> None:
    names: dict[str, object] = {"When": Slot, "Perhaps": Slot | None}
    exec(f"def task(*, when: '{written}' = None, other: 'int | None' = None): ...", names)
    task = names["task"]
    assert slot_parameter(task, signature(task)) == "when"  # type: ignore[arg-type]


def test_it_is_recognised_where_only_type_checkers_import_slot() -> None:
    names: dict[str, object] = {}
    exec("def task(*, slot: 'Slot | None' = None): ...", names)
    task = names["task"]
    assert slot_parameter(task, signature(task)) == "slot"  # type: ignore[arg-type]


def test_it_takes_no_part_in_the_check_of_arguments(registry: Registry) -> None:
    registry.periodic(seconds=60, args=["hi"])(plain)
    assert len(registry.declarations) == 1


def test_filling_it_in_by_hand_is_refused(refusal) -> None:
    message = refusal(
        """
        @periodic(seconds=60, kwargs={"slot": None})
        def hello(*, slot: Slot | None = None) -> None: ...
        """,
        Slot=Slot,
    )
    assert message == (
        "Entry 'shop.hello': kwargs={'slot': None} do not fit hello():"
        " got an unexpected keyword argument 'slot'\n"
        "  declared in shop.py, line 1\n"
        "  it needs no arguments: leave out args and kwargs, or make them fit"
    )


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        (
            "slot: Slot | None = None",
            "Slot parameter 'slot' is not keyword-only",
        ),
        (
            "*, slot: Slot | None",
            "Slot parameter 'slot' has no default of None",
        ),
        (
            "*, slot: Slot = None",
            "Slot parameter 'slot' does not allow for None",
        ),
        (
            "*, slots: list[Slot] | None = None",
            "Slot parameter 'slots' is annotated list[Slot] | None, expected Slot | None",
        ),
        (
            "*, slot: Slot | int | None = None",
            "Slot parameter 'slot' is annotated Slot | int | None, expected Slot | None",
        ),
        (
            "*, a: Slot | None = None, b: Slot | None = None",
            "parameters 'a', 'b' all ask for the Slot, expected one at most",
        ),
    ],
)
def test_any_other_shape_is_refused(refusal, parameters: str, wrong: str) -> None:
    message = refusal(
        f"""
        @periodic(seconds=60)
        def hello({parameters}) -> None: ...
        """,
        Slot=Slot,
    )
    assert message == f"Entry 'shop.hello': {wrong}\n  declared in shop.py, line 1\n{ADVICE}"
