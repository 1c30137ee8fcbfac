"""Settings of the whole project, Flask's and Celery's side by side."""

import os


class Config:
    """Upper-case keys, as Flask wants them; Celery's carry the prefix CELERY_."""

    SECRET_KEY = os.environ.get("SECRET_KEY", "for development only")
    CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "redis://localhost:6379/0")
    CELERY_RESULT_BACKEND = os.environ.get("CELERY_RESULT_BACKEND", "redis://localhost:6379/1")

    HELLO_EVERY = float(os.environ.get("HELLO_EVERY", "15"))  # seconds
