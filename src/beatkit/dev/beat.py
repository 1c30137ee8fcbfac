"""The scheduler, as a thread of the command.

It is Celery's own beat service around whatever scheduler the app names, so what runs here
is what `celery beat` would run. A thread and not a process, so that it cannot outlive us.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from celery import Celery
from celery.beat import EmbeddedService

from beatkit.dev.watch import BEAT_THREAD

STOP_SECONDS = 3.0

_STOCK = "celery.beat:PersistentScheduler"


class Beat:
    """The running scheduler.

    Args:
        app: The app whose schedule is sent.
        on_death: Called in the thread when the scheduler ends by an error.
    """

    def __init__(self, app: Celery, on_death: Callable[[], None]) -> None:
        self.error: Exception | None = None
        self._app = app
        self._on_death = on_death
        # Celery's factory knows what its service takes in this version; of its thread we use
        # the service only, as an error would end that thread unseen.
        self._service = EmbeddedService(app, thread=True, scheduler_cls=scheduler_of(app)).service
        self._thread = Thread(target=self._run, name=BEAT_THREAD, daemon=True)

    def start(self) -> None:
        """Start the thread; a second call does nothing."""
        if self._thread.ident is None:
            self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the pass under way be the last one; safe inside a signal handler."""
        self._service._is_shutdown.set()

    def stop(self) -> None:
        """Wait for the thread, for 3 seconds at most."""
        self.ask_to_stop()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        self._app.set_current()
        try:
            self._service.start()
        except Exception as error:  # noqa: BLE001 - it must not die unseen in its thread
            self.error = error
            self._on_death()


def scheduler_of(app: Celery) -> str:
    """Return the scheduler to run: the app's own, but Celery's default without its file.

    The default keeps its place in a file in the current folder, `celerybeat-schedule`. Here
    that would be litter.
    """
    wanted = str(app.conf.beat_scheduler)
    return "celery.beat:Scheduler" if wanted == _STOCK else wanted
