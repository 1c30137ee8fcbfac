"""init_flask with the real Flask and the real Celery."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery, Task, _state, current_app
from flask import Flask, g, has_app_context
from flask import current_app as current_flask_app

from beatkit import Registry, Schedule, install
from beatkit.errors import DeclarationError
from beatkit.integrations.flask import init_flask


@pytest.fixture(autouse=True)
def _default_app_put_back() -> Iterator[None]:
    default, current = _state.default_app, _state._tls.current_app
    yield
    _state.set_default_app(default)
    _state._tls.current_app = current


def pair(name: str = "webapp") -> tuple[Flask, Celery]:
    flask_app = Flask(name)
    return flask_app, init_flask(flask_app, Celery(name, broker="memory://"))


def test_the_two_apps_the_other_way_round_are_refused() -> None:
    flask_app = Flask("webapp")
    with pytest.raises(DeclarationError) as caught:
        init_flask(Celery("webapp"), flask_app)  # type: ignore[arg-type]
    assert str(caught.value) == (
        "init_flask: the second argument is <Flask 'webapp'>, expected a Celery app\n"
        "  write init_flask(flask_app, make_app('shop', flask_app.config))"
    )


def test_a_task_runs_in_the_application_context() -> None:
    _, celery_app = pair()

    @celery_app.task
    def where() -> str:
        return current_flask_app.name

    assert where.apply().get() == "webapp"
    assert not has_app_context()


def test_each_run_has_a_context_of_its_own() -> None:
    _, celery_app = pair()

    @celery_app.task
    def remember() -> bool:
        known = "seen" in g
        g.seen = True
        return known

    assert [remember.apply().get() for _ in range(2)] == [False, False]


def test_a_run_inside_a_request_shares_the_context_of_its_caller() -> None:
    flask_app, celery_app = pair()

    @celery_app.task
    def user() -> str:
        return str(g.user)

    celery_app.conf.task_always_eager = True
    with flask_app.test_request_context():
        g.user = "ada"
        assert user.delay().get() == "ada"


def test_each_flask_app_has_its_own_celery_app() -> None:
    _, first = pair("first")
    other_flask_app, _ = pair("second")

    @first.task
    def whose() -> str:
        return current_flask_app.name

    with other_flask_app.app_context():
        assert whose.apply().get() == "first"


def test_a_bound_task_still_sees_its_request() -> None:
    _, celery_app = pair()

    @celery_app.task(bind=True)
    def my_id(self: object) -> str:
        return self.request.id

    assert my_id.apply(task_id="a-run").get() == "a-run"


def test_a_periodic_async_function_runs_in_the_context_too() -> None:
    pair()

    @Registry().periodic(seconds=15)
    async def where_async() -> str:
        return current_flask_app.name

    assert where_async.apply().get() == "webapp"


def test_the_recipe_of_flasks_own_guide_is_kept_by_install() -> None:
    flask_app = Flask("webapp")
    flask_app.config.from_mapping(CELERY={"broker_url": "memory://"})

    class FlaskTask(Task):  # type: ignore[misc]
        def __call__(self, *args: object, **kwargs: object) -> object:
            with flask_app.app_context():
                return self.run(*args, **kwargs)

    celery_app = Celery("webapp", task_cls=FlaskTask)
    celery_app.config_from_object(flask_app.config["CELERY"])
    celery_app.set_default()
    registry = Registry()
    install(celery_app, registry=registry)

    @registry.periodic(seconds=15)
    def where_by_recipe() -> str:
        return current_flask_app.name

    assert where_by_recipe.apply().get() == "webapp"
    assert list(Schedule(celery_app).entries) == [where_by_recipe.name]


def test_the_celery_app_is_found_where_flask_users_look() -> None:
    flask_app, celery_app = pair()
    assert flask_app.extensions["celery"] is celery_app
    assert current_app._get_current_object() is celery_app


def test_a_celery_app_whose_tasks_exist_is_refused() -> None:
    celery_app = Celery("late")
    celery_app.finalize()
    with pytest.raises(DeclarationError) as caught:
        init_flask(Flask("webapp"), celery_app)
    assert str(caught.value) == (
        "init_flask: the Celery app 'late' has made its tasks already,"
        " without the context of the Flask app 'webapp'\n"
        "  call init_flask right after make_app, before anything uses the tasks"
    )
