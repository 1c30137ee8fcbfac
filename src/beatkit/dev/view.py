"""Which view does a session have? A live one where there are eyes and keys, else plain lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from types import TracebackType
from typing import Protocol, Self

from celery import Celery

from beatkit.dev.events import Event
from beatkit.dev.lines import Lines, wants_colour

NO_RICH = 'a live view needs rich: pip install "beatkit[dev]" brings it'


Raised = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


class View(Protocol):
    """What shows a session. As a context it lasts as long as the worker."""

    def __enter__(self) -> Self:
        """Get ready; before the pool is forked."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        ...

    def open(self) -> None:
        """Show what there is from now on; the pool has been forked."""
        ...

    def show(self, event: Event) -> None:
        """Show an event; called in one thread, in order."""
        ...

    def tell(self, text: str) -> None:
        """Say something in one line."""
        ...

    def stopping(self, *, again: bool) -> None:
        """Learn that no slot is sent any more; called in a signal handler.

        Args:
            again: Until the next start, as the code has changed.
        """
        ...


def may_be_live(*, plain: bool) -> bool:
    """Whether a live view suits the terminal, and was not refused; rich may still be missing."""
    if plain or sys.platform == "win32":
        return False
    if not (sys.stdin and sys.stdout and sys.stdin.isatty()):
        return False
    in_front = os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()  # else it is another's terminal
    return in_front and bool(os.environ.get("TERM")) and wants_colour(sys.stdout, os.environ)


def has_rich() -> bool:
    """Whether rich is installed; it is not imported."""
    return find_spec("rich") is not None


def view_of(app: Celery, title: str, on_quit: Callable[[], None], *, plain: bool) -> View:
    """Return the view for this terminal.

    Args:
        app: The app that runs.
        title: Its name as `celery -A` takes it.
        on_quit: Asks the worker to stop.
        plain: Lines were asked for.
    """
    if not (may_be_live(plain=plain) and has_rich()):
        return PlainView()
    # Here, as plain lines shall not wait for it.
    from beatkit.checks.configuration import ALIASES
    from beatkit.dev.live.view import LiveView
    from beatkit.operate import Schedule

    can_pause = str(app.conf.beat_scheduler) in ALIASES
    return LiveView(title, Schedule(app), can_pause, on_quit)


class PlainView:
    """Lines on standard output, one for each slot sent and each run ended."""

    def __init__(self) -> None:
        # Standard output once more, as the lock of `sys.stdout` belongs to the tasks.
        self._stream = os.fdopen(
            os.dup(sys.stdout.fileno()), "w", buffering=1, encoding=sys.stdout.encoding
        )
        self._lines = Lines(self._stream)

    def __enter__(self) -> Self:
        """Nothing to get ready."""
        return self

    def __exit__(self, *_: object) -> None:
        """Every line has been written."""

    def open(self) -> None:
        """Nothing to open."""

    def show(self, event: Event) -> None:
        """Print the event's line."""
        self._lines.show(event)

    def tell(self, text: str) -> None:
        """Print it beside the tasks' logging."""
        print(text, file=sys.stderr, flush=True)

    def stopping(self, *, again: bool) -> None:
        """The worker has said it."""
