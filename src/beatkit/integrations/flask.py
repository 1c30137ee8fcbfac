"""Flask: run tasks in the application context.

    def create_app() -> Flask:
        flask_app = Flask(__name__)
        flask_app.config.from_object(Config)
        init_flask(flask_app, make_app("webapp", flask_app.config))
        return flask_app

Flask is imported when a task runs, so this file loads without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beatkit.errors import DeclarationError

if TYPE_CHECKING:
    from celery import Celery
    from flask import Flask


def init_flask(flask_app: Flask, celery_app: Celery) -> Celery:
    """Run each task of a Celery app in the application context of a Flask app.

    So `current_app`, `url_for` with SERVER_NAME, and extensions such as Flask-SQLAlchemy
    work inside tasks. Each run has a context of its own, which is torn down when the run
    ends. A task called while a context of the same Flask app is active (eager tasks in a
    request or a test) runs in that one, so what it does with `g` or a database session
    stays with its caller.

    The Celery app becomes the default app of the process and `extensions["celery"]` of
    the Flask app, as in Flask's own guide. Calling it again with another Flask app, as a
    test suite does, concerns that pair alone.

    Args:
        flask_app: The application whose context tasks run in.
        celery_app: What `make_app` returned, or any Celery app whose tasks have not been
            used yet. Tasks with a `base` of their own have the context only if that base
            derives from `celery_app.Task`.

    Returns:
        The Celery app.

    Raises:
        DeclarationError: The Celery app has made its tasks already, or is none.
    """
    if not hasattr(celery_app, "finalized"):
        raise DeclarationError(
            f"init_flask: the second argument is {celery_app!r}, expected a Celery app\n"
            "  write init_flask(flask_app, make_app('shop', flask_app.config))"
        )
    if celery_app.finalized:
        raise DeclarationError(
            f"init_flask: the Celery app {celery_app.main!r} has made its tasks already,"
            f" without the context of the Flask app {flask_app.name!r}\n"
            "  call init_flask right after make_app, before anything uses the tasks"
        )
    celery_app.Task = _in_context(celery_app.Task, flask_app)
    celery_app.set_default()
    flask_app.extensions["celery"] = celery_app
    return celery_app


def _in_context(base: Any, flask_app: Flask) -> Any:
    class FlaskTask(base):
        abstract = True

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            # `run`, not super().__call__, which would hide `self.request` of bound tasks.
            if _is_active(flask_app):
                return self.run(*args, **kwargs)
            with flask_app.app_context():
                return self.run(*args, **kwargs)

    return FlaskTask


def _is_active(flask_app: Flask) -> bool:
    from flask import current_app, has_app_context

    # The proxy compares as the app that it stands for.
    return has_app_context() and bool(current_app == flask_app)
