"""The web application, made by a factory."""

from flask import Flask

from beatkit import make_app
from beatkit.integrations.flask import init_flask
from config import Config
from webapp.pages import pages


def create_app(config: type[Config] = Config) -> Flask:
    """Make the Flask app, and the Celery app that belongs to it."""
    app = Flask(__name__)
    app.config.from_object(config)
    app.register_blueprint(pages)
    init_flask(app, make_app("webapp", app.config, include=["celery_worker.tasks"]))
    return app
