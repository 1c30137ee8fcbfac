"""How instants and durations are written: for people, and for programs.

For people: `Sun 22 Nov 16:00 CET`, the zone always beside the time, the year only where it
is not the present one. For programs: RFC 3339 with offset, and seconds since the epoch.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import click

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Zone(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A time zone of the IANA database, by name."""

    name = "zone"

    def convert(self, value: Any, param: Any, ctx: Any) -> tzinfo:
        """Return the zone; fail with the nearest names if there is none."""
        if isinstance(value, tzinfo):
            return value
        if value.upper() in ("UTC", "Z"):
            return UTC
        try:
            return ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            self.fail(_unknown_zone(value), param, ctx)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[Any]:
        """Offer the zones whose name, or whose city, begins so."""
        from click.shell_completion import CompletionItem

        start = incomplete.lower()
        return [
            CompletionItem(name)
            for name in sorted(available_timezones())
            if name.lower().startswith(start) or f"/{start}" in name.lower()
        ]


class Instant(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """An instant: RFC 3339, `now`, a time of today, or a distance from now such as `+2h`.

    What has no offset is read in the zone of `--tz`, or in the app's, once that is known:
    `convert` only checks the spelling, `instant` gives the answer.
    """

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return the text as it is if it can be read."""
        text = str(value)
        try:
            instant(text, EPOCH)
        except ValueError:
            self.fail(
                f"{text!r} is no time, expected such as 2026-03-29T01:30+01:00, "
                f"'2026-03-29 01:30', 04:00, now or +2h",
                param,
                ctx,
            )
        return text


def instant(text: str, now: datetime) -> datetime:
    """Read an instant.

    Args:
        text: What `Instant` accepts.
        now: An aware datetime, in the zone in which times without offset are meant.

    Raises:
        ValueError: It is none of these forms.
    """
    if text == "now":
        return now
    if text[:1] in ("+", "-"):
        return later(now, (1 if text[0] == "+" else -1) * timedelta(seconds=seconds(text[1:])))
    if re.fullmatch(r"\d{1,2}:\d\d(:\d\d)?", text):
        text = f"{now:%Y-%m-%d} {text.zfill(5)}"
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)


def seconds(text: str) -> float:
    """Read a duration such as `90`, `90s`, `15m`, `1.5h` or `2d`, in seconds.

    Raises:
        ValueError: It is none of these forms.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)?", text.strip())
    if match is None:
        raise ValueError(text)
    return float(match[1]) * UNITS[match[2] or "s"]


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A duration such as `90s`, `15m`, `24h` or `2d`."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> timedelta:
        """Return it as a timedelta."""
        if isinstance(value, timedelta):
            return value
        try:
            return timedelta(seconds=seconds(str(value)))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no duration, expected such as 90s, 15m, 24h or 2d", param, ctx)


def _unknown_zone(text: str) -> str:
    names = {name.lower(): name for name in available_timezones()}
    close = difflib.get_close_matches(text.lower(), names, n=1)
    cities = [name for low, name in names.items() if low.endswith(f"/{text.lower()}")]
    hint = cities[:1] or [names[name] for name in close]
    return f"there is no time zone {text!r}" + (f"; did you mean {hint[0]!r}?" if hint else "")


def aware(at_ms: int, zone: tzinfo) -> datetime:
    """Return the datetime of Unix milliseconds in a zone."""
    return (EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)


def millis(at: datetime) -> int:
    """Return Unix milliseconds, rounded down."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def stamp(key: str, at: datetime | None) -> Mapping[str, Any]:
    """Return an instant for programs: RFC 3339 under `key`, epoch seconds beside it."""
    if at is None:
        return {key: None, f"{key}_epoch": None}
    whole = at.microsecond == 0
    text = at.isoformat(timespec="seconds" if whole else "milliseconds")
    epoch = at.timestamp()
    return {key: text.replace("+00:00", "Z"), f"{key}_epoch": int(epoch) if whole else epoch}


def worded(at: datetime | None, now: datetime) -> str:
    """Return `Sun 22 Nov 16:00 CET`; `-` for None.

    Seconds are shown where there are any; a year that is not that of `now` stands in the
    place of the weekday.
    """
    if at is None:
        return "-"
    this_year = at.year == now.astimezone(at.tzinfo).year
    day = f"{at:%a %d %b}" if this_year else f"{at:%d %b %Y}"
    return f"{day} {at:%H:%M:%S %Z}" if at.second else f"{day} {at:%H:%M %Z}"


def later(at: datetime, span: timedelta) -> datetime:
    """Return the instant so much real time later; `+` alone would count on the wall clock."""
    return (at.astimezone(UTC) + span).astimezone(at.tzinfo)


def until(at: datetime, now: datetime) -> timedelta:
    """Return the real time from now to an instant, in whole seconds unless it is below one.

    Two datetimes of one zone subtract by their wall clocks in Python, which is an hour wrong
    across a change of the clocks.
    """
    span = at.astimezone(UTC) - now.astimezone(UTC)
    whole = timedelta(seconds=round(span.total_seconds()))
    return span if abs(span) < timedelta(seconds=1) else whole


def distance(span: timedelta | None) -> str:
    """Return a duration in two units at most, such as `10h 36min`; `-` for None."""
    if span is None:
        return "-"
    total = span.total_seconds()
    if total < 0:
        return f"{distance(-span)} ago"
    if total < 60:
        return f"{total:.3g}s"
    days, rest = divmod(int(total), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    start = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count}{unit}" for count, unit in parts[start : start + 2] if count)


def roughly(span: timedelta) -> str:
    """Return a duration in one unit, for a narrow column; `1s` at least."""
    for unit in (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)):
        if span >= unit:
            return distance(round(span / unit) * unit)
    return f"{max(1, int(span.total_seconds()))}s"
