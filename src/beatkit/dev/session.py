"""One session of `beatkit dev`: the app is pointed at its broker, and run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from celery import Celery

from beatkit.dev.beat import Beat
from beatkit.dev.events import Wire
from beatkit.dev.notes import Introduction
from beatkit.dev.options import Options
from beatkit.dev.pool import Pool, pool_for
from beatkit.dev.queues import queues_of
from beatkit.dev.recover import requeue_what_was_taken
from beatkit.dev.redirect import MEMORY, Servers, configured_broker, reach, redirect
from beatkit.dev.reload import Changed, Start, Watcher
from beatkit.dev.target import Target
from beatkit.dev.view import NO_RICH, has_rich, may_be_live, view_of
from beatkit.dev.watch import Watch
from beatkit.dev.worker import Worker, bind_children, request_to_end

NO_SERVER = 'there is no private server here: pip install "beatkit[dev]" brings one'


class Session:
    """A worker and a scheduler, from their start to their end.

    Args:
        options: What was asked for.
        target: The app to run.
        servers: The broker and the result backend to use.
        start: When it started, and when it ends by itself.
    """

    def __init__(self, options: Options, target: Target, servers: Servers, start: Start) -> None:
        self._start = start
        self._options = options
        self._target = target
        self._servers = servers

    def run(self) -> int:
        """Run until a request to end; return the exit code.

        Raises:
            OptionError: The pool cannot work with this broker.
            BrokerUnreachable: The broker does not answer.
            Changed: The code has changed, and running tasks have finished.
        """
        app = self._target.app
        pool = pool_for(self._options, app, in_memory=self._servers is MEMORY)
        own_broker = configured_broker(app)
        redirect(app, self._servers)
        if self._options.broker:
            reach(app)
        elif self._servers is not MEMORY:
            requeue_what_was_taken(app)
        queues = queues_of(app)
        self._introduce(own_broker, pool, queues)
        return self._work(app, pool, queues)

    def _introduce(self, own_broker: str, pool: Pool, queues: list[str]) -> None:
        without_server = self._servers is MEMORY and not self._options.broker
        introduction = Introduction(
            target=self._options.target,
            app=self._target.name,
            broker=self._servers.words,
            hint=NO_SERVER if without_server else "",
            not_used="" if self._servers.words == own_broker else own_broker,
            worker=pool.words,
            queues=tuple(queues),
            schedule=self._target.app.conf.beat_schedule or {},
            view_hint=NO_RICH if may_be_live(plain=self._options.plain) and not has_rich() else "",
        )
        print(*introduction.lines(), sep="\n", file=sys.stderr, flush=True)

    def _work(self, app: Celery, pool: Pool, queues: list[str]) -> int:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        wire = Wire()
        watch = Watch(wire.send)
        watch.connect()
        bind_children(os.getpid())
        beat = Beat(app, on_death=request_to_end)
        view = view_of(app, self._target.name, request_to_end, plain=self._options.plain)

        def go() -> None:
            # Threads start when the pool has forked: a lock that one of them holds at that
            # moment would stay locked in the new process.
            view.open()
            if self._options.reload:
                watcher.start()
            wire.deliver(view.show)
            beat.start()

        def stop(again: bool) -> None:
            beat.ask_to_stop()
            view.stopping(again=again)

        watcher = Watcher(lambda file: worker.start_again(file), since=self._start.at)
        with view, _alarm(self._start.left):
            worker = Worker(
                app, on_ready=go, on_stop=stop, loglevel=self._options.log_level,
                queues=queues, pool_cls=pool.name, concurrency=pool.concurrency,
            )  # fmt: skip
            try:
                worker.start()
            finally:
                watcher.stop()
                beat.stop()
                wire.close()
        if beat.error is not None:
            raise beat.error
        if worker.starts_again:
            raise Changed
        return worker.outcome


@contextmanager
def _alarm(seconds: float | None) -> Iterator[None]:
    """Ask the worker to end after so many seconds; None: never."""
    if seconds is None:
        yield
        return
    timer = Timer(seconds, request_to_end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
