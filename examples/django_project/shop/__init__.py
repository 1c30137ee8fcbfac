"""The project. Loading the Celery app here makes `delay()` work in every view."""

from shop.celery import app as celery_app

__all__ = ["celery_app"]
