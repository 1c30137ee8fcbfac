"""Celery's hooks onto the parts of this package.

`celery beat`, `celery worker -B` and `beatkit dev` make this class by its dotted name. It is
made twice: once with `lazy=True` for the banner, which must touch nothing, and once for
real, before `beat_init`; that one reads the schedule and still neither connects nor writes.
The first tick does.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import beat as celery_beat
from celery.utils.log import get_logger

from beatkit.beat.quiet import unsaid
from beatkit.beat.start import Hooks, Running, begin, chosen, describe
from beatkit.beat.stuck import Watchdog, stuck_after
from beatkit.beat.table import ScheduleEntry, Table, dispatched
from beatkit.entry import Entry as Definition
from beatkit.registry.effective import check_start
from beatkit.sending.effects import defined_in
from beatkit.sending.message import Outgoing

# Where Celery itself logs it: people alert on "Scheduler: Sending due task".
logger = get_logger("celery.beat")

LAST_WORDS_S = 1.0
"""How long each of the two steps of stopping may wait for the store."""


@contextmanager
def uncollected() -> Iterator[None]:
    """While this lasts, Python looks for no garbage.

    A schedule of 100,000 entries is millions of objects that all stay; to look through them
    again and again while they are made takes half the time of the start.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Scheduler(celery_beat.Scheduler):
    """Sends each slot once, from any number of beats that share one store.

    Use it as `make_app` configures it, or with `-S beatkit`. All that Celery documents of a
    scheduler holds: `schedule` shows the entries, `max_interval` bounds how long a custom
    schedule is left unasked, `apply_entry` is the one place that sends. The way back to
    Celery's own is the setting `beat_scheduler` alone.

    Raises:
        DeclarationError: Something in the schedule cannot work; lists all of it.
        StoreError: The settings name no store that beats could share.
    """

    Entry = ScheduleEntry

    def __init__(self, app: Any, *args: Any, lazy: bool = False, **kwargs: Any) -> None:
        self._running: Running | None = None
        self._error: Exception | None = None
        self._result: Any = None
        self._in_tick = False
        self._stopping = False
        self._watchdog = Watchdog(stuck_after(app))
        super().__init__(app, *args, lazy=lazy, **kwargs)

    # --- what Celery reads

    @property
    def info(self) -> str:
        """What the start banner says of this scheduler; nothing is contacted."""
        return describe(self.app)

    def get_schedule(self) -> Table:
        """Return the entries as Celery shows them."""
        return self._table

    def set_schedule(self, schedule: Any) -> None:
        """Replace the entries."""
        self._table = schedule if isinstance(schedule, Table) else Table(self.app, rows=schedule)

    schedule = property(get_schedule, set_schedule)
    data = schedule

    def setup_schedule(self) -> None:
        """Read the schedule, and refuse one that cannot work. Writes nothing."""
        entries = check_start(self.app).values()
        chosen(self.app)
        self.schedule = Table(self.app, (one for one in entries if one.enabled))
        if self.app.conf.result_backend:  # without one there are no results to clean up
            self.install_default_entries(self.schedule)

    # --- what Celery's service calls

    def tick(self, *_args: Any, **_kwargs: Any) -> float:
        """Do one pass; return seconds until the next. See `beatkit.beat`."""
        if self._stopping:
            # The SystemExit that followed the flag was swallowed on its way, by code that
            # it interrupted: say it again.
            raise SystemExit(0)
        self._in_tick = True
        try:
            with self._watchdog:
                return self._pass()
        finally:
            self._in_tick = False

    def close(self) -> None:
        """Withdraw from the store, within 2 s; a second call does nothing.

        Celery calls it inside the signal handler, which may have interrupted a pass half
        way through a write: then it only leaves a note, and the call that follows when the
        stack has unwound does the work, on a connection of its own.
        """
        if self._in_tick:
            self._stopping = True
            return
        self._watchdog.close()
        if self._running is not None:
            self._running.heartbeat.leave()
        self._leave()
        super().close()

    def _pass(self) -> float:
        if self._running is None or self._table.changed:
            self._begin()
        assert self._running is not None
        try:
            return self._running.tick()
        except Exception:
            # Passes answer for the errors of stores, brokers and entries. What comes here is
            # a mistake of ours, and no reason to stop sending other people's bills.
            logger.exception("beat: a pass failed; the next is in 1 s.")
            return 1.0

    def _begin(self) -> None:
        entries = self._table.definitions()
        self._table.changed = False
        self._leave()
        hooks = Hooks(self._dispatch, self._patched, self._sent)
        with uncollected():
            self._running = begin(self.app, entries, hooks, self.max_interval)

    def _leave(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.leave(LAST_WORDS_S)

    # --- sending

    def apply_async(
        self, entry: Any, producer: Any = None, advance: bool = True, **kwargs: Any
    ) -> Any:
        """Give an entry to Celery, as `apply_entry` asks."""
        try:
            result = super().apply_async(entry, producer=producer, advance=advance, **kwargs)
        except Exception as error:
            self._error = error  # apply_entry logs and swallows it
            raise
        self._error, self._result = None, result  # and this, too
        return result

    def _dispatch(self, out: Outgoing, producer: Any) -> object:
        """Send a slot's message through `apply_entry`, the place that others patch."""
        row = dispatched(out, self.app)
        self._error = self._result = None
        with unsaid():
            self.apply_entry(row, producer=producer)
        if self._error is not None:
            raise self._error
        return self._result

    def _patched(self) -> bool:
        celerys = (self.apply_entry, super().apply_async, self.send_task)
        ours = type(self).apply_async is Scheduler.apply_async
        return not (ours and all(defined_in(celery_beat, each) for each in celerys))

    def _sent(self, entry: Definition, slot: int) -> None:
        logger.info("Scheduler: Sending due task %s (%s)", entry.name, entry.task)
        self._table.sent(entry.name, slot)
