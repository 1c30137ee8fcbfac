"""Tasks of this Django app; `autodiscover_tasks` finds the file by its name."""

from django.conf import settings
from django.utils import timezone

from beatkit import periodic


@periodic(seconds=settings.CHECK_STOCK_EVERY)
def check_stock() -> None:
    """Look for articles that run out."""
    print(f"stock checked at {timezone.localtime():%H:%M:%S %Z}")


@periodic(cron="30 22 * * MON-FRI")
def close_day() -> None:
    """Close the books, in the evening of the project's own time zone."""
