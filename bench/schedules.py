"""When is it due? Next instants, parsing and memory, side by side with other engines

Each engine iterates its own way, keeping its state between calls; all start at one instant
of March 2026, so that the zone's clocks change on the way. Celery and APScheduler want both
day fields where the others want either. croniter-rs ignores changes of the clocks.

Times are of the thread's processor, the least of the rounds: all of this is computing, and
whatever else the machine does can only add.
"""

from __future__ import annotations

import random
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib import import_module
from itertools import repeat, starmap
from time import thread_time
from typing import Any
from zoneinfo import ZoneInfo

from beatkit.schedules.calendar import days
from beatkit.schedules.cron import CronRule, dial, strides
from beatkit.schedules.fields import _read
from beatkit.schedules.timetable import to_ms
from bench import Row

ZONE = "Europe/Berlin"
START = datetime(2026, 3, 20, 10, 7, 30, tzinfo=UTC)
ROUNDS = 40  # short ones: the least of them met no other program
EXPRESSIONS = {  # expression -> (budget in microseconds, calls in a round)
    "*/5 * * * *": (0.5, 1000),
    "0 4 * * *": (2.0, 100),
    "30 9 * * 1-5": (2.0, 100),
    "15,45 8-18 * * mon,wed,fri": (2.0, 100),
    "0 0 13 * 5": (2.0, 100),
    "0 0 1 1 *": (None, 20),
}
Step = Callable[[], object]


def run() -> Iterator[Row]:
    yield from next_instants()
    yield from stateless()
    yield from parsing()
    yield from memory()
    yield from first_use()


def next_instants() -> Iterator[Row]:
    for text, (budget, calls) in EXPRESSIONS.items():
        makers = {name: partial(make, text) for name, make in engines().items()}
        times = timed(makers, calls)
        ours = times.pop("beatkit")
        for name, theirs in times.items():
            yield Row(
                f"next of {text!r}, {ZONE}",
                min(ours) * 1e6,
                "µs",
                budget=budget,
                reference=min(theirs) * 1e6,
                against=name,
                raw=tuple(ours),
            )


def timed(makers: dict[str, Callable[[], Step]], calls: int) -> dict[str, list[float]]:
    """Time each engine once a round, in random order, so that a slow moment hits them all."""
    times: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name in random.sample(list(makers), len(makers)):
            step = makers[name]()
            start = thread_time()
            deque(starmap(step, repeat((), calls)), maxlen=0)  # no loop of Python's is timed
            times[name].append((thread_time() - start) / calls)
    return times


def engines() -> dict[str, Callable[[str], Step]]:
    """Return the engines that are installed: each makes, from an expression, a step."""
    makers = {
        "croniter": _croniter,
        "cronsim": _cronsim,
        "celery crontab": _celery,
        "apscheduler": _apscheduler,
        "croniter_rs": _croniter_rs,
    }
    found: dict[str, Callable[[str], Step]] = {"beatkit": _beatkit}
    for name, make in makers.items():
        try:
            import_module(name.split()[0])
        except ImportError:
            continue
        found[name] = make
    return found


def _beatkit(text: str) -> Step:
    return _slots(CronRule(text, ZONE).next, to_ms(START)).__next__


def _slots(ask: Callable[[int], int | None], now: Any) -> Iterator[int | None]:
    while True:
        now = ask(now)
        yield now


def _croniter(text: str) -> Step:
    from croniter import croniter

    return partial(croniter(text, START.astimezone(ZoneInfo(ZONE))).get_next, datetime)


def _cronsim(text: str) -> Step:
    from cronsim import CronSim

    return partial(next, CronSim(text, START.astimezone(ZoneInfo(ZONE))))


@cache
def _app() -> Any:
    from celery import Celery

    app = Celery("bench", set_as_current=False)
    app.conf.timezone = ZONE
    return app


