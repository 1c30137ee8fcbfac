"""Apps and registries in one process keep apart."""

from __future__ import annotations

import pytest
from celery import Celery
from celery.contrib.testing import app as testing

from beatkit import Registry, install, make_app, periodic
from beatkit.errors import DeclarationError
from beatkit.registry import effective_entries


def test_apps_of_two_registries_have_their_own_entries() -> None:
    billing, reports = Registry(), Registry()

    @billing.periodic(seconds=60, name="close")
    def close() -> None: ...

    @reports.periodic(seconds=60, name="send")
    def send() -> None: ...

    apps = {
        name: make_app(name, registry=registry, broker_url="memory://")
        for name, registry in (("billing", billing), ("reports", reports))
    }
    assert {name: list(effective_entries(app)) for name, app in apps.items()} == {
        "billing": ["close"],
        "reports": ["send"],
    }


def test_a_call_goes_to_the_app_of_its_registry_whichever_is_current() -> None:
    billing, reports = Registry(), Registry()

    @billing.periodic(seconds=60)
    def close() -> None: ...

    assert close.app is not None  # type: ignore[attr-defined]
    first = make_app("billing", registry=billing, broker_url="memory://")
    second = make_app("reports", registry=reports, broker_url="memory://")
    second.set_current()
    assert close.app is first  # type: ignore[attr-defined]
    third = make_app("billing-too", registry=billing, broker_url="memory://")
    third.set_current()
    assert close.app is third  # type: ignore[attr-defined]


def test_two_apps_of_one_registry_have_all_its_entries(registry: Registry) -> None:
    @registry.periodic(cron="0 4 * * *", name="close")
    def close() -> None: ...

    berlin = make_app("a", registry=registry, broker_url="memory://", timezone="Europe/Berlin")
    tokyo = make_app("b", registry=registry, broker_url="memory://", timezone="Asia/Tokyo")
    zones = [repr(effective_entries(app)["close"].schedule.rule) for app in (berlin, tokyo)]
    assert "Europe/Berlin" in zones[0]
    assert "Asia/Tokyo" in zones[1]


def test_an_app_that_nobody_installed_on_has_no_entries() -> None:
    @periodic(seconds=60, name="default-registry")
    def task() -> None: ...

    app = Celery("other", broker="memory://", set_as_current=False)
    app.finalize()
    assert app.conf.beat_schedule == {}
    assert effective_entries(app) == {}


def test_the_test_app_of_celery_has_the_task_and_no_entry() -> None:
    @periodic(seconds=60, name="for-the-test-app", args=["hi"])
    def hello(word: str) -> str:
        return word + "!"

    app = testing.TestApp(set_as_current=True)
    app.finalize()
    assert app.conf.beat_schedule == {}
    assert app.tasks[hello.name].apply(["hi"]).get() == "hi!"
    assert hello.name == f"{__name__}.hello"


def test_a_registry_is_an_object_of_registry() -> None:
    with pytest.raises(DeclarationError) as caught:
        make_app("shop", broker_url="memory://", registry=Registry)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"registry is {Registry!r}, expected a Registry\n  write Registry()"
    )


def test_install_takes_a_celery_app_and_nothing_else() -> None:
    with pytest.raises(DeclarationError) as caught:
        install("shop")  # type: ignore[arg-type]
    assert str(caught.value) == ("app is 'shop', expected a Celery app\n  give a Celery app")


def test_a_registry_does_not_keep_its_apps_alive(registry: Registry) -> None:
    import gc
    import weakref

    @registry.periodic(seconds=60, name="x")
    def task() -> None: ...

    app = make_app("gone", registry=registry, broker_url="memory://")
    effective_entries(app)
    app.close()
    gone = weakref.ref(app)
    Celery("current").set_current()
    del app
    gc.collect()
    assert gone() is None
