"""Whether an entry's arguments fit its function, found when the decorator is applied."""

from __future__ import annotations

import pytest
from celery import Celery, shared_task

from beatkit import Registry

REMEDY = "  declared in shop.py, line 1\n  "


@pytest.mark.parametrize(
    ("given", "parameters", "wrong", "remedy"),
    [
        (
            "",
            "word",
            "args=[] do not fit hello(word): missing a required argument: 'word'",
            "write args=[word]",
        ),
        (
            "args=['hi', 2]",
            "word: str",
            "args=['hi', 2] do not fit hello(word): too many positional arguments",
            "write args=[word]",
        ),
        (
            "kwargs={'wrod': 'hi'}",
            "word='hi'",
            "kwargs={'wrod': 'hi'} do not fit hello(word='hi'):"
            " got an unexpected keyword argument 'wrod'",
            "it needs no arguments: leave out args and kwargs, or make them fit",
        ),
        (
            "args=['hi'], kwargs={'word': 'hi'}",
            "word",
            "args=['hi'] and kwargs={'word': 'hi'} do not fit hello(word):"
            " multiple values for argument 'word'",
            "write args=[word]",
        ),
        (
            "",
            "self",
            "args=[] do not fit hello(self): missing a required argument: 'self'",
            "write @app.task(bind=True) below it if self shall be the task, or leave self out",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    refusal, given: str, parameters: str, wrong: str, remedy: str
) -> None:
    assert (
        refusal(
            f"""
            @periodic(seconds=60, {given})
            def hello({parameters}) -> None: ...
            """
        )
        == f"Entry 'shop.hello': {wrong}\n{REMEDY}{remedy}"
    )


def test_a_keyword_only_argument_is_asked_for_by_name(refusal) -> None:
    message = refusal(
        """
        @periodic(seconds=60)
        def hello(word, *, times, loud=False) -> None: ...
        """
    )
    assert message.endswith('  write args=[word], kwargs={"times": ...}')


@pytest.mark.parametrize("given", [{"args": ["hi"]}, {"kwargs": {"word": "hi"}}])
def test_arguments_that_fit_pass(registry: Registry, given: dict[str, object]) -> None:
    @registry.periodic(seconds=60, **given)  # type: ignore[arg-type]
    def hello(word: str, times: int = 1) -> None: ...

    assert len(registry.declarations) == 1


def test_the_task_that_a_bound_task_is_handed_counts_for_none(refusal) -> None:
    app = Celery("test", set_as_current=False)
    assert refusal(
        """
        @periodic(seconds=60)
        @app.task(bind=True)
        def hello(self, word) -> None: ...
        """,
        app=app,
    ) == (
        "Entry 'shop.hello': args=[] do not fit hello(word): missing a required argument: 'word'\n"
        f"{REMEDY}write args=[word]"
    )


def test_looking_at_a_task_finalizes_no_app(registry: Registry) -> None:
    app = Celery("test")

    @registry.periodic(seconds=60, args=["hi"])
    @app.task(bind=True)
    def hello(self, word) -> None: ...

    @registry.periodic(seconds=60, args=["hi"])
    @shared_task(bind=True)
    def shared(self, word) -> None: ...

    assert not app.finalized
    assert not app.configured


def test_a_shared_task_that_fits_neither_bound_nor_unbound_is_refused_at_once(refusal) -> None:
    message = refusal(
        """
        @periodic(seconds=60, args=[1, 2, 3])
        @shared_task
        def hello(word) -> None: ...
        """,
        shared_task=shared_task,
    )
    assert message.startswith("Entry 'shop.hello': args=[1, 2, 3] do not fit hello(word): ")
