"""With what an entry runs: arguments, and the options of its message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from beatkit import Registry

REMEDY = "  declared in shop.py, line 1\n  "


def only(registry: Registry):
    (declaration,) = registry.declarations
    return declaration


def test_arguments_and_options_are_kept(registry: Registry) -> None:
    @registry.periodic(
        seconds=60,
        args=["hi"],
        kwargs={"times": 2},
        queue="reports",
        priority=9,
        routing_key="reports.daily",
        headers={"tenant": "acme"},
        expires=timedelta(minutes=1),
        options={"compression": "gzip"},
    )
    def hello(word: str, times: int) -> None: ...

    assert (only(registry).args, only(registry).kwargs) == (("hi",), {"times": 2})
    assert only(registry).options == {
        "queue": "reports",
        "priority": 9,
        "routing_key": "reports.daily",
        "headers": {"tenant": "acme"},
        "expires": 60,
        "compression": "gzip",
    }


def test_what_the_caller_changes_later_changes_nothing(registry: Registry) -> None:
    args, kwargs, options = ["hi"], {"times": 2}, {"queue": "reports"}

    @registry.periodic(seconds=60, args=args, kwargs=kwargs, options=options)
    def hello(word: str, times: int) -> None: ...

    args.append("there")
    kwargs["times"] = 3
    options["queue"] = "other"
    kept = only(registry)
    assert (kept.args, kept.kwargs, kept.options) == (("hi",), {"times": 2}, {"queue": "reports"})


@pytest.mark.parametrize(
    ("written", "wrong", "remedy"),
    [
        ("args='hi'", "args is 'hi', expected a list", "write args=['hi']"),
        ("args={5}", "args is {5}, expected a list", "write args=[5]"),
        ("args=5", "args is 5, expected a list", "write args=[5]"),
        (
            "kwargs=[1]",
            "kwargs is [1], expected a mapping with text keys",
            'write kwargs={"word": "hi"}',
        ),
        (
            "kwargs={1: 2}",
            "kwargs is {1: 2}, expected a mapping with text keys",
            'write kwargs={"word": "hi"}',
        ),
        ("queue=''", "queue is '', expected a name", 'write queue="reports"'),
        ("routing_key=1", "routing_key is 1, expected a name", 'write routing_key="reports"'),
        (
            "priority='high'",
            "priority is 'high', expected a whole number from 0 to 255",
            "write priority=5; most brokers know 0 to 9",
        ),
        (
            "priority=256",
            "priority is 256, expected a whole number from 0 to 255",
            "write priority=5; most brokers know 0 to 9",
        ),
        (
            "expires=0",
            "expires is 0, expected seconds above 0, or a timedelta",
            "write expires=60, counted from each slot",
        ),
        (
            "expires='1 day'",
            "expires is '1 day', expected seconds above 0, or a timedelta",
            "write expires=60, counted from each slot",
        ),
        (
            "headers=['x']",
            "headers is ['x'], expected a mapping with text keys",
            'write headers={"tenant": "acme"}',
        ),
        (
            "headers={'beatkit-entry': 'x'}",
            "headers has 'beatkit-entry', a name that beatkit uses",
            "write another name",
        ),
        (
            "options='gzip'",
            "options is 'gzip', expected a mapping",
            'write options={"compression": "gzip"}',
        ),
        (
            "options={'quue': 'x'}",
            "options has 'quue', which apply_async does not know",
            "write 'queue'",
        ),
        (
            "options={'task_id': 'x'}",
            "options has 'task_id', which no entry can have",
            "leave it out: each slot has a task id of its own",
        ),
        (
            "options={'queue': 'a'}, queue='b'",
            "has queue as a parameter and in options, expected one",
            "write queue= alone",
        ),
        (
            "deadline=60, expires=30",
            "has deadline 60 and expires 30, expected one",
            "write deadline alone: it is the message's expiry too",
        ),
        (
            "quue='reports'",
            "has quue=, which @periodic does not know",
            "write queue=",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused(refusal, written: str, wrong: str, remedy: str) -> None:
    assert (
        refusal(
            f"""
            @periodic(seconds=60, {written})
            def hello(*args, **kwargs) -> None: ...
            """
        )
        == f"Entry 'shop.hello': {wrong}\n{REMEDY}{remedy}"
    )


def test_an_instant_is_no_expiry_of_something_that_repeats(refusal) -> None:
    when = datetime(2026, 11, 22, tzinfo=UTC)
    assert refusal(
        """
        @periodic(seconds=60, expires=when)
        def hello() -> None: ...
        """,
        when=when,
    ) == (
        f"Entry 'shop.hello': expires is {when!r}, expected seconds above 0, or a timedelta\n"
        f"{REMEDY}write expires=60, counted from each slot"
    )


def test_what_was_declared_stays_as_it_was_then(registry: Registry) -> None:
    shops, deep, headers = ["berlin"], {"by": [1], "of": ({"x": [2]},)}, {"tenant": "acme"}

    @registry.periodic(seconds=60, args=[shops], kwargs={"deep": deep}, headers=headers)
    def report(shops: list[str], deep: dict[str, object]) -> None: ...

    shops.append("vienna")
    deep["by"].append(3)
    deep["of"][0]["x"].clear()
    headers.clear()
    (declared,) = registry.declarations
    assert declared.args == (["berlin"],)
    assert declared.kwargs == {"deep": {"by": [1], "of": ({"x": [2]},)}}
    assert declared.options == {"headers": {"tenant": "acme"}}


def test_a_parameter_that_resembles_none_is_answered_with_all_names(refusal) -> None:
    message = refusal(
        """
        @periodic(seconds=60, zzz=1)
        def hello() -> None: ...
        """
    )
    assert message.startswith("Entry 'shop.hello': has zzz=, which @periodic does not know\n")
    assert message.endswith(
        "  the parameters are seconds, minutes, hours, days, weeks, cron, timezone, gap, fold,"
        " offset, jitter, args, kwargs, queue, priority, routing_key, headers, expires, options,"
        " catch_up, coalesce, deadline, overlap, even_when_paused, name, description, enabled,"
        " tags"
    )


def test_all_problems_of_a_decorator_come_in_one_error(refusal) -> None:
    assert refusal(
        """
        @periodic(seconds=60, args="hi", priority=-1)
        def hello(word) -> None: ...
        """
    ) == (
        "2 problems in the schedule\n"
        "\n"
        "Entry 'shop.hello': args is 'hi', expected a list\n"
        f"{REMEDY}write args=['hi']\n"
        "\n"
        "Entry 'shop.hello': priority is -1, expected a whole number from 0 to 255\n"
        f"{REMEDY}write priority=5; most brokers know 0 to 9"
    )


def test_nothing_is_kept_of_what_was_refused(refusal, registry: Registry) -> None:
    refusal(
        """
        @periodic(seconds=60, args="hi")
        def hello(word) -> None: ...
        """
    )
    assert list(registry.declarations) == []


def test_no_message_shows_a_password(refusal) -> None:
    message = refusal(
        """
        @periodic(seconds=60, args=["redis://:hunter2@cache/0", 1], kwargs={"password": "hunter3"})
        def hello(url) -> None: ...
        """
    )
    assert "hunter" not in message
    assert "'redis://:***@cache/0'" in message
