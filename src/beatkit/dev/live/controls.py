"""What keys do: trigger, pause and resume, and learn what is paused. In a thread, in order."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread

from beatkit.dev.live.scene import Command
from beatkit.errors import BeatkitError
from beatkit.operate import Schedule
from beatkit.pauses import Paused
from beatkit.store import pause_scopes

REASON = "beatkit dev"
LOOK_SECONDS = 1.0

CANNOT_PAUSE = "Celery's own scheduler cannot pause: make the app with make_app, or install(app)"


class Controls:
    """Acts on the schedule of one app.

    Args:
        schedule: The app's.
        can_pause: False where the app's scheduler is not beatkit's: it looks at no pauses.
        tell: Is given one line on what an action came to.
        hold: Is given the names of the entries that are paused, each time they are read.
    """

    def __init__(
        self,
        schedule: Schedule,
        can_pause: bool,
        tell: Callable[[str], None],
        hold: Callable[[frozenset[str]], None],
    ) -> None:
        self._schedule = schedule
        self._can_pause = can_pause
        self._tell = tell
        self._hold = hold
        self._asked: SimpleQueue[Command | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="controls", daemon=True)

    def start(self) -> None:
        """Start to act, and to look what is paused."""
        self._thread.start()

    def do(self, command: Command) -> None:
        """Act, soon. What comes of it is told."""
        self._asked.put(command)

    def stop(self) -> None:
        """Act on nothing more."""
        self._asked.put(None)

    def _run(self) -> None:
        while True:
            self._look()
            try:
                command = self._asked.get(timeout=LOOK_SECONDS if self._can_pause else None)
            except Empty:
                continue
            if command is None:
                return
            self._tell(self._said(command))

    def _said(self, command: Command) -> str:
        try:
            return _do(self._schedule, command, can_pause=self._can_pause)
        except BeatkitError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - the view must outlive whatever it asked for
            return f"{command.verb} {command.entry}: {type(error).__name__}: {error}"

    def _look(self) -> None:
        if not self._can_pause:
            return
        try:
            pauses = self._schedule.pauses()
        except BeatkitError:
            return  # the scheduler says so, and what was known stays
        self._hold(paused(self._schedule, pauses))


def _do(schedule: Schedule, command: Command, *, can_pause: bool) -> str:
    name = command.entry
    if command.verb == "trigger":
        schedule.trigger(name, reason=REASON)
        return f"triggered {name}"
    if not can_pause:
        return CANNOT_PAUSE
    if command.verb == "pause":
        schedule.pause(name, reason=REASON)
        return f"paused {name}: it stays so, also after a restart, until p is pressed again"
    done = schedule.resume(name, reason=REASON)
    still = ", ".join(pause.scope for pause in done.still)
    return f"{name} stays paused by {still}" if still else f"resumed {name}"


def paused(schedule: Schedule, pauses: list[Paused]) -> frozenset[str]:
    """Return the names of the entries that these pauses hold."""
    scopes = {pause.scope for pause in pauses}
    if not scopes:
        return frozenset()
    return frozenset(
        name
        for name, entry in schedule.entries.items()
        if not scopes.isdisjoint(pause_scopes(entry))
    )
