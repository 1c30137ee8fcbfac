"""The worker, in the main thread: Celery's own, with one polite word at Ctrl-C.

The first Ctrl-C (or SIGTERM, or the terminal closing) stops the scheduler and lets running
tasks finish; the second one ends them. Both are Celery's own shutdowns; behind the second
stands a failsafe, as Celery's may wait for ever.
"""

from __future__ import annotations

import _thread
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

from billiard import pool as billiard_pool
from celery import Celery, signals
from celery.app.defaults import DEFAULTS
from celery.apps import worker as program
from celery.concurrency import prefork
from celery.platforms import EX_FAILURE, EX_OK
from celery.worker import state

from beatkit.dev.death import die_with
from beatkit.dev.failsafe import EndNow, Failsafe

_QUIET = ("celery", "kombu", "amqp", "beatkit", "watchfiles")

_FORMAT = "%(asctime)s.%(msecs)03d  %(levelname)-8s  %(message)s"
_TASK_FORMAT = "%(asctime)s.%(msecs)03d  %(levelname)-8s  %(task_name)s  %(message)s"


class Worker(program.Worker):
    """Celery's worker without its banner.

    Args:
        app: The app whose tasks run.
        on_ready: Called when it can receive messages, also after each reconnect.
        on_stop: Called in the signal handler of a request to stop, with whether it will start
            again.
        options: What `celery worker` takes, by Celery's own names.
    """

    def __init__(
        self,
        app: Celery,
        on_ready: Callable[[], None],
        on_stop: Callable[[bool], None],
        **options: Any,
    ) -> None:
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._changed = ""
        self.starts_again = False
        self._asked = False
        self._end_now = False
        self._failsafe = Failsafe(self._processes, self._late)
        # In a container one is often root; for a laptop's worker that is no news.
        warnings.filterwarnings("ignore", r"\s*You're running the worker with superuser")
        super().__init__(
            app=app, quiet=True, redirect_stdouts=False, optimization="fair", task_events=False,
            without_mingle=True, without_gossip=True, without_heartbeat=True, **options,
        )  # fmt: skip

    @property
    def outcome(self) -> int:
        """The exit code: 1 if it failed, or tasks were ended by a second Ctrl-C."""
        ended = state.should_terminate not in (None, False)
        return int(self.exitcode or (EX_FAILURE if ended else EX_OK))

    def setup_logging(self, colorize: bool | None = None) -> Any:
        """Celery's logging, in the columns of our lines and without what they say already."""
        log = self.app.log
        if log.format == DEFAULTS["worker_log_format"]:  # else the project's own stands
            log.format = _FORMAT
        if log.task_format == DEFAULTS["worker_task_log_format"]:
            log.task_format = _TASK_FORMAT
        custom = super().setup_logging(colorize)
        _shorten_times()
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger("celery.task").setLevel(self.loglevel)
        return custom

    def on_consumer_ready(self, consumer: Any) -> None:
        """Tell Celery's listeners, then ours."""
        super().on_consumer_ready(consumer)
        self._on_ready()

    def install_platform_tweaks(self, worker: program.Worker) -> None:
        """The signal handlers."""
        how = {"callback": self._stopping, "exitcode": EX_OK, "verbose": False}
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                program.install_worker_int_handler(worker, sig=name, **how)
        program.install_cry_handler()

    def start(self) -> None:
        """Run until the end."""
        try:
            super().start()
        finally:
            self._failsafe.cancel()

    def terminate(self, in_sighandler: bool = False) -> None:
        """End, without waiting for what cannot be ended."""
        if self._end_now:
            raise EndNow
        super().terminate(in_sighandler)

    def start_again(self, file: str) -> None:
        """Stop when running tasks have finished, as the code has changed; for threads.

        `starts_again` is true from then on, unless Ctrl-C is pressed meanwhile.
        """
        self._changed = file
        request_to_end()

    def _stopping(self, worker: program.Worker) -> None:
        changed, self._changed = self._changed, ""
        self.starts_again = bool(changed) and not self._asked
        if self.starts_again:
            _say(f"{changed} has changed: starting again when running tasks have finished.")
            self._on_stop(True)
            return
        if not self._asked:  # the time may be over when Ctrl-C was pressed already
            _say("Stopping: running tasks may finish; the next Ctrl-C ends them now.")
        self._asked = True
        program.install_worker_term_hard_handler(
            worker, sig="SIGINT", callback=self._ending, verbose=False
        )
        self._on_stop(False)

    def _ending(self, worker: program.Worker) -> None:
        _say("Ending running tasks.")
        self._failsafe.start()
        if not self._has_processes():
            # Nothing can end a task in this very process but the end of the process.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._end_now = True
            raise EndNow
        program.safe_say = _unsaid  # Celery announces one more Ctrl-C, which ends no more
        program.on_cold_shutdown(worker)

    def _late(self) -> None:
        _say("They do not end: killed.")
        self._end_now = True

    def _processes(self) -> list[int]:
        pool = self.pool._pool if self._has_processes() else None
        return [process.pid for process in pool._pool] if pool is not None else []

    def _has_processes(self) -> bool:
        return issubclass(self.pool_cls, prefork.TaskPool)


def _say(text: str) -> None:
    """Print inside a signal handler: by os.write, as it may have interrupted a print."""
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"\n{text}\n".encode())


def _unsaid(*_: Any) -> None:
    pass


def _shorten_times() -> None:
    for name in (None, "celery.task", "multiprocessing"):
        for handler in logging.getLogger(name).handlers:
            formatter = handler.formatter
            if formatter is not None and formatter._fmt in (_FORMAT, _TASK_FORMAT):
                formatter.datefmt = "%H:%M:%S"


def bind_children(parent: int) -> None:
    """Let the pool's processes end when the command does, and when it is killed (Linux).

    By SIGKILL: at SIGTERM they would wait 30 seconds for the dead worker to take their results.
    """
    if not hasattr(signal, "SIGKILL"):
        return
    ask = die_with(parent, signal.SIGKILL)

    # A process that ends waits until the worker has counted its last result, for 30 seconds;
    # at a busy Ctrl-C the count is lost once in some tens, with nothing left to do.
    billiard_pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 30  # of 0.1 s each

    def bind(**_: Any) -> None:
        if ask is not None and os.getpid() != parent:  # the solo pool's process is ourselves
            ask()

    signals.worker_process_init.connect(bind, weak=False)


def request_to_end() -> None:
    """Ask as Ctrl-C does; for threads."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:
        _thread.interrupt_main()
