"""The app that `celery -A shop` finds."""

import os

from django.conf import settings

from beatkit import make_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

app = make_app("shop", settings)
app.autodiscover_tasks()
