"""`schedule status`: who sends, what is overdue, and what holds. Asks the store alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import click

from beatkit.beat.rows import Row as Served
from beatkit.beat.survey import Overdue, Role, Survey, survey
from beatkit.cli.answer import NO, YES, Answer
from beatkit.cli.reach import refuse_out_of_reach
from beatkit.cli.table import Column, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, acting
from beatkit.cli.when import Duration, aware, distance, stamp, worded
from beatkit.cli.wording import scope_text
from beatkit.errors import DeclarationError
from beatkit.registry.runtime import workable
from beatkit.store import Peer
from beatkit.store.choice import Choice, choose, open_choice
from beatkit.store.eviction import SAFE, eviction_policy
from beatkit.store.owned import Owned

TIMEOUT_S = 3.0
"""Nothing that is asked of the store waits longer."""

GRACE = timedelta(seconds=10)

SHOWN = 20
"""Overdue entries in the table; programs are given all."""

PROMISES = {
    "atomic": "each slot is sent once, and none is lost, while the server keeps what it "
    "acknowledged",
    "claimed": "no slot is lost; one may be sent twice, with one task id",
}
PAIRS = (Column("FIELD", "field"), Column("VALUE", "value", least=30, wrap=True))
BEATS = (
    Column("BEAT", "role"),
    Column("HOST", "host", least=12, pinch=True),
    Column("PID", "pid", right=True, give_way=2),
    Column("STARTED", "started", give_way=1),
    Column("LAST TICK", "last_tick", right=True),
    Column("LAST SEND", "last_send", right=True),
    Column("FAILING", "failing", right=True, give_way=3),
    Column("REVISION", "revision"),
    Column("ZONES", "zones", give_way=4),
)
LATE = (
    Column("OVERDUE", "entry", least=18, pinch=True),
    Column("DUE", "due"),
    Column("LATE", "late_s", right=True),
)
STYLES: dict[Role, str] = {"silent": "error", "suspended": "warning"}


@click.command(
    "status",
    cls=Verb,
    examples=(
        "status",
        "status --grace 2m -o json",
    ),
)
@click.option("--grace", type=Duration(), default="10s", show_default=True,
              help="A slot is overdue when it was to be sent longer ago.")  # fmt: skip
@acting
def status_verb(view: View, grace: timedelta) -> None:
    """Show which beats live, which one sends, and what is overdue.

    Asks the store, and no beat. Exit code 1 if a slot is overdue or no beat sends; 69 if the
    store cannot be reached.
    """
    choice = choose(view.app)
    refuse_out_of_reach(choice)
    found = look(view.app, choice, grace)
    view.outlet.give(answer(view, choice, found, eviction_policy(choice, TIMEOUT_S)))


def look(app: Any, choice: Choice, grace: timedelta = GRACE, timeout: float = TIMEOUT_S) -> Survey:
    """Ask the store how an app's beats are; see `beatkit.beat.survey`."""
    rows = served(app)
    store = open_choice(choice, timeout)
    try:
        grace_ms = round(grace.total_seconds() * 1000)
        return survey(rows, store, grace_ms, lambda one: _added(app, one))
    finally:
        store.close()


def served(app: Any) -> list[Served]:
    """Return the entries of the code, as a beat would serve them; connects to nothing."""
    from beatkit.beat.scheduler import Scheduler

    table = Scheduler(app).get_schedule()
    return [Served(entry, app.conf.beat_cron_starting_deadline) for entry in table.definitions()]


def _added(app: Any, one: Owned) -> Served | None:
    """Return a runtime-owned entry as a beat would serve it; None if none would."""
    try:
        entry = workable(app, one.name, one.text)
    except DeclarationError:
        return None
    deadline = app.conf.beat_cron_starting_deadline
    return Served(entry, deadline, owned=True) if entry.enabled else None


def answer(view: View, choice: Choice, found: Survey, eviction: str | None) -> Answer:
    """Return what was found as an answer."""
    pairs = [Row({"FIELD": field, "VALUE": value}, {"field": field, "value": value})
             for field, value in words(view, choice, found)]  # fmt: skip
    tables = [Table(PAIRS, pairs, headings=False)]
    if found.situation.peers:
        tables.append(Table(BEATS, list(_beats(view, found))))
    if found.overdue:
        tables.append(Table(LATE, [_late(view, found, one) for one in found.overdue[:SHOWN]]))
    return Answer(
        kind="status",
        about=facts(view, choice, found, eviction),
        tables=tables,
        items=[row.data for row in _beats(view, found)],
        notes=list(remarks(choice, found, eviction)),
        code=YES if found.well else NO,
    )


def facts(view: View, choice: Choice, found: Survey, eviction: str | None) -> dict[str, Any]:
    """Return everything but the beats, for programs."""
    situation = found.situation

    def instant(key: str, at: int | None) -> dict[str, Any]:
        return dict(stamp(key, None if at is None else aware(at, view.zone)))

    return {
        "ok": found.well,
        **instant("now", situation.now),
        "timezone": str(view.zone),
        "store": place(choice),
        "store_from": choice.source,
        "sending": sending(choice),
        "eviction": eviction,
        "in_force": situation.revision or None,
        "revision": found.revision,
        **instant("last_tick", found.last_tick),
        **instant("last_send", found.last_send),
        "overdue": [_late(view, found, one).data for one in found.overdue],
        "unpublished": len(situation.pendings),
        "paused": {scope: pause.reason for scope, pause in situation.paused.items()},
        "unknown": list(found.unknown),
        "changed": list(found.changed),
        "foreign": list(found.foreign),
        "runtime": found.owned,
    }


