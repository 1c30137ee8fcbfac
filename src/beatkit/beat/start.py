"""How is a beat put together for an app? Store, way of sending, presence and passes."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from beatkit.beat.health import Heartbeat, health_file
from beatkit.beat.owned import OwnedRows
from beatkit.beat.passes import Passes
from beatkit.beat.presence import Presence
from beatkit.beat.revision import revision
from beatkit.beat.rows import Row
from beatkit.clock import read_host
from beatkit.entry import Entry
from beatkit.errors import StoreError
from beatkit.registry.runtime import workable
from beatkit.registry.start import for_the_command_line
from beatkit.schedules.zone import tzdata_version
from beatkit.sending import Outgoing, Way, open_way
from beatkit.store import Beat, Store
from beatkit.store.choice import Choice, choose, open_choice, refuse_unfit
from beatkit.store.owned import KeepsOwnedEntries, OwnedEntries

TIMEOUT_S = 2.0
"""No wait for the store or the broker is longer, so that every pass is bounded."""


@dataclass(frozen=True, slots=True)
class Running:
    """A beat that is put together.

    Attributes:
        passes: Its life.
        store: Where progress is, on the connection that the passes use.
        way: How it sends.
        reopen: The same store on another connection, with a timeout in seconds.
        heartbeat: What it lets its host know.
    """

    passes: Passes
    store: Store
    way: Way
    reopen: Callable[[float], Store]
    heartbeat: Heartbeat

    def tick(self) -> float:
        """Do one pass and let the host know; return seconds until the next is wanted."""
        wait = self.passes.tick()
        self.heartbeat.note(self.passes)
        return wait

    def leave(self, timeout: float) -> None:
        """Withdraw from the store on a fresh connection, and let go of everything.

        Args:
            timeout: Seconds, for connecting and for each reply.
        """
        last = self.reopen(timeout)
        try:
            self.passes.leave(last)
        except StoreError:
            pass  # the announcement expires by itself
        finally:
            last.close()
            self.way.close()
            self.store.close()


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the scheduler lends to its passes.

    Attributes:
        dispatch: Gives a message to Celery, through `apply_entry`.
        patched: Whether `dispatch` runs somebody's code.
        on_sent: Called with each entry and slot that was sent, after the fact.
    """

    dispatch: Callable[[Outgoing, Any], object]
    patched: Callable[[], bool]
    on_sent: Callable[[Entry, int], None]


def begin(app: Any, entries: Iterable[Entry], hooks: Hooks, max_interval: float) -> Running:
    """Put a beat together. Nothing is contacted yet: its first tick does.

    Args:
        app: The Celery app.
        entries: What the beat serves.
        hooks: What the scheduler lends.
        max_interval: Seconds for which a custom schedule may be left unasked.

    Raises:
        StoreError: The app's settings name no store that its beats could share.
    """
    choice = choose(app)
    starting_deadline = app.conf.beat_cron_starting_deadline  # a look-up in conf takes 5 us
    rows = [Row(entry, starting_deadline) for entry in entries]

    def open_with(timeout: float) -> Store:
        return open_choice(choice, timeout)

    store = open_with(TIMEOUT_S)
    me = _introduction(app, rows, _way(choice))
    names = tuple(row.entry.name for row in rows)
    kept = cast(KeepsOwnedEntries, store).owned()
    presence = Presence(me, names, store, read_host, lambda: _names(kept))
    way = open_way(
        app, choice, store, now=presence.now,
        dispatch=hooks.dispatch, patched=hooks.patched, timeout=TIMEOUT_S,
    )  # fmt: skip
    passes = Passes(
        presence,
        rows,
        store,
        way,
        read_host=read_host,
        on_sent=hooks.on_sent,
        poll_limit_ms=round(max_interval * 1000),
        owned=OwnedRows(
            kept,
            lambda one: workable(app, one.name, one.text),
            lambda entry, version: Row(entry, starting_deadline, owned=version),
            names,
        ),
    )
    heartbeat = Heartbeat(health_file(app), read_host)
    return Running(passes, store, way, open_with, heartbeat)


def _names(kept: OwnedEntries) -> set[str]:
    return {one.name for one in kept.since(0).entries}


def chosen(app: Any) -> Choice:
    """Return where progress is kept.

    Raises:
        StoreError: The app's settings name no store that its beats could share, or a file
            that can be none. On the command line it is an error without a traceback:
            nobody's code is at fault.
    """
    try:
        choice = choose(app)
        refuse_unfit(choice)
    except StoreError as error:
        raise for_the_command_line(error) from error
    return choice


def describe(app: Any) -> str:
    """Return lines for the start banner: where progress is, and how messages are sent."""
    choice = chosen(app)
    from beatkit.store.link import SCHEMES, parse

    kind = choice.url.split("://")[0]
    place = str(parse(choice.url)) if kind in SCHEMES else choice.url
    return f"    . store -> {place} (from {choice.source})\n    . sending -> {_way(choice)}"


def _way(choice: Choice) -> str:
    return "atomic" if choice.at_broker else "claimed"


def _introduction(app: Any, rows: list[Row], way: str) -> Beat:
    host = socket.gethostname()
    # Several may live in one process (threads), and a pid comes round again.
    unique = f"{re.sub(r'[^A-Za-z0-9.-]', '-', host)}-{os.getpid()}-{uuid4().hex[:6]}"
    schedule = revision((row.entry, row.fingerprint) for row in rows)
    number = int(app.conf.get("beatkit_revision") or 0)
    return Beat(unique, host, os.getpid(), schedule, number, way=way, zones=tzdata_version())
