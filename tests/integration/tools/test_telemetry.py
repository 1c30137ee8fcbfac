"""OpenTelemetry's instrumentation of Celery sees beatkit's messages as it does Celery's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ValkeyServer

pytest.importorskip("opentelemetry.instrumentation.celery")
PROGRAM = Path(__file__).with_name("telemetry_beat.py")


def test_each_slot_has_one_span_and_its_message_alone_carries_it(valkey: ValkeyServer) -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), valkey.url()],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    before, watched, _ = told["counts"]
    headers = told["headers"]

    assert {one["name"] for one in told["spans"]} == {"apply_async/work"}
    spans = {one["id"]: f"{one['trace']}-{one['span']}" for one in told["spans"]}
    carried = {one["id"]: one["traceparent"][3:-3] for one in headers if "traceparent" in one}
    assert carried == spans
    assert len(told["spans"]) == len(spans) == watched
    assert [one["id"] for one in headers[before : before + watched]] == list(carried)
    assert {one.get("mine") for one in headers if one["beatkit-entry"] == "headed"} == {"1"}
    assert {one.get("mine") for one in headers if one["beatkit-entry"] == "plain"} == {None}
