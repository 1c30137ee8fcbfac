"""What a beat says when another scheduler than ours sends the entries."""

from __future__ import annotations

import logging

from celery import Celery, signals
from celery.beat import PersistentScheduler, Scheduler, Service

from beatkit import Entry, Registry, every, install
from beatkit.entry import Policy
from beatkit.registry.way_back import given_up

FIRST = (
    "beat_scheduler is 'celery.beat:Scheduler', not beatkit's: run one beat only; a slot that"
    " comes due while it or the broker is away may be lost; pauses are not heeded"
)


def entry(name: str, policy: Policy | None = None) -> Entry:
    return Entry(name, "work", every(seconds=5), policy=policy)


def test_what_is_given_up_is_named_by_policy_and_entry() -> None:
    entries = {
        "plain": entry("plain"),
        "usual": entry("usual", Policy(deadline=60)),
        "bills": entry("bills", Policy(catch_up="all", jitter=3)),
        "mails": entry("mails", Policy(catch_up="all")),
    }
    assert given_up("celery.beat:Scheduler", entries) == (
        f"{FIRST}\n"
        "  catch_up is not in force for 'bills', 'mails'\n"
        "  jitter is not in force for 'bills'"
    )


def test_a_beat_of_celerys_own_says_it_and_ours_and_other_apps_do_not(caplog) -> None:
    app, other = (Celery(name, set_as_current=False) for name in ("shop", "other"))
    for one in (app, other):
        install(one, registry=Registry())

    class Ours(Scheduler):
        __module__ = "beatkit.beat.scheduler"

    with caplog.at_level(logging.WARNING, "beatkit"):
        for owner, kind in ((app, Scheduler), (app, Ours), (Celery("third"), PersistentScheduler)):
            service = Service(owner)
            service.scheduler = kind(app=owner, lazy=True)
            signals.beat_init.send(sender=service)
    assert [record.getMessage() for record in caplog.records] == [FIRST]
