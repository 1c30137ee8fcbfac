"""A shop's schedule, as realistic as it gets: several zones, queues, policies and owners."""

from __future__ import annotations

from typing import Any

from beatkit import Registry, make_app

registry = Registry()
app = make_app(
    "shop",
    registry=registry,
    broker_url="redis://localhost:6379/0",
    beatkit_store_url="memory://",
    timezone="Europe/Berlin",
    task_routes={"stock.*": {"queue": "warehouse"}},
    beat_schedule={
        "legacy-sync": {"task": "legacy.sync", "schedule": 300.0},
        "cleanup": {"task": "celery.backend_cleanup", "schedule": 86400, "kwargs": {}},
    },
)


def task(name: str, **how: Any) -> None:
    """Declare an entry whose task takes anything."""

    def run(*args: Any, **kwargs: Any) -> None:
        pass

    run.__name__ = run.__qualname__ = name.replace(".", "_")
    run.__doc__ = f"{name.rpartition('.')[2].replace('_', ' ').capitalize()}."
    registry.periodic(**how)(app.task(run, name=name, shared=False))


task("heartbeat", seconds=15)
task("billing.close_day", cron="30 2 * * *", queue="billing", deadline=3600, tags=["money"])
task("billing.charge_subscriptions", cron="0 3 * * *", queue="billing", overlap="skip")
task("billing.send_invoices", cron="0 6 1 * *", queue="billing", tags=["money", "mail"])
task("billing.retry_failed_payments", cron="0 */4 * * *", queue="billing", catch_up="all")
task("billing.dunning_letters", cron="0 9 * * mon-fri", queue="mail")
task("mail.newsletter", cron="0 10 * * tue", queue="mail", priority=3)
task("mail.daily_digest", cron=["0 7 * * mon-fri", "0 9 * * sat,sun"], queue="mail", jitter=300)
task("mail.bounce_processing", minutes=10, queue="mail")
task("reports.morning_sales", cron="0 8 * * mon-fri", timezone="America/New_York")
task("reports.weekly_summary_for_management", cron="0 18 * * fri", queue="reports")
task("reports.rebuild_dashboards", cron="*/15 8-20 * * *", queue="reports")
task("stock.sync_warehouse", cron="*/5 * * * *")
task("stock.reorder", cron="0 5 * * *", kwargs={"api_token": "s3cr3t", "limit": 500})
task("ops.backup_database", cron="15 1 * * *", queue="ops", args=["postgres://u:pw@db/shop"])
task("ops.rotate_keys", cron="0 0 1 1,4,7,10 *", queue="ops")
task("ops.cleanup_sessions", hours=1, offset=90, queue="ops")
task("ops.certificate_check", cron="0 12 * * *", queue="ops", enabled=False)
task("ops.leap_day_drill", cron="0 12 29 2 *", queue="ops")
