"""The app that `celery -A celery_worker` finds."""

from webapp import create_app

app = create_app().extensions["celery"]
