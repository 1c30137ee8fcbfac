"""What runs outside the web server: `celery -A celery_worker worker` and `... beat`."""
