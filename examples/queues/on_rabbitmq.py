"""One queue, two priorities, on RabbitMQ: what is urgent overtakes the backlog.

export CELERY_BROKER_URL=amqp://guest:guest@localhost:5672//
export BEATKIT_STORE_URL=redis://localhost:6379/0
celery -A on_rabbitmq worker -Q reports -c 1
celery -A on_rabbitmq beat
"""

from beatkit import make_app, periodic

URGENT, LATER = 9, 0  # on RabbitMQ the greatest number goes first

app = make_app(
    "on_rabbitmq",
    # RabbitMQ sorts only in queues that were made with x-max-priority.
    task_queue_max_priority=9,
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
