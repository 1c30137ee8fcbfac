"""Telling systemd that a beat is up, alive and stopping: the notification protocol.

See `man sd_notify`: datagrams of `KEY=value` lines to the socket that `NOTIFY_SOCKET` names;
a name that begins with `@` is in Linux's abstract namespace.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress


def notify(environ: Mapping[str, str], *lines: str) -> None:
    """Tell systemd, if it asked to be told. Never fails, never waits.

    Args:
        environ: The environment, where systemd names its socket.
        lines: Such as "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=lead".
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
        speaker.setblocking(False)
        speaker.sendto("\n".join(lines).encode(), address)
