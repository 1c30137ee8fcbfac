"""Decorated functions keep their types: checked by mypy and basedpyright, never run.

`assert_type` fails the check where the type is another.
"""

from __future__ import annotations

from datetime import timedelta
from typing import assert_type

from beatkit import Registry, Slot, at, cron, every, install, make_app, periodic
from beatkit.declare import PeriodicTask

app = make_app("shop", broker_url="redis://localhost:6379/0", timezone="Europe/Berlin")
billing = Registry()


@periodic(seconds=15, args=["hi"])
def hello(word: str, times: int = 1) -> list[str]:
    return [word] * times


assert_type(hello("hi"), list[str])
assert_type(hello("hi", times=2), list[str])
assert_type(hello.name, str)
hello.delay("hi", times=2)
hello.apply_async(args=["hi"], queue="reports", countdown=5)


@billing.periodic(cron=["0 4 * * *", "0 16 * * *"], timezone="Europe/Berlin", gap="skip")
async def fetch(url: str, *, slot: Slot | None = None) -> bytes:
    return url.encode()


assert_type(fetch("https://example.org"), bytes)


@periodic(minutes=1, name="each-minute")
@periodic(
    hours=1,
    name="each-hour",
    deadline=timedelta(minutes=5),
    overlap="skip",
    catch_up="all",
    enabled=lambda: True,
    tags={"billing"},
    headers={"tenant": "acme"},
    options={"compression": "gzip"},
)
def stacked() -> None: ...


assert_type(stacked(), None)
task: PeriodicTask[[], None] = stacked


@periodic(every(minutes=5, offset="hash"))
def with_object() -> int:
    return 1


assert_type(with_object(), int)
periodic(cron("0 4 * * *"), name="by-call")(with_object)
periodic(at("2026-12-31T23:59:00+01:00"), name="once")(with_object)
install(app)
