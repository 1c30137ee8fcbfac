"""Processes that must not outlive us, however we end."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    """Return what a child must call to get a signal when its parent dies; None if not on Linux.

    The kernel sends it when the *thread* that forked the child ends: fork from the main one.
    The library is loaded here, as after a fork is no time to load anything.

    Args:
        parent: The parent's process id: a child that finds another one came too late.
        number: The signal that the child shall get.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask_for_signal_at_death() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_signal_at_death
