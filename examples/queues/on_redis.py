"""One queue, two priorities, on Redis: what is urgent overtakes the backlog.

celery -A on_redis worker -Q reports -c 1
celery -A on_redis beat
"""

from beatkit import make_app, periodic

URGENT, LATER = 0, 9  # on Redis the smallest number goes first

app = make_app(
    "on_redis",
    # Which priorities are told apart: each is a list of its own in Redis.
    broker_transport_options={
        "priority_steps": [0, 3, 6, 9],
        "queue_order_strategy": "priority",
    },
    # Messages without a priority would be 0, that is urgent.
    task_default_priority=6,
    # A worker takes one message ahead, not four: what it holds cannot be overtaken.
    worker_prefetch_multiplier=1,
)


@periodic(minutes=1, queue="reports", priority=LATER)
def sales_report() -> None:
    """Add up the sales. Nobody waits for it."""
    print("sales report")


@periodic(minutes=1, queue="reports", priority=URGENT)
def fraud_report() -> None:
    """Look for fraud. Somebody waits for it."""
    print("fraud report")