def late(found: Survey) -> str:
    """Return how many entries are overdue; "nothing" if none is."""
    count = len(found.overdue)
    return f"{count} {'entry' if count == 1 else 'entries'}" if count else "nothing"


def words(view: View, choice: Choice, found: Survey) -> Iterator[tuple[str, str]]:
    """Yield the same for people."""
    situation = found.situation
    yield "sends", lead(found)
    yield "overdue", late(found)
    yield "last tick", _ago(found.last_tick, situation.now)
    yield "last send", _ago(found.last_send, situation.now)
    same = found.revision == situation.revision
    yield (
        "schedule",
        f"{situation.revision or 'none'} is in force"
        + (", this code's" if same else f"; this code's is {found.revision}"),
    )
    if found.owned:
        yield "runtime", f"{found.owned} {'entry' if found.owned == 1 else 'entries'} added"
    yield "store", f"{place(choice)} (from {choice.source})"
    yield "sending", f"{sending(choice)}: {PROMISES[sending(choice)]}"
    if situation.pendings:
        yield "unpublished", f"{len(situation.pendings)} claimed, not reported as published"
    for scope, pause in sorted(situation.paused.items()):
        ends = None if pause.until is None else aware(pause.until, view.zone)
        until = "" if ends is None else f", until {worded(ends, view.now)}"
        kind, _, name = scope.partition(":")
        if kind == "skip":
            yield "skipping", f"the next slot of {name}: {pause.reason} ({pause.by})"
            continue
        yield "paused", f"{scope_text(scope)}: {pause.reason} ({pause.by}{until})"


def remarks(choice: Choice, found: Survey, eviction: str | None) -> Iterator[str]:
    """Yield what a person should know or mend, besides."""
    if not found.sends:
        yield "No beat sends: start one with celery -A ... beat"
    if found.two_projects:
        yield (
            f"Another project uses this store under {choice.prefix!r}: it serves "
            f"{found.foreign[0]!r} and others, this code has none of them; set "
            "beatkit_key_prefix to another text in one of them"
        )
    elif found.changed or found.foreign or (found.unknown and found.situation.revision):
        yield (
            f"Beats serve another schedule than this code's: {len(found.unknown)} entries are "
            f"new here, {len(found.changed)} changed, {len(found.foreign)} gone"
        )
    if eviction not in (None, SAFE):
        yield (
            f"The store's maxmemory-policy is {eviction!r}: a full server may forget what was "
            f"sent; set it to {SAFE!r}"
        )
    if len(zones := {peer.beat.zones for peer in found.situation.peers} - {"", "unknown"}) > 1:
        yield f"Beats differ in time zone data, {', '.join(sorted(zones))}: update tzdata"


def place(choice: Choice) -> str:
    """Return where the store is, without secrets."""
    from beatkit.store.link import SCHEMES, parse

    return str(parse(choice.url)) if choice.url.split("://")[0] in SCHEMES else choice.url


def sending(choice: Choice) -> str:
    """Return the way of sending."""
    return "atomic" if choice.at_broker else "claimed"


def lead(found: Survey) -> str:
    """Return which beat sends, and how many stand by."""
    for peer, role in zip(found.situation.peers, found.roles, strict=True):
        if role == "lead":
            standbys = found.roles.count("standby")
            return f"beat {peer.beat.id}" + (f", {standbys} on standby" if standbys else "")
    return "no beat"


def _beats(view: View, found: Survey) -> Iterator[Row]:
    for peer, role in zip(found.situation.peers, found.roles, strict=True):
        yield _beat(view, peer, role, found.situation.now)


def _beat(view: View, peer: Peer, role: Role, now: int) -> Row:
    beat, started = peer.beat, aware(peer.started, view.zone)
    cells = {
        "BEAT": role,
        "HOST": beat.host,
        "PID": str(beat.pid),
        "STARTED": worded(started, aware(now, view.zone)),
        "LAST TICK": _ago(peer.seen, now),
        "LAST SEND": _ago(beat.sent or None, now),
        "FAILING": str(beat.owed or "-"),
        "REVISION": beat.revision,
        "ZONES": beat.zones or "-",
    }
    data = {
        "role": role,
        "beat": beat.id,
        "host": beat.host,
        "pid": beat.pid,
        "revision": beat.revision,
        "number": beat.number,
        **stamp("started", started),
        **stamp("last_tick", aware(peer.seen, view.zone)),
        **stamp("last_send", aware(beat.sent, view.zone) if beat.sent else None),
        "failing": beat.owed,
        "zones": beat.zones or None,
    }
    return Row(cells, data, STYLES.get(role, ""))


def _late(view: View, found: Survey, one: Overdue) -> Row:
    now = found.situation.now
    due = aware(one.due, view.zone)
    cells = {
        "OVERDUE": one.entry,
        "DUE": worded(due, aware(now, view.zone)),
        "LATE": distance(timedelta(seconds=(now - one.due) // 1000)),
    }
    data = {"entry": one.entry, **stamp("due", due), "late_s": (now - one.due) / 1000}
    return Row(cells, data, "error")


def _ago(at: int | None, now: int) -> str:
    if at is None:
        return "-"
    return f"{distance(timedelta(seconds=max(0, now - at) // 100 / 10))} ago"
