"""As in Celery, Django's TIME_ZONE is the app's time zone unless Celery's own is set."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from beatkit.settings import load


def django(**names: object) -> SimpleNamespace:
    # What Django's lazy settings look like from outside.
    return SimpleNamespace(SETTINGS_MODULE="site.settings", SECRET_KEY="s", **names)


@pytest.mark.parametrize(
    ("names", "zone"),
    [
        ({"TIME_ZONE": "Europe/Berlin"}, "Europe/Berlin"),
        ({"TIME_ZONE": "Europe/Berlin", "CELERY_TIMEZONE": "Asia/Tokyo"}, "Asia/Tokyo"),
        ({"TIME_ZONE": "Europe/Berlin", "CELERY_TIMEZONE": None}, "Europe/Berlin"),
        ({"TIME_ZONE": "Europe/Berlin", "CELERY": {"timezone": "Asia/Tokyo"}}, "Asia/Tokyo"),
        ({"TIME_ZONE": "Europe/Berlin", "CELERY": {"broker_url": "memory://"}}, "Europe/Berlin"),
        ({"TIME_ZONE": None}, None),
    ],
)
def test_the_time_zone_is(names: dict[str, object], zone: str | None) -> None:
    assert load(django(**names)).to_celery().get("timezone") == zone


def test_a_declared_namespace_is_kept() -> None:
    loaded = load(django(TIME_ZONE="Asia/Tokyo", JOBS_TASK_TIME_LIMIT=5), namespace="JOBS")
    assert loaded.to_celery() == {"timezone": "Asia/Tokyo", "task_time_limit": 5}


def test_a_zone_outside_django_is_no_setting() -> None:
    assert load({"SECRET_KEY": "s", "TIME_ZONE": "Asia/Tokyo"}).to_celery() == {}