def _celery(text: str) -> Step:
    from celery.schedules import crontab

    now = START.astimezone(ZoneInfo(ZONE))
    minute, hour, day, month, weekday = text.split()
    rule = crontab(minute, hour, weekday, day, month, nowfun=lambda: now, app=_app())

    def step() -> None:
        nonlocal now
        now += max(rule.remaining_estimate(now), timedelta(seconds=1))

    return step


def _apscheduler(text: str) -> Step:
    from apscheduler.triggers.cron import CronTrigger

    trigger = CronTrigger.from_crontab(text, timezone=ZONE)
    now: Any = START.astimezone(ZoneInfo(ZONE))

    def step() -> None:
        nonlocal now
        now = trigger.get_next_fire_time(now, now)

    return step


def _croniter_rs(text: str) -> Step:
    from croniter_rs import croniter

    return partial(croniter(text, START.astimezone(ZoneInfo(ZONE))).get_next, datetime)


def stateless() -> Iterator[Row]:
    """Time the same question again and again, as after a restart."""
    now = to_ms(START)
    for text, (budget, _) in EXPRESSIONS.items():
        ask = CronRule(text, ZONE).next
        yield Row(f"the same question, {text!r}", _best(lambda ask=ask: ask(now)), "µs", budget)


def _best(call: Callable[[], object]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        start = thread_time()
        for _ in range(1000):
            call()
        rounds.append((thread_time() - start) / 1000 * 1e6)
    return min(rounds)


def mixed() -> list[str]:
    """Return 400 different expressions such as projects have."""
    some = random.Random(1)
    days = ("*", "1-5", "mon", "sat,sun", "mon-fri")
    hours = ("*", "*/2", "4", "8-18", "0,12")
    texts = {
        f"{some.randrange(60)} {some.choice(hours)} {some.choice(('*', '*', '1', '1,15'))} *"
        f" {some.choice(days)}"
        for _ in range(2000)
    }
    return sorted(texts)[:400]


def parsing() -> Iterator[Row]:
    texts = mixed()
    first = min(_first_parse(texts) for _ in range(ROUNDS))
    yield Row("parse, 400 mixed expressions, first time", first * 1e6, "µs", budget=15)
    for name, make in engines().items():
        if name != "beatkit":
            times = [_parse_all(make, texts) for _ in range(3)]
            yield Row("parse, 400 mixed expressions", first * 1e6, "µs", 15, min(times) * 1e6, name)


def _first_parse(texts: list[str]) -> float:
    """Parse with every cache empty, as in a process that has just started."""
    for remembered in (_read, days, dial, strides):
        remembered.cache_clear()
    start = thread_time()
    for text in texts:
        CronRule(text, ZONE)
    return (thread_time() - start) / len(texts)


def _parse_all(make: Callable[[str], Step], texts: list[str]) -> float:
    start = thread_time()
    for text in texts:
        make(text)
    return (thread_time() - start) / len(texts)


def memory() -> Iterator[Row]:
    ours = _held(lambda text: CronRule(text, ZONE))
    yield Row("memory of a rule, 4,000 mixed rules", ours, "B", budget=300)
    for name, make in engines().items():
        if name != "beatkit":
            yield Row("memory of a rule", ours, "B", 300, _held(make), name)


def _held(make: Callable[[str], object]) -> float:
    texts = [str(text) for text in mixed() * 10]
    make(texts[0])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = [make(text) for text in texts]
    size = (tracemalloc.get_traced_memory()[0] - before) / len(kept)
    tracemalloc.stop()
    return size


def first_use() -> Iterator[Row]:
    from beatkit.schedules.tzfile import read_zone
    from beatkit.schedules.zone import Zone

    def opened() -> None:
        data = read_zone("America/New_York")
        Zone("America/New_York", data.first, data.changes, data.seasons).find(1_800_000_000)

    times = []
    for _ in range(ROUNDS):
        start = thread_time()
        opened()
        times.append(thread_time() - start)
    yield Row("open a zone and find its offset", min(times) * 1e3, "ms", raw=tuple(times))
