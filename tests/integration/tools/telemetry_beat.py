"""Run two beats under the real OpenTelemetry instrumentation of Celery; print spans and headers.

A program of its own, because the instrumentation connects to signals for the life of the
process. Usage: python telemetry_beat.py BROKER_URL
"""

from __future__ import annotations

import json
import sys
import time

import redis
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from beatkit import make_app
from beatkit.beat.scheduler import Scheduler

spans = InMemorySpanExporter()


def tick_until(beats, done) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        for one in beats:
            one.tick()
        time.sleep(0.01)


def main(url: str) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    app = make_app(
        "plant",
        broker_url=url,
        beat_schedule={
            "plain": {"task": "work", "schedule": 0.2},
            "headed": {"task": "work", "schedule": 0.2, "options": {"headers": {"mine": "1"}}},
        },
    )

    @app.task(name="work", ignore_result=True)
    def work() -> None: ...

    client = redis.Redis.from_url(url)
    beats = [Scheduler(app), Scheduler(app)]
    # First what is stamped, then what is watched, then again what is stamped: nothing of the
    # one may be in the other.
    counts = []
    for watched in (False, True, False):
        if watched:
            CeleryInstrumentor().instrument(tracer_provider=provider)
        had = client.llen("celery")
        tick_until(beats, lambda had=had: client.llen("celery") >= had + 16)
        if watched:
            CeleryInstrumentor().uninstrument()
        counts.append(client.llen("celery") - had)
    for one in beats:
        one.close()
    texts = reversed(client.lrange("celery", 0, -1))
    messages = [json.loads(text)["headers"] for text in texts]
    found = [
        {"name": one.name, "trace": format(one.context.trace_id, "032x"),
         "span": format(one.context.span_id, "016x"), "id": one.attributes["messaging.message.id"]}
        for one in spans.get_finished_spans()
    ]  # fmt: skip
    print(json.dumps({"counts": counts, "spans": found, "headers": messages}))


if __name__ == "__main__":
    main(sys.argv[1])
