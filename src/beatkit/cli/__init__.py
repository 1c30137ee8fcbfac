"""The command lines: `beatkit ...` in `main`, `celery -A app schedule ...` beside it."""
