"""The terminal: taken for the view, and given back as it was.

Keys arrive one by one and are not echoed; Ctrl-C and Ctrl-Z stay signals. Rich switches to
the terminal's second screen and back. Should this process end without giving it back, the
guardian does.
"""

from __future__ import annotations

import os
import termios
import tty

from rich.console import Console
from rich.live import Live
from rich.text import Text

from beatkit.dev.live.guardian import Guardian


class Terminal:
    """The terminal behind two descriptors. Make it before anything is redirected.

    Args:
        keyboard: Where keys are read.
        screen: Where the picture is written.
    """

    def __init__(self, keyboard: int = 0, screen: int = 1) -> None:
        self.keyboard = keyboard
        self._file = os.fdopen(os.dup(screen), "w", encoding="utf-8", errors="replace")
        self._before = termios.tcgetattr(keyboard)
        self._guardian = Guardian(keyboard, self._file.fileno(), self._before)
        self._live: Live | None = None

    def take(self) -> None:
        """Show the second screen, and let keys arrive at once."""
        tty.setcbreak(self.keyboard, termios.TCSANOW)
        self._guardian.watch(termios.tcgetattr(self.keyboard))
        console = Console(file=self._file, force_terminal=True, force_interactive=True)
        self._live = Live(
            console=console, screen=True, auto_refresh=False,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._live.start()

    def draw(self, lines: list[Text]) -> None:
        """Show these lines; they must be as many as the screen has."""
        if self._live is None:
            return
        width, height = self.size()
        self._live.console.size = (width, height)
        self._live.update(Text("\n").join(lines), refresh=True)

    def size(self) -> tuple[int, int]:
        """Return cells of a line, and lines."""
        width, height = os.get_terminal_size(self._file.fileno())
        return width or 80, height or 24

    def give_back(self) -> None:
        """Leave it as it was found; a second call does nothing."""
        live, self._live = self._live, None
        if live is None:
            return
        try:
            live.stop()
        finally:
            # What was typed ahead stays for the shell.
            termios.tcsetattr(self.keyboard, termios.TCSANOW, self._before)
            self._guardian.watch(None)

    def close(self) -> None:
        """Give it back, for good."""
        try:
            self.give_back()
        finally:
            self._guardian.dismiss()
            self._file.close()
