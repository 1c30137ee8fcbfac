"""What a Schedule can be asked to do: each function here is a method of it.

Each opens the store, says who acts and why, and leaves the rest to the file that has the
rules of the matter.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from beatkit import pauses as holding
from beatkit import runtime, state
from beatkit.entry import Entry
from beatkit.record import Deed, checked, deed, signed
from beatkit.schedules.timetable import to_ms
from beatkit.store import Action
from beatkit.store.choice import choose

if TYPE_CHECKING:
    from beatkit.backfill import Backfilling, Told
    from beatkit.operate import Schedule
    from beatkit.trigger import Triggered


def pause(
    self: Schedule,
    *names: str,
    queue: str | None = None,
    tag: str | None = None,
    everything: bool = False,
    reason: str,
    until: datetime | None = None,
    by: str | None = None,
) -> holding.Pausing:
    """Pause entries: from now on, no beat sends their slots.

    In force for every slot that is not sent yet, whichever beats are alive, until
    `resume` or `until`; deploys and restarts change nothing. What comes due is recorded
    as missed and not caught up. Runs on their way go on, and `trigger` works. A second
    call replaces reason and end.

    Args:
        names: Names, or globs such as "shop.*". Globs and queues mean the entries that
            there are now; a tag and everything also those that a later release adds.
        queue: The entries whose messages go to this queue.
        tag: The entries with this tag.
        everything: All entries but those with `even_when_paused`.
        reason: Why, for whoever finds it.
        until: When it ends by itself, aware: a slot due then is sent. Default: never.
        by: Who does it.

    Raises:
        EntryNotFound: Nothing is meant by that.
        ActionError: Not exactly one of names, queue, tag and everything; or the reason is
            empty or too long.
        ScheduleError: `until` is naive, or past by the store's clock.
    """
    target, why = holding.Target(names, queue, tag, everything), checked(reason, wanted=True)
    end = None if until is None else to_ms(until, "until")
    with self.open() as (store, _):
        return holding.pause(
            store, target, self.rows(store), Action("pause", (), signed(by), why, end)
        )


def resume(
    self: Schedule,
    *names: str,
    queue: str | None = None,
    tag: str | None = None,
    everything: bool = False,
    reason: str = "",
    by: str | None = None,
) -> holding.Resuming:
    """Lift pauses: just those of these scopes, so that two people's do not mix.

    `everything` lifts the pause of everything, not those of single entries or tags; and
    an entry whose own pause is lifted stays held by that of its tag: see `still`. A skip
    of a named entry's next slot is lifted too. Running beats learn of it within a
    second. What was missed is not caught up. A second call finds nothing to lift.

    Args:
        names: Names or globs; those of paused entries that have left the schedule too.
        queue: The entries whose messages go to this queue.
        tag: The pause of this tag.
        everything: The pause of everything.
        reason: Why, for the record.
        by: Who does it.

    Raises:
        EntryNotFound, ActionError: As `pause`.
    """
    target, why = holding.Target(names, queue, tag, everything), checked(reason)
    with self.open() as (store, _):
        return holding.resume(
            store, target, self.rows(store), Action("resume", (), signed(by), why)
        )


def pauses(self: Schedule) -> list[holding.Paused]:
    """Return the pauses in force, and the skips that no slot has used up yet."""
    with self.open() as (store, _):
        found = store.pauses().pauses
    return list(holding.shown(found, found))


def trigger(self: Schedule, name: str, *, reason: str = "", by: str | None = None) -> Triggered:
    """Send one run of an entry now: exactly what beat would send, with an id of its own.

    Its kind is "manual". No slot is taken by it, so the next one comes as planned. It
    is sent also while the entry is paused or not enabled. Each call sends a run.

    Args:
        name: The entry's name.
        reason: Why, for the record.
        by: Who does it.

    Raises:
        EntryNotFound: There is none of that name.
        ActionError: The reason is too long.
        DeclarationError: No module defines its task.
        NotTriggered: The message could not be built. Nothing was sent.
        StoreError: The store or the broker cannot be reached; the message says whether
            anything was sent.
    """
    from beatkit.trigger import trigger as send  # it loads all that sends

    why = checked(reason)
    with self.open() as (store, prefix):
        entry = self.found(store, name)
        return send(self.app, prefix, entry, store, by=signed(by), reason=why)


def skip_next(self: Schedule, name: str, *, reason: str, by: str | None = None) -> state.Skipping:
    """Let an entry's next slot pass without being sent, once.

    Whichever beat comes to decide it records it as not sent, with the reason. It lasts
    through deploys until a slot uses it up or `resume` lifts it. Slots that are not sent
    anyway (paused, past their deadline) do not use it up. A second call before that only
    replaces the reason.

    Raises:
        EntryNotFound: There is none of that name.
        ActionError: No slot is to come; or the reason is empty or too long.
    """
    why = checked(reason, wanted=True)
    with self.open() as (store, _):
        action = Action("skip_next", (), signed(by), why)
        return state.skip_next(store, self.found(store, name), self.following, action)


def backfill(
    self: Schedule,
    name: str,
    start: datetime,
    end: datetime,
    *,
    dry_run: bool = False,
    again: int = 0,
    rate: float | None = None,
    told: Told | None = None,
    reason: str = "",
    by: str | None = None,
) -> Backfilling:
    """Send a run of every slot of a past range, in order; return when all are sent.

    Their ids are their own and their kind is "backfill": the guard neither coalesces them
    nor finds them too late, and the message has no expiry. The entry's next slots come as
    planned. How far it is lies in the store, so a call that means the same slots goes on
    where another was killed; once all are sent it sends nothing any more, for 30 days. Where
    broker and store are one server no slot is sent twice; elsewhere one may be, with one
    task id.

    Args:
        name: The entry's name.
        start: Aware; a slot at this instant belongs to it.
        end: Aware, and past; a slot at this instant does not belong to it.
        dry_run: Send nothing: say what would be sent.
        again: To send the same range once more: 1, then 2 and so on.
        rate: Slots a second at most, above 0; None: as fast as the servers take them.
        told: Called now and then with how many slots are sent, and how many there are.
        reason: Why, for the record.
        by: Who does it.

    Raises:
        EntryNotFound: There is none of that name.
        ActionError: The range is empty or not past; or the reason is too long.
        DeclarationError: No module defines its task.
        NotBackfilled: A message could not be built, or was refused. The same call goes on.
        ScheduleError: A datetime is naive.
    """
    from beatkit import backfill as filling  # it loads all that sends

    why, first, stop = checked(reason), to_ms(start, "start"), to_ms(end, "end")
    pace = filling.Pace(rate) if told is None else filling.Pace(rate, told)
    with self.open() as (store, _):
        entry = self.found(store, name)
        wanted = filling.span(entry, first, stop, store.pauses().now, again)
        if dry_run:
            return filling.survey(entry, wanted)
        action = Action("backfill", (), signed(by), why)
        return filling.backfill(self.app, choose(self.app), store, entry, wanted, action, pace)


def forget(
    self: Schedule, *names: str, reason: str = "", by: str | None = None
) -> state.Forgetting:
    """Drop what the store keeps of entries: how far they are, pauses, skips, runs.

    An entry that is in the schedule no more leaves nothing behind. One that is in it
    goes on with its next slot: what it owes is not sent any more.

    Raises:
        EntryNotFound: Nothing is kept under a name, and no entry has it. Nothing is done.
        ActionError: The reason is too long.
    """
    why = checked(reason)
    with self.open() as (store, _):
        action = Action("forget", (), signed(by), why)
        return state.forget(store, names, self.joined(store).entries, action)


def upsert(
    self: Schedule, *entries: Entry, reason: str = "", by: str | None = None
) -> runtime.Upserting:
    """Add runtime-owned entries, or change those of the same names.

    They are checked as code's are, and all of them before any is added. All beats see
    them within a second; a new one, and one with another schedule, counts from now on,
    whether or not a beat lives. To put what is there already changes nothing. One of
    them costs the same whether there are ten or ten thousand.

    Args:
        entries: Definitions; their schedules `every`, `cron`, `at` or `solar`, or what
            `beat_schedule` takes for one of those.
        reason: Why, for the record.
        by: Who does it.

    Raises:
        DeclarationError: One of them cannot work, or code declares its name.
        ActionError: The reason is too long.
    """
    why, code = checked(reason), self.code
    with self.open() as (store, _):
        action = Action("upsert", (), signed(by), why)
        return runtime.upsert(self.app, store, entries, code, action)


def remove(self: Schedule, *names: str, reason: str = "", by: str | None = None) -> tuple[str, ...]:
    """Take out runtime-owned entries, with what the store keeps of them.

    From now on no slot of theirs is sent; runs on their way go on.

    Returns:
        Their names.

    Raises:
        EntryNotFound: There is none of a name, or code declares it. Nothing is removed.
        ActionError: The reason is too long.
    """
    why, code = checked(reason), self.code
    with self.open() as (store, _):
        return runtime.remove(store, names, code, Action("remove", (), signed(by), why))


def differences(self: Schedule) -> list[state.Difference]:
    """Return where the code and the store do not agree, and what is runtime-owned."""
    code = self.code
    with self.open() as (store, _):
        return state.differences(store, code)


def deeds(self: Schedule, limit: int = 100) -> list[Deed]:
    """Return who did what and why, the newest first.

    Args:
        limit: So many at most; the store keeps about the newest 1,000.
    """
    with self.open() as (store, _):
        return [deed(action) for action in store.actions(limit)]
