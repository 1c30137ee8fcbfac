"""The app of a storm: 50 entries, all of whose slots are to be sent, and beats that stall."""

ENTRIES = {f"entry-{number:02}": 1 + number % 10 for number in range(50)}
"""Seconds of each entry's interval, by name."""

APP = """
import json, os, random, signal, time
from celery import Celery

app = Celery("plant", broker=os.environ["BROKER"])
app.conf.update(
    beatkit_store_url=os.environ.get("STORE"),
    beat_scheduler="beatkit.beat.scheduler:Scheduler",
    beat_schedule={
        name: {"task": "plant_app.work", "schedule": seconds, "args": [name]}
        for name, seconds in json.loads(os.environ["ENTRIES"]).items()
    },
    beatkit_policies={"*": {"catch_up": "all"}},
    worker_prefetch_multiplier=1,
)


@app.task(bind=True, ignore_result=True)
def work(self, name):
    slot = (self.request.headers or {}).get("beatkit-slot") or self.request.get("beatkit-slot")
    line = json.dumps([name, slot, round(time.time() * 1000), self.request.id]) + "\\n"
    with open("ledger.jsonl", "a") as ledger:
        ledger.write(line)


stall = float(os.environ.get("STALL", 0))
if stall:
    # Stop dead around the very call that decides: just before it, and just after it. Where
    # claiming and publishing are two steps, just after it is between the two.
    from beatkit.store.redis import RedisStore
    from beatkit.store.tabled import TabledStore

    for store in (RedisStore, TabledStore):

        def stalling(self, writer, claims, claim=store.claim):
            if random.random() < stall:
                os.kill(os.getpid(), signal.SIGSTOP)
            try:
                return claim(self, writer, claims)
            finally:
                if random.random() < stall:
                    os.kill(os.getpid(), signal.SIGSTOP)

        store.claim = stalling
"""
