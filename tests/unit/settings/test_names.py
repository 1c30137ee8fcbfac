"""Names: every setting loads in every style, and every usual slip leads back to its setting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from beatkit.settings.catalog import OLD_NAMES, SETTINGS
from beatkit.settings.naming import Named, name_all
from beatkit.settings.sources import Source
from beatkit.settings.spelling import suggestion

OURS = [name for name in SETTINGS if not name.startswith("beatkit_")]


def named(keys: list[str], namespace: str | None = None, shared: bool = False) -> Named:
    return name_all(Source("here", dict.fromkeys(keys, 1), namespace, shared))


def found(keys: list[str], namespace: str | None = None) -> list[tuple[str, str, str | None]]:
    return [(p.kind, p.key, p.suggestion) for p in named(keys, namespace).problems]


@pytest.mark.parametrize("shared", [True, False])
def test_every_setting_loads_under_its_new_and_its_prefixed_name(shared: bool) -> None:
    bare = named(list(SETTINGS), shared=shared)
    assert ([each.name for each in bare.given], bare.problems) == (list(SETTINGS), ())
    keys = [f"CELERY_{name.upper()}" for name in SETTINGS]
    for namespace in ("CELERY", None):
        prefixed = named(keys, namespace, shared)
        assert ([each.name for each in prefixed.given], prefixed.problems) == (list(SETTINGS), ())


def test_every_old_name_loads_with_a_notice_that_gives_the_new_one() -> None:
    old = named(list(OLD_NAMES))
    assert {each.key: each.name for each in old.given} == OLD_NAMES
    assert {(p.kind, p.key, p.suggestion) for p in old.problems} == {
        ("deprecated", key, name) for key, name in OLD_NAMES.items()
    }


def test_old_names_that_web_applications_use_are_not_taken_from_a_shared_source() -> None:
    words = (
        "S3_",
        "GCS_",
        "CONTROL_",
        "DATABASE_",
        "CASSANDRA_",
        "AZUREBLOCKBLOB_",
        "COSMOSDBSQL_",
    )
    theirs = {name for name in OLD_NAMES if name.startswith(words)}
    taken = {each.key for each in named(list(OLD_NAMES), shared=True).given}
    assert taken == OLD_NAMES.keys() - theirs


# Each slip changes one place, in the middle where there is a choice.
SLIPS: dict[str, Callable[[str], str]] = {
    "a letter missing": lambda n: n[: len(n) // 2] + n[len(n) // 2 + 1 :],
    "a letter twice": lambda n: n[: len(n) // 2] + n[len(n) // 2] + n[len(n) // 2 :],
    "two letters swapped": lambda n: n[:1] + n[2] + n[1] + n[3:],
    "another letter": lambda n: n[:3] + "x" + n[4:],
    "a plural": lambda n: f"{n}s",
    "no plural": lambda n: n.removesuffix("s"),
    "dashes": lambda n: n.replace("_", "-"),
    "blanks": lambda n: n.replace("_", " "),
    "dots": lambda n: n.replace("_", ".", 1),
    "double underscores": lambda n: n.replace("_", "__", 1),
    "no underscore": lambda n: n.replace("_", "", 1),
    "words turned round": lambda n: "_".join(reversed(n.split("_"))),
    "capitals": str.title,
    "all capitals": str.upper,
    "camel case": lambda n: n.title().replace("_", ""),
    "a prefix in lower case": lambda n: f"celery_{n}",
    "a prefix twice": lambda n: f"CELERY_CELERY_{n.upper()}",
    "British spelling": lambda n: n.replace("serializer", "serialiser").replace("color", "colour"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_any_name_leads_back_to_it(slip: str) -> None:
    slips = {SLIPS[slip](name): name for name in OURS}
    wrong = {key: name for key, name in slips.items() if not {key} & (SETTINGS.keys() | OLD_NAMES)}
    led = {key: suggestion(key) for key in wrong}
    assert {key: led[key] for key in wrong if led[key] != wrong[key]} == {}


@pytest.mark.parametrize(
    ("keys", "namespace", "problems"),
    [
        (["broker_url", "task_serialiser"], None, [("typo", "task_serialiser", "task_serializer")]),
        (["broker", "backend"], None, [("typo", "broker", "broker_url"),
                                       ("typo", "backend", "result_backend")]),
        (["concurrency"], None, [("typo", "concurrency", "worker_concurrency")]),
        (["ignore_result"], None, [("typo", "ignore_result", "task_ignore_result")]),
        (["worker_max_tasks"], None, [("typo", "worker_max_tasks", "worker_max_tasks_per_child")]),
        (["max_retries"], None, [("misplaced", "max_retries", None)]),
        (["loglevel"], None, [("misplaced", "loglevel", None)]),
        (["CELERYD_LOG_LEVEL", "BROKER_URL"], None,
         [("removed", "CELERYD_LOG_LEVEL", None), ("deprecated", "BROKER_URL", "broker_url")]),
        (["BROKER_URL", "CELERY_ENABLE_UTC"], None,
         [("typo", "CELERY_ENABLE_UTC", "enable_utc"), ("deprecated", "BROKER_URL", "broker_url")]),
        (["CELERY_RESULT_BACKEND", "CELERY_ENABLE_UTC"], None, []),
        (["CELERY_BROKER_URL", "CELERY_TASK_EAGR"], None,
         [("unknown", "CELERY_TASK_EAGR", None)]),
        (["CELERY_BROKER_URL", "CELERY_TASK_ALWAYS_EAGR"], None,
         [("typo", "CELERY_TASK_ALWAYS_EAGR", "CELERY_TASK_ALWAYS_EAGER")]),
        (["JOBS_BROKER_URL", "JOBS_TIMEZON", "CELERY_TIMEZONE"], "JOBS",
         [("mixed", "CELERY_TIMEZONE", "JOBS_TIMEZONE"),
          ("typo", "JOBS_TIMEZON", "JOBS_TIMEZONE")]),
        (["broker_url", "beatkit_histroy", "BEATKIT_REVISION"], None,
         [("typo", "beatkit_histroy", "beatkit_history")]),
    ],
)  # fmt: skip
def test_a_key_that_is_no_setting_is_told_apart(
    keys: list[str], namespace: str | None, problems: list[tuple[str, str, str | None]]
) -> None:
    assert found(keys, namespace) == problems
