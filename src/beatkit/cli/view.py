"""What every verb is given: the app's schedule, the present, the zone, and the outlet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from beatkit.cli.answer import FORMATS, UNREACHABLE, USAGE, Outlet
from beatkit.cli.when import Instant, Zone, instant, stamp
from beatkit.errors import BeatkitError, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from beatkit.entry import Entry
    from beatkit.operate import Schedule
    from beatkit.store import Pause


READ_S = 1.0
"""How long a verb that can do without the store waits for it."""


@dataclass(frozen=True, slots=True)
class View:
    """The circumstances of one call.

    Attributes:
        app: The Celery app of `celery -A`.
        outlet: Where the answer goes.
        now: The present, or what `--at` puts in its place, in `zone`.
        zone: The zone of `--tz`, else the app's.
        forced: `--tz` was given: entries with a zone of their own are shown in it too.
        schedule: The app's schedule.
        unread: The store was not asked, or did not answer.
        paused: The pauses in force by scope, and the skips, as far as the store was asked.
    """

    app: Any
    outlet: Outlet
    now: datetime
    zone: tzinfo
    forced: bool
    schedule: Schedule
    unread: bool = False
    paused: Mapping[str, Pause] = field(default_factory=dict)

    def zone_of(self, entry: Entry) -> tzinfo:
        """Return the zone in which an entry's instants are shown."""
        own = getattr(entry.schedule, "timezone", None)
        return zone_named(own) if own and not self.forced else self.zone


def zone_named(name: str) -> tzinfo:
    """Return the zone of an IANA name."""
    return UTC if name == "UTC" else ZoneInfo(name)


OPTIONS = (
    click.option(
        "-o",
        "--output",
        type=click.Choice(FORMATS),
        default="table",
        help="table for people, plain for cut and awk, json and jsonl for programs.",
    ),
    click.option("-j", "--json", "as_json", is_flag=True, help="The same as -o json."),
    click.option("--tz", type=Zone(), help="Show all times in this zone, such as Europe/Berlin."),
)
AT = click.option(
    "--at",
    type=Instant(),
    default="now",
    help="Answer as if it were this time, such as 2026-03-29T01:30+01:00 or +2h.",
)


def reading(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options that all have, and a View as its first argument."""
    return _given(verb, (*OPTIONS, AT))


def seeing(verb: Callable[..., None]) -> Callable[..., None]:
    """Do the same for a verb that shows runtime-owned entries too, if the store answers."""

    def joined(view: View, **others: Any) -> None:
        verb(_joined(view), **others)

    return reading(update_wrapper(joined, verb))


def _joined(view: View) -> View:
    """Return a view whose schedule has the runtime-owned entries; a store away is a note."""
    from beatkit.store.choice import choose

    try:
        choice = choose(view.app)
        if is_file_to_be_made(choice.url):
            return replace(view, unread=True)
        with view.schedule.open(READ_S) as (store, _):
            paused = store.pauses().pauses
            return replace(view, schedule=view.schedule.joined(store), paused=paused)
    except StoreUnavailable as error:
        view.outlet.note(
            f"runtime-owned entries and pauses are not shown: {str(error).splitlines()[0]}"
        )
    except StoreError:
        pass  # there is none, so nothing can have been added
    return replace(view, unread=True)


def is_file_to_be_made(url: str) -> bool:
    """Whether a store is a file that no beat has made yet: to look would be to make it."""
    path = url.removeprefix("sqlite:///").split("?")[0]
    return path != url and not Path(path).exists()


def acting(verb: Callable[..., None]) -> Callable[..., None]:
    """Do the same for a verb that acts, or asks what is so, which it can only do now."""
    return _given(verb, OPTIONS)


def operating(verb: Callable[..., None]) -> Callable[..., None]:
    """Do the same for a verb that needs the store that beats use, and refuses another."""

    def reached(view: View, **others: Any) -> None:
        from beatkit.cli.reach import refuse_out_of_reach
        from beatkit.store.choice import choose

        refuse_out_of_reach(choose(view.app))
        verb(view, **others)

    return acting(update_wrapper(reached, verb))


def _given(verb: Callable[..., None], options: Sequence[Any]) -> Callable[..., None]:
    @click.pass_context
    def called(
        context: click.Context,
        /,
        output: str,
        as_json: bool,
        tz: Any,
        at: str = "now",
        **others: Any,
    ) -> None:
        with saying():
            verb(_view(context, "json" if as_json else output, tz, at), **others)

    update_wrapper(called, verb)
    for option in reversed(options):
        option(called)
    return called


def _view(context: click.Context, form: str, zone: tzinfo | None, at: str) -> View:
    from beatkit.dev.blame import blaming
    from beatkit.operate import Schedule, now
    from beatkit.registry.zone import zone_name

    app = context.obj.app
    with blaming("the app's task modules cannot be imported", BeatkitError):
        app.loader.import_default_modules()
    shown = zone or zone_named(zone_name(app.conf))
    present = instant(at, now().astimezone(shown)).astimezone(shown)
    about = {**stamp("now", present), "timezone": str(shown)}
    return View(
        app=app,
        outlet=Outlet(form, not context.obj.no_color, bool(context.obj.quiet), about),
        now=present,
        zone=shown,
        forced=zone is not None,
        schedule=Schedule(app),
    )


@contextmanager
def saying() -> Iterator[None]:
    """Turn beatkit's errors into their message and an exit code, without a traceback."""
    try:
        yield
    except BeatkitError as error:
        code = UNREACHABLE if isinstance(error, StoreUnavailable) else USAGE
        click.echo(f"Error: {error}", err=True)
        raise click.exceptions.Exit(code) from None
