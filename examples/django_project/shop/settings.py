"""Django's settings; Celery's and beatkit's carry the prefix CELERY_."""

import os

SECRET_KEY = os.environ.get("SECRET_KEY", "for development only")
INSTALLED_APPS = ["orders"]
TIME_ZONE = "Europe/Berlin"
USE_TZ = True

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "redis://localhost:6379/0")
CELERY_TASK_TIME_LIMIT = 10  # seconds

CHECK_STOCK_EVERY = float(os.environ.get("CHECK_STOCK_EVERY", "15"))  # seconds
