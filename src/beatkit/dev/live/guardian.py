"""Who gives the terminal back when we cannot? A small process that outlives us by a moment.

A process that is killed, or that crashes below Python, leaves the terminal on its second
screen, without a cursor and without an echo. The guardian is forked while we are still one
thread. It waits for the end of a pipe, or for another parent, and then undoes what was told
to it last. It touches the keyboard's modes only while they are ours: a shell that has taken
over may have set its own.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import termios
from typing import Any

_LOOK_SECONDS = 0.5
_RESTORE = b"\x1b[?1049l\x1b[?25h\x1b[0m"  # first screen, cursor, no colour
_IGNORED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGTTOU", "SIGTTIN", "SIGQUIT")


class Guardian:
    """The process that watches. Make it before threads are started.

    Args:
        keyboard: Descriptor whose modes are given back.
        screen: Descriptor of the terminal's screen.
        before: The modes to give back.
    """

    def __init__(self, keyboard: int, screen: int, before: list[Any]) -> None:
        reader, self._writer = os.pipe()
        ours = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._writer)
                _guard(reader, keyboard, screen, before, ours)
            finally:
                os._exit(0)
        os.close(reader)

    def watch(self, modes: list[Any] | None) -> None:
        """Say which modes we have set; None: nothing needs to be given back."""
        os.write(self._writer, pickle.dumps(modes))

    def dismiss(self) -> None:
        """Let it end, and wait until it has; a second call does nothing."""
        if self._pid:
            self.watch(None)
            os.close(self._writer)
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = 0


def _guard(reader: int, keyboard: int, screen: int, before: list[Any], parent: int) -> None:
    for name in _IGNORED:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    modes: list[Any] | None = None
    while os.getppid() == parent:
        if not select.select([reader], [], [], _LOOK_SECONDS)[0]:
            continue
        told = os.read(reader, 4096)
        if not told:
            break
        modes = pickle.loads(told)
    if modes is not None:
        _give_back(keyboard, screen, before, modes)


def _give_back(keyboard: int, screen: int, before: list[Any], modes: list[Any]) -> None:
    os.write(screen, _RESTORE)
    if termios.tcgetattr(keyboard) == modes:
        termios.tcsetattr(keyboard, termios.TCSANOW, before)
