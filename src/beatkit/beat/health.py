"""What a beat lets others know about itself on its own host: a heartbeat file.

A probe that asks through the broker restarts every beat when the broker is away, and one
that looks for a process finds it while it hangs. So each beat writes, at most once a
second, after a pass, what it knows of itself; `beatkit health` reads it without a server.

The file is economy, never a reason to stop: whatever goes wrong with it is one warning.
Ages are told on the steady clock, which all processes of a host share, so a wall clock that
steps makes no beat look dead. The keys are read by `beatkit.cli.health` and by people:

    beat, host, pid   which one
    role              starting, lead, standby, or suspended: another schedule is in force
    role_since        Unix seconds by the host's clock
    tick              seconds on the steady clock, after the latest tick
    passed            the same, of the latest tick that could reach store and broker; or null
    written           Unix seconds by the host's clock, of the latest tick
    sent              Unix seconds by the store's clock, of the latest send; or null
    owed_s            seconds for which the longest owed slot is due; or null
    failing           how many entries cannot be sent
    revision          the schedule that the beat serves
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from beatkit.beat.systemd import notify
from beatkit.clock import HostClock

if TYPE_CHECKING:
    from beatkit.beat.passes import Passes
    from beatkit.beat.presence import Presence
    from beatkit.beat.rows import Row

logger = logging.getLogger("beatkit.beat")

SCHEMA = 1
"""Raised when a key of the file changes its meaning or vanishes; new keys may come."""

EVERY_MS = 1_000
"""The file is written this often at most."""

VARIABLE = "BEATKIT_HEALTH_FILE"
"""Names the file for a beat whose settings do not, and for `beatkit health`."""

Role = Literal["starting", "lead", "standby", "suspended"]


def role_of(presence: Presence) -> Role:
    """Return what a beat is to the others, by what it learnt from the store last."""
    if presence.situation is None:
        return "starting"
    if not presence.in_force:
        return "suspended"
    return "standby" if presence.standing().rank else "lead"


def owed_since(passes: Passes) -> int | None:
    """Return when the longest owed slot was to be sent, Unix milliseconds; None: none is.

    Not by going through all rows: it is asked once a second, whatever their number.
    """
    if not passes.presence.in_force:
        return None
    now = passes.presence.now()
    failing = [_wanted_at(passes.roster.rows[name], now) for name in passes.roster.failing]
    due = [at for at in (passes.roster.first(), *failing) if at is not None and at <= now]
    return min(due, default=None)


def _wanted_at(row: Row, now: int) -> int | None:
    try:
        return row.wake(now)
    except Exception:  # noqa: BLE001 - its schedule raises; that it fails is told besides
        return None


def health_file(app: Any, environ: Mapping[str, str] = os.environ) -> str:
    """Return where an app's beat writes: `beatkit_health_file`, else the variable; or ""."""
    return str(app.conf.get("beatkit_health_file") or environ.get(VARIABLE) or "")


class Heartbeat:
    """Writes the file of one beat.

    Args:
        path: The file, in a folder that exists; "": none is written.
        read_host: The host's clocks.
        environ: Where systemd names its socket, if it wants to be told.
    """

    def __init__(
        self,
        path: str,
        read_host: Callable[[], HostClock],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._path = Path(path) if path else None
        self._read_host = read_host
        self._environ = environ
        self._due = 0.0
        self._passed: float | None = None
        self._role: Role = "starting"
        self._role_since = read_host().wall
        self._complained = False

    def note(self, passes: Passes) -> None:
        """Take in that a tick has ended; write the file if it is time."""
        clock = self._read_host()
        if clock.steady < self._due:
            return
        self._due = clock.steady + EVERY_MS
        if not (passes.outage.lasts or passes.broker_outage.lasts):
            self._passed = clock.steady
        role = role_of(passes.presence)
        if role != self._role:
            self._role, self._role_since = role, clock.wall
        # Ready also while the store is away: systemd would kill a beat that waits for it.
        notify(self._environ, "READY=1", f"STATUS={role}", "WATCHDOG=1")
        if self._path is not None:
            self._write(self._path, self._told(passes, clock))

    def leave(self) -> None:
        """Say that the beat stops; remove the file, if it is this process's."""
        notify(self._environ, "STOPPING=1")
        if self._path is None:
            return
        with suppress(OSError, ValueError, AttributeError):
            if json.loads(self._path.read_text("utf-8")).get("pid") == os.getpid():
                self._path.unlink()

    def _told(self, passes: Passes, clock: HostClock) -> dict[str, object]:
        me = passes.presence.me
        owed = owed_since(passes)
        return {
            "schema": SCHEMA,
            "beat": me.id,
            "host": me.host,
            "pid": me.pid,
            "revision": me.revision,
            "role": self._role,
            "role_since": round(self._role_since / 1000, 3),
            "written": round(clock.wall / 1000, 3),
            "tick": round(clock.steady / 1000, 3),
            "passed": None if self._passed is None else round(self._passed / 1000, 3),
            "sent": me.sent / 1000 if me.sent else None,
            "owed_s": None if owed is None else (passes.presence.now() - owed) / 1000,
            "failing": me.owed,
        }

    def _write(self, path: Path, told: Mapping[str, object]) -> None:
        """Write it whole beside its place and move it there, so that nobody reads half."""
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            beside.write_text(json.dumps(told) + "\n", "utf-8")
            beside.replace(path)
            self._complained = False
        except (OSError, ValueError) as error:
            self._complain(path, error)

    def _complain(self, path: Path, error: Exception) -> None:
        if not self._complained:
            self._complained = True
            logger.warning(
                "beat: the heartbeat file %r cannot be written: %s. Sending goes on; "
                "`beatkit health` will call this beat dead.\n"
                "  from beatkit_health_file, or %s in the environment\n"
                "  write a file in a folder that exists and that this user may write to",
                str(path),
                error,
                VARIABLE,
            )
