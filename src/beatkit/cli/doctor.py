"""`schedule doctor`: can this app work here and now? Its servers, and its schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from beatkit.cli.answer import NO, UNREACHABLE, YES, Answer
from beatkit.cli.table import Column, Line, Row, Table
from beatkit.cli.verb import Verb
from beatkit.cli.view import View, acting
from beatkit.errors import BeatkitError, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from beatkit.store.choice import Choice

COLUMNS = (
    Column("CHECK", "check"),
    Column("OK", "ok"),
    Column("STAGE", "stage"),
    Column("ELAPSED", "elapsed_s"),
    Column("SERVER", "server"),
    Column("URL", "url"),
    Column("MESSAGE", "message"),
    Column("REMEDY", "remedy"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one of the checks found.

    Attributes:
        text: For people: a sentence, and lines below it.
        code: Exit code if it stood alone.
        mark: What stands before the sentence; default "ok" or "error".
        data: For programs.
    """

    text: str
    code: int
    data: Mapping[str, Any] = field(default_factory=dict)
    mark: str = ""


@click.command(
    "doctor",
    cls=Verb,
    examples=(
        "doctor",
        "doctor --read-only --timeout 1",
    ),
)
@click.option("--timeout", type=click.FloatRange(0.1), default=3.0, show_default=True,
              help="Seconds for each server, whatever it does.")  # fmt: skip
@click.option("--read-only", is_flag=True, help="Write nothing to any server.")
@acting
def doctor_verb(view: View, timeout: float, read_only: bool) -> None:
    """Find why it does not work: broker, result backend, store, beats, workers, schedule.

    Sends a message to a queue of its own and takes it back, and stores a result and deletes
    it, since a server may answer and take nothing. Asks all workers which queues they read;
    a queue that none reads is a warning. Exit code 69 if a server cannot be used, 1 if there
    are errors in the settings or the schedule, no beat sends any more, or a slot is overdue.
    """
    from beatkit.settings import check_backend, check_broker

    broker = check_broker(view.app, timeout, not read_only)
    findings = [
        _server(broker),
        _server(check_backend(view.app, timeout, not read_only)),
        store(view.app, timeout),
    ]
    if findings[-1].code == YES:
        findings += beats(view.app, timeout)
    if broker.ok and not read_only:
        findings += _workers(view)
    view.outlet.give(answer([*findings, _schedule(view)]))


def answer(findings: list[Finding]) -> Answer:
    """Return findings as an answer."""
    code = max(finding.code for finding in findings)
    lines = [line for finding in findings for line in _lines(finding)]
    rows = [Row({}, finding.data) for finding in findings]
    return Answer("doctor", [Table(COLUMNS, rows)], {"ok": code == YES}, lines=lines, code=code)


def _lines(finding: Finding) -> list[Line]:
    first, *others = finding.text.split("\n")
    usual, style = ("ok", "") if finding.code == YES else ("error", "error")
    return [Line(f"{finding.mark or usual}: {first}", style), *map(Line, others)]


def _server(reach: Any) -> Finding:
    code = YES if reach.ok else NO if reach.stage == "settings" else UNREACHABLE
    data = {
        "check": reach.what,
        "ok": reach.ok,
        "stage": reach.stage,
        "elapsed_s": round(reach.elapsed, 3),
        "server": reach.server or None,
        "url": reach.url or None,
        "message": reach.sentence,
        "remedy": reach.hint or None,
    }
    return Finding(str(reach), code, data)


def store(app: Any, timeout: float) -> Finding:
    """Read from the store of an app's beats; nothing is written to it."""
    from beatkit.clock import read_host
    from beatkit.settings.redaction import redact
    from beatkit.store.choice import choose

    begun = read_host().steady
    url: str | None = None
    code, text = YES, ""
    try:
        choice = choose(app)
        url = str(redact(choice.url))
        text = f"Store {url!r} {_read(choice, timeout)}, from {choice.source}"
    except StoreUnavailable as error:
        code, text = UNREACHABLE, str(error)
    except StoreError as error:
        code, text = NO, str(error)
    elapsed = round((read_host().steady - begun) / 1000, 3)
    sentence, *others = text.split("\n")
    data = {"check": "store", "ok": code == YES, "elapsed_s": elapsed, "url": url}
    return Finding(text, code, {**data, "message": sentence, "remedy": _last(others)})


def _read(choice: Choice, timeout: float) -> str:
    from beatkit.store.choice import open_choice, refuse_unfit

    refuse_unfit(choice)
    scheme, _, path = choice.url.split("?")[0].partition(":///")
    # Made here, the file would belong to whoever looks, and the beats might be refused it.
    if scheme == "sqlite" and not Path(path).exists():
        return "is made by the first beat"
    open_choice(choice, timeout).read(())
    return "answers"


def beats(app: Any, timeout: float) -> Iterator[Finding]:
    """Ask the store how an app's beats are; nothing where that cannot be told from here."""
    from beatkit.cli.reach import is_out_of_reach
    from beatkit.store.choice import choose, open_choice

    choice = choose(app)
    if is_out_of_reach(choice):
        return
    try:
        if not open_choice(choice, timeout).read().progress:
            yield _beats("none has used this store yet", _START, mark="note")
            return
        yield _surveyed(app, choice, timeout)
    except StoreUnavailable as error:
        yield _beats(*str(error).split("\n", 1), code=UNREACHABLE)
    except BeatkitError:
        return  # the schedule's own finding tells of it


def _surveyed(app: Any, choice: Choice, timeout: float) -> Finding:
    from beatkit.cli.status import late, lead, look

    found = look(app, choice, timeout=timeout)
    if not found.sends:
        return _beats("none sends", _START, code=NO)
    sender, comma, others = lead(found).removeprefix("beat ").partition(", ")
    said = f"{sender} sends{comma}{others}, {late(found)} overdue"
    return _beats(said, _MORE, code=NO) if found.overdue else _beats(said)


def _beats(said: str, remedy: str = "", *, code: int = YES, mark: str = "") -> Finding:
    sentence = f"Beats: {said}"
    data = {"check": "beats", "ok": code == YES, "message": sentence, "remedy": remedy or None}
    return Finding(f"{sentence}\n  {remedy}" if remedy else sentence, code, data, mark)


def _workers(view: View) -> Iterator[Finding]:
    from beatkit.cli import workers

    try:
        wanted = workers.queues_wanted(view.app, view.schedule.entries.values())
    except BeatkitError:
        return  # the schedule's own finding tells of it
    read = workers.queues_read(view.app)
    if read is None:
        return
    sentence, remedy = workers.verdict(wanted, read, view.app.conf.task_default_queue)
    data = {"check": "workers", "ok": not remedy, "message": sentence, "remedy": remedy or None}
    text = f"{sentence}\n  {remedy}" if remedy else sentence
    yield Finding(text, YES, data, "warning" if remedy else "")


_START = "start one: celery -A APP beat"
_MORE = "celery -A APP schedule status shows each"


def _last(lines: list[str]) -> str | None:
    return lines[-1].strip() if lines else None


def _schedule(view: View) -> Finding:
    from beatkit.checks import check

    report = check(view.app, at=view.now)
    code = NO if report.errors else YES
    remedy = "celery -A APP schedule check shows each" if report.findings else None
    lines = [f"Schedule: {report.summary}", *([f"  {remedy}"] if remedy else [])]
    data = {"check": "schedule", "ok": code == YES, "message": report.summary, "remedy": remedy}
    return Finding("\n".join(lines), code, data)
