"""What did a worker that was killed leave behind?

A worker takes messages from Redis before it runs them, and they count as taken for
`visibility_timeout` (an hour) after its death. The private server has had no other worker
than the one of the last command, and that one is dead: what it held is queued again at once.
"""

from __future__ import annotations

from celery import Celery


def requeue_what_was_taken(app: Celery) -> None:
    """Queue again what a worker took and did not finish; nothing else may use the broker."""
    options = {"visibility_timeout": 0}
    with app.connection_for_write(transport_options=options) as connection:
        # Kombu's own way, asked for all (None) and at once (every call counts).
        connection.default_channel.qos.restore_visible(num=None, interval=1)
