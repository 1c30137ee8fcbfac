"""Can the broker and the result backend be used, now and from here?

A look goes through the very code that the app uses, kombu and Celery's backends, with the
app's own parameters: a client of ours might reach what Celery cannot. Only its time is our
own, since a Redis port that accepts and stays silent holds kombu for ever:

- connection and backend are private, so that short timeouts touch no other user of the app:
  on a worker's connection they would break its long polls;
- each server is looked at in a thread. The clients' timeouts end it; where they do not (a
  Sentinel asks each node in turn), the caller goes on without it, and its end is not awaited;
- the clients' modules are imported before the time begins: on a busy machine that takes
  seconds, in which no server is silent.

KEYS is never used: it stops a server that has many, is often forbidden, and no Sentinel knows
it. Nothing is left behind on the server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Thread
from typing import Any

from beatkit.clock import read_host
from beatkit.settings.causes import cause
from beatkit.settings.probing import Look, Probe, backend_probe, broker_probe, is_sentinels
from beatkit.settings.problems import Unfit
from beatkit.settings.reach import Reach, Unreachable
from beatkit.settings.redaction import redact
from beatkit.settings.urls import check_broker_url, check_result_url, members, split

__all__ = ["Reach", "Unreachable", "check_backend", "check_broker"]

_TLS = frozenset({"rediss", "valkeys", "amqps"})
_BY_BROKER = frozenset({"rpc", "amqp"})


def check_broker(app: Any, timeout: float = 3.0, write: bool = False) -> Reach:
    """Look whether messages can be sent to an app's broker.

    Of several brokers (fail-over) one that answers is enough; `hint` names the others.

    Args:
        app: A Celery app, made by beatkit or not. It is not changed.
        timeout: Seconds after which the look ends, whatever the server does.
        write: Also send a message to a queue of its own and take it back. Only this finds a
            replica, a full memory, and most missing rights. The queue's name starts with
            that of `task_default_queue`, so that rights by pattern are likely to cover it.

    Returns:
        What was found. It raises nothing for a server that cannot be used: see
        `Reach.raise_for_status`.
    """
    given = app.conf.broker_write_url or app.conf.broker_url or "amqp://"
    blank = Reach("broker", _shown(given), "broker_url", False, "settings", 0.0)
    flawed = _flaw(blank, check_broker_url, given)
    if flawed:
        return flawed
    urls = [str(given)] if is_sentinels(given) else members(given)
    secure = bool(app.conf.broker_use_ssl)
    blanks = [replace(blank, url=_shown(url)) for url in urls]
    probes = [broker_probe(app, url, timeout, write) for url in urls]
    tls = [secure or split(url).scheme in _TLS for url in urls]
    return _best(_looked(blanks, probes, tls, timeout))


def check_backend(app: Any, timeout: float = 3.0, write: bool = False) -> Reach:
    """Look whether results can be read from an app's result backend.

    Args:
        app: A Celery app, made by beatkit or not. It is not changed.
        timeout: Seconds after which the look ends, whatever the server does.
        write: Also store a result of its own, read it and delete it.

    Returns:
        What was found; `stage` is "off" and `ok` True where the app keeps no results. It
        raises nothing for a server that cannot be used: see `Reach.raise_for_status`. A
        database backend creates its tables if they are missing, as it does in a worker.
    """
    given = app.backend_cls or app.conf.result_backend
    named = given if isinstance(given, str) else ""
    blank = Reach("result backend", _shown(given), "result_backend", False, "settings", 0.0)
    if not given or named.startswith("disabled"):
        return replace(blank, ok=True, stage="off")
    flawed = _flaw(blank, check_result_url, given)
    if flawed:
        return flawed
    if split(named).base in _BY_BROKER or named in _BY_BROKER:
        by_broker = check_broker(app, timeout, write)
        return replace(by_broker, what=blank.what, source=f"broker_url, as {named!r} uses it")
    secure = bool(app.conf.get("redis_backend_use_ssl")) or split(named).scheme in _TLS
    probe = backend_probe(app, given, timeout, write)
    return _looked([blank], [probe], [secure], timeout)[0]


def _shown(given: object) -> str:
    if isinstance(given, list | tuple):
        return ";".join(map(_shown, given))
    return str(redact(given)) if given else ""


def _flaw(blank: Reach, check: Callable[[Any], Any], given: object) -> Reach | None:
    try:
        check(given)
    except Unfit as unfit:
        first = unfit.flaws[0]
        return replace(blank, said=first.said, hint=first.remedy)
    return None


def _looked(
    blanks: Sequence[Reach], probes: Sequence[Probe], tls: Sequence[bool], timeout: float
) -> list[Reach]:
    """Look at several servers at once, and return what was found within the time."""
    begun = read_host().steady
    looks = [Look() for _ in probes]
    threads = [
        Thread(target=_run, args=(probe, look), name="beatkit-look", daemon=True)
        for probe, look in zip(probes, looks, strict=True)
    ]
    for thread in threads:
        thread.start()
    found = []
    for blank, look, secure, thread in zip(blanks, looks, tls, threads, strict=True):
        thread.join(max(timeout - (read_host().steady - begun) / 1000, 0))
        error = TimeoutError() if thread.is_alive() else look.error
        elapsed = (read_host().steady - begun) / 1000
        reach = replace(blank, stage=look.stage, elapsed=elapsed, server=look.server)
        found.append(_judged(reach, error, secure, timeout))
    return found


def _run(probe: Probe, look: Look) -> None:
    try:
        probe(look)
    except BaseException as error:  # noqa: BLE001 - a client may raise anything; it is the answer
        look.error = error


def _judged(reach: Reach, error: BaseException | None, tls: bool, timeout: float) -> Reach:
    if error is None:
        return replace(reach, ok=True)
    why = cause(error, tls=tls)
    said = why.said.replace("in time", f"within {timeout:g} s")
    return replace(reach, said=said, hint=why.hint)


def _best(found: Sequence[Reach]) -> Reach:
    """Return the first that can be used, with what is wrong with the others."""
    best = next((reach for reach in found if reach.ok), found[0])
    others = [f"{reach.url!r} {reach.said}" for reach in found if not reach.ok]
    if best.ok and others:
        return replace(best, hint=f"but {'; '.join(others)}")
    return best
