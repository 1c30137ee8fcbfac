"""No secret of any case shows in anything that people or logs see."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatkit.settings import SettingsError, assemble, explain, load
from beatkit.settings.redaction import guard
from beatkit.settings.urls import redact

DATA = Path(__file__).parents[2] / "data"
CASES = [
    case
    for name in ("settings-cases.json", "more-settings-cases.json")
    for case in json.loads((DATA / name).read_text())
]
SECRET = "hush-hush"


def spiked(value: Any) -> Any:
    """Put a password into every URL of a value."""
    if isinstance(value, dict):
        return {key: spiked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [spiked(item) for item in value]
    if isinstance(value, str) and "://" in value:
        scheme, _, rest = value.partition("://")
        userinfo, at, host = rest.rpartition("@")
        user = userinfo.partition(":")[0] if at else ""
        marks = userinfo.partition(":")[2] if at else ""
        return f"{scheme}://{user}:{SECRET}{marks}@{host}"
    return value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_no_password_of_a_case_shows(
    case: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = spiked({**case["settings"], **case.get("code", {})})
    source["SECRET_KEY" if case.get("shared") else "redis_password"] = SECRET
    how = {"namespace": case.get("namespace"), "shared": case.get("shared")}
    seen: list[Any] = []
    try:
        if "env" in case:
            settings = assemble(source, {}, spiked(case["env"]), **how)
        else:
            settings = load(source, **how)
        celery = settings.to_celery()
        seen += [repr(settings), str(settings), settings.notices, explain(settings), celery]
        seen += [
            settings.model_dump(),
            settings.model_dump_json(),
            pickle.loads(pickle.dumps(celery)),
        ]
    except SettingsError as error:
        seen += [str(error), repr(error), error.errors(), error.problems, error.notices]
        seen += [traceback.format_exc(), repr(error.__context__), repr(error.__cause__)]
    assert SECRET not in repr(seen) + caplog.text


PASSWORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1
).map(lambda text: f"{SECRET}{text}{SECRET}")


@given(
    password=PASSWORDS, user=st.sampled_from(["", "joe"]), scheme=st.sampled_from(["redis", "amqp"])
)
def test_a_password_is_hidden_whatever_it_is_made_of(password: str, user: str, scheme: str) -> None:
    url = f"{scheme}://{user}:{password}@cache.internal:6379/0"
    assert redact(url) == f"{scheme}://{user}:***@cache.internal:6379/0"
    for value in (url, [url], {"a": {"b": (url,)}}, url.encode(), f'"{url}"', f" {url}"):
        assert SECRET not in repr(redact(value))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("redis://cache:6379/0", "redis://cache:6379/0"),
        ("redis://cache:6379/0?ssl_cert_reqs=none", "redis://cache:6379/0?ssl_cert_reqs=none"),
        ("redis://u:p@h/0", "redis://u:***@h/0"),
        ("redis://p@h/0", "redis://***@h/0"),
        ("redis://h:p/0", "redis://h:***/0"),
        ("redis://h/0?password=p&x=1", "redis://h/0?password=***&x=1"),
        ("sentinel://:p@a:1;sentinel://:p@b:2", "sentinel://:***@a:1;sentinel://:***@b:2"),
        (":p@h:6379", "***@h:6379"),
        ("redis:/:p@h", "redis:/:***@h"),
        ("host=h password=p", "host=h password=***"),
        ("AccountKey=p;Endpoint=x", "AccountKey=***;Endpoint=x"),
        ("someone@example.com", "someone@example.com"),
        ({"password": "p", "host": "h"}, {"password": "***", "host": "h"}),
        ({"visibility_timeout": 5}, {"visibility_timeout": 5}),
        ({"global_keyprefix": "x"}, {"global_keyprefix": "x"}),
        ({"queue": "key", "routing_key": "k"}, {"queue": "key", "routing_key": "k"}),
        (("redis://:p@h",), ("redis://:***@h",)),
        ({"redis://:p@h"}, {"redis://:***@h"}),
        (None, None),
        (True, True),
    ],
)
def test_redaction_goes_by_the_shape_of_a_value(value: object, shown: object) -> None:
    assert redact(value) == shown


def test_a_guarded_value_works_as_text_and_shows_no_secret() -> None:
    url = guard("redis://:p@h/0")
    assert (url, repr(url), f"{url}") == ("redis://:p@h/0", "'redis://:***@h/0'", "redis://:p@h/0")
    copied = pickle.loads(pickle.dumps({"url": url, "word": guard("p", "password")}))
    assert copied == {"url": "redis://:p@h/0", "word": "p"}
    assert repr(copied) == "{'url': 'redis://:***@h/0', 'word': '***'}"
    assert type(guard("redis://h/0")) is str
