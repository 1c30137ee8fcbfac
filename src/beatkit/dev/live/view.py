"""The live view's thread: takes messages, reads keys, draws."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from threading import Event as Flag
from threading import Thread
from typing import Any

from beatkit.dev import events
from beatkit.dev.lines import Lines
from beatkit.dev.live import scene as scenes
from beatkit.dev.live.capture import Capture
from beatkit.dev.live.controls import Controls
from beatkit.dev.live.keys import keys
from beatkit.dev.live.picture import page, picture
from beatkit.dev.live.scene import Scene
from beatkit.dev.live.terminal import Terminal
from beatkit.dev.live.timing import advanced, rows
from beatkit.operate import Schedule

FRAME_SECONDS = 0.1
"""The shortest time between two pictures: eyes follow no more, and tasks need the time."""

IDLE_SECONDS = 0.25
SUSPEND_SECONDS = 2.0
LAST_LINES = 20


class LiveView:
    """A view of one session. Make it in the main thread, before the pool is forked.

    Args:
        title: The app, as `celery -A` takes it.
        schedule: The app's.
        can_pause: Whether the app's scheduler looks at pauses.
        on_quit: Asks the worker to stop.
    """

    def __init__(
        self, title: str, schedule: Schedule, can_pause: bool, on_quit: Callable[[], None]
    ) -> None:
        self._schedule = schedule
        self._on_quit = on_quit
        self._scene = Scene(title)
        self._terminal = Terminal()
        self._capture = Capture()
        self._controls = Controls(schedule, can_pause, self.tell, self._hold)
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_writer, False)
        self._thread = Thread(target=self._run, name="live view", daemon=True)
        self._ending = False
        self._lines: Lines | None = None  # what takes over where the view ended early
        self._resumed = Flag()
        self._drawn: list[Any] = []
        self._process = os.getpid()

    def __enter__(self) -> LiveView:
        """Catch what is printed."""
        self._capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back, and leave on it what was last to be seen."""
        self._controls.stop()
        opened = self._thread.ident is not None
        try:
            self._end()
        finally:
            self._terminal.close()
            self._capture.stop()
        if opened and self._lines is None:
            print(
                *self._capture.last(LAST_LINES), scenes.summary(self._scene), sep="\n", flush=True
            )

    def open(self) -> None:
        """Show it; a second call does nothing. Call it when the pool has been forked."""
        if self._thread.ident is not None:
            return
        signal.signal(signal.SIGTSTP, self._suspend)
        signal.signal(signal.SIGCONT, lambda *_: self._put(self._retake))
        sys.breakpointhook = self._breakpoint
        self._controls.start()
        self._thread.start()

    def show(self, event: events.Event) -> None:
        """Take an event."""
        if self._lines is not None:
            self._lines.show(event)
        self._change(lambda scene: scenes.seen(scene, event))

    def stopping(self, *, again: bool) -> None:
        """Say that it stops, or starts again; safe inside a signal handler."""
        self._change(lambda scene: scenes.stopping(scene, again=again))

    def tell(self, text: str) -> None:
        """Show a line for some seconds."""
        self._change(lambda scene: scenes.told(scene, text, time.time()))

    def _hold(self, names: frozenset[str]) -> None:
        self._change(lambda scene: scenes.held(scene, names))

    def _change(self, change: Callable[[Scene], Scene]) -> None:
        def apply() -> None:
            self._scene = change(self._scene)

        self._put(apply)

    def _put(self, message: Callable[[], None]) -> None:
        self._inbox.put(message)
        with suppress(OSError):  # full: it will wake anyway
            os.write(self._wake_writer, b".")

    # Below this line all but `_suspend` and `_breakpoint` happens in the view's own thread.

    def _run(self) -> None:
        try:
            self._scene = replace(self._scene, rows=rows(self._schedule, time.time()))
            self._capture.hold()
            self._terminal.take()
            while not self._ending:
                self._draw()
                self._wait()
                self._take_messages()
        except Exception:  # noqa: BLE001 - a view that breaks must not end the tasks
            self._fall_back("The live view broke; plain lines follow.\n" + traceback.format_exc())
        finally:
            with suppress(OSError, termios.error):  # the terminal itself has gone
                self._terminal.give_back()

    def _draw(self) -> None:
        now = time.time()
        self._scene = advanced(self._scene, self._schedule, now)
        lines = picture(self._scene, self._capture.last, now, *self._terminal.size())
        drawn = [(self._terminal.size()), *((line, line.style) for line in lines)]
        if drawn != self._drawn:
            self._terminal.draw(lines)
            self._drawn = drawn

    def _wait(self) -> None:
        """Until there is something new, but not before the time of the next picture."""
        began = time.monotonic()
        keyboard = self._terminal.keyboard
        ready = select.select([self._wake_reader, keyboard], [], [], IDLE_SECONDS)[0]
        if self._wake_reader in ready:
            os.read(self._wake_reader, 65_536)
        if keyboard in ready:
            self._take_keys(os.read(keyboard, 1024))
        else:
            time.sleep(max(0.0, FRAME_SECONDS - (time.monotonic() - began)))

    def _take_messages(self) -> None:
        for _ in range(self._inbox.qsize()):
            self._inbox.get()()

    def _take_keys(self, typed: bytes) -> None:
        if not typed:
            raise EOFError("the keyboard has gone")
        rows_seen = page(self._scene, self._terminal.size()[1])
        for key in keys(typed):
            self._scene, command = scenes.pressed(self._scene, key, time.time(), rows_seen)
            if command is None:
                continue
            if command.verb == "quit":
                self._on_quit()
            else:
                self._controls.do(command)

    def _retake(self) -> None:
        """Set the terminal up anew: the shell has used it meanwhile."""
        self._terminal.give_back()
        self._terminal.take()
        self._drawn = []

    def _suspend(self, *_: object) -> None:
        """Give the terminal back, then stop as Ctrl-Z asks; in the main thread."""
        if os.getpid() == self._process and self._thread.is_alive():
            stopped = Flag()
            self._resumed.clear()
            self._put(lambda: self._sleep(stopped))
            stopped.wait(SUSPEND_SECONDS)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._resumed.set()

    def _sleep(self, stopped: Flag) -> None:
        self._terminal.give_back()
        stopped.set()
        self._resumed.wait()
        self._retake()

    def _breakpoint(self, *args: Any, **kwargs: Any) -> Any:
        """Leave the terminal to a debugger, for good."""
        if os.getpid() == self._process and self._lines is None:
            self._end()
            self._fall_back("The live view has made room for a debugger; plain lines follow.")
            self._capture.stop()
        if os.environ.get("PYTHONBREAKPOINT"):
            return sys.__breakpointhook__(*args, **kwargs)
        from pdb import Pdb

        return Pdb().set_trace(sys._getframe(1))  # where breakpoint() stands, not here

    def _end(self) -> None:
        self._put(lambda: setattr(self, "_ending", True))
        if self._thread.ident is not None:
            self._thread.join(SUSPEND_SECONDS)

    def _fall_back(self, why: str) -> None:
        with suppress(OSError, termios.error):
            self._terminal.give_back()
        self._capture.release()
        print(why, file=sys.stderr, flush=True)
        self._lines = Lines(sys.stdout)
