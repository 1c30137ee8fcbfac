"""cron(): slots by the wall clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from celery import schedules

from beatkit.errors import ScheduleError
from beatkit.schedules.calendar import DayMode
from beatkit.schedules.cron import CronRule, Fold, Gap
from beatkit.schedules.describe import describe_cron
from beatkit.schedules.dialect import Expression, is_hashed, parse, written
from beatkit.schedules.rules import Rule, UnionRule
from beatkit.schedules.spread import stable_hash
from beatkit.schedules.timetable import Timetable, unbound
from beatkit.schedules.zone import zone, zone_name


class cron(Timetable, schedules.crontab):  # noqa: N801
    """Slots by the wall clock: one or more cron expressions in a time zone.

    Five fields (minute, hour, day of month, month, weekday) or six, with seconds first; names,
    lists, ranges that may wrap around, steps, `L`, `LW`, `15W`, `5L`, `MON#2`, `H`, `H(0-29)`
    and aliases such as `@daily`. Of two restricted day fields either is enough (Unix), unless
    one starts with `*`. Several expressions are a union: their slots together.

    When clocks change, Debian cron's rule holds: a job whose minute or hour starts with `*`
    matches at every real minute. Any other runs the times that are skipped once, at the
    instant of the jump, and a repeated time at its first pass.

    Args:
        texts: The expressions.
        timezone: IANA name. None: the app's, once the entry belongs to an app (`bind`);
            until then times are reckoned in UTC.
        gap: "skip": times that a clock change skips do not run.
        fold: "both": times that a clock change repeats run twice.
        days: "and": both day fields must match, as in Celery's own `crontab`.
        seed: The hash that `H` uses. Leave it: `bind` takes it from the entry's name.

    Raises:
        ScheduleError: A text is outside the dialect or never fires, or there is no such zone.

    Example:
        >>> from datetime import UTC, datetime
        >>> nightly = cron("0 4 * * *", timezone="Europe/Berlin")
        >>> nightly.next(datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
        '2026-01-01T03:00:00+00:00'
    """

    _in_app_zone: tuple[str, Rule] | None = None

    def __init__(
        self,
        *texts: str,
        timezone: str | None = None,
        gap: Gap = "run",
        fold: Fold = "first",
        days: DayMode = "or",
        seed: int | None = None,
    ) -> None:
        if not texts:
            raise ScheduleError("cron() has no expression\n  write for example cron('0 4 * * *')")
        _one_of("gap", gap, ("run", "skip"))
        _one_of("fold", fold, ("first", "both"))
        _one_of("days", days, ("or", "and"))
        self.texts = texts
        self.timezone = timezone
        self.gap: Gap = gap
        self.fold: Fold = fold
        self.days: DayMode = days
        self.seed = seed
        self._rule: Rule | None = None
        if seed is None and any(map(is_hashed, texts)):
            self._check_unbound()
        else:
            self._rule = self._build("UTC" if timezone is None else timezone)
        schedules.BaseSchedule.__init__(self)

    def _check_unbound(self) -> None:
        for text in self.texts:
            parse(text, None, self.days)
        if self.timezone is not None:
            zone(self.timezone)

    @property
    def rule(self) -> Rule:
        """The rule of the one expression, or the union of several.

        Raises:
            ScheduleError: An expression holds `H`, and the entry's name is not known yet.
        """
        if self._rule is None:
            raise ScheduleError(unbound(repr(self), "H"))
        return self._rule

    @property
    def tz(self) -> tzinfo:
        """The zone whose wall clock is meant: its own, else the app's (as Celery's `crontab`)."""
        return self.app.timezone if self.timezone is None else ZoneInfo(self.timezone)

    def _rule_for_celery(self) -> Rule:
        """Return the rule; in the app's zone where nothing has bound the schedule to one."""
        if self.timezone is not None or self._rule is None:
            return self.rule
        name = zone_name(self.app.timezone)
        if self._in_app_zone is None or self._in_app_zone[0] != name:
            self._in_app_zone = (name, _in_zone(self._rule, name))
        return self._in_app_zone[1]

    def _stale(self, rule: Rule, now_ms: int) -> bool:
        deadline = self.app.conf.beat_cron_starting_deadline
        latest = rule.previous(now_ms + 1)
        return deadline is not None and latest is not None and now_ms - latest > deadline * 1000

    # Celery's attributes, for tools that read a `crontab` (Sentry, RedBeat, Flower): those of
    # the first expression, as far as five fields can say it. See `foreign.py`.

    @property
    def _first(self) -> Expression:
        return parse(self.texts[0], self.seed, self.days)

    @property
    def _written(self) -> list[str]:
        return written(self.texts[0], self.seed)

    minute = property(lambda self: set(self._first.minute.values))
    hour = property(lambda self: set(self._first.hour.values))
    day_of_month = property(lambda self: set(self._first.day.values))
    month_of_year = property(lambda self: set(self._first.month.values))
    day_of_week = property(lambda self: set(self._first.weekday.values))
    _orig_minute = property(lambda self: self._written[0])
    _orig_hour = property(lambda self: self._written[1])
    _orig_day_of_month = property(lambda self: self._written[2])
    _orig_month_of_year = property(lambda self: self._written[3])
    _orig_day_of_week = property(lambda self: self._written[4])

    def _build(self, timezone: str) -> Rule:
        rules = tuple(
            CronRule(text, timezone, self.gap, self.fold, self.days, self.seed)
            for text in self.texts
        )
        return rules[0] if len(rules) == 1 else UnionRule(rules)

    def bound(self, timezone: str, name: str) -> cron:
        """Return a copy with the zone and the hash that were missing; itself where none was."""
        if self._rule is None:
            options = self._options() | {"seed": stable_hash(name)}
            return cron(*self.texts, **{"timezone": timezone, **options})
        if self.timezone is not None:
            return self
        copy = object.__new__(cron)
        copy.__dict__.update(
            self.__dict__, timezone=timezone, _rule=_in_zone(self._rule, timezone), _app=None
        )
        return copy

    def describe(self) -> str:
        """Return the schedule in plain English, such as `at 04:00 every day (Europe/Berlin)`."""
        zone = self.timezone or "the app's time zone"
        if self._rule is None:
            quoted = " and ".join(map(repr, self.texts))
            return f"by cron {quoted}, where the entry's name decides H ({zone})"
        texts = (describe_cron(text, self.seed, self.days) for text in self.texts)
        return f"{'; and '.join(texts)} ({zone})"

    def to_json(self) -> dict[str, Any]:
        """Return the definition, ready for `json.dumps`."""
        return {"kind": "cron", "texts": list(self.texts), **self._options()}

    def _options(self) -> dict[str, Any]:
        defaults = {"timezone": None, "gap": "run", "fold": "first", "days": "or", "seed": None}
        pairs = ((name, getattr(self, name)) for name in defaults)
        return {name: value for name, value in pairs if value != defaults[name]}

    def _definition(self) -> tuple[object, ...]:
        return self.texts, self.timezone, self.gap, self.fold, self.days, self.seed

    def __repr__(self) -> str:
        options = (f"{name}={value!r}" for name, value in self._options().items())
        return f"cron({', '.join([*map(repr, self.texts), *options])})"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> cron:
        """Read what `to_json` wrote."""
        options = {name: data[name] for name in data if name not in ("kind", "texts")}
        return cls(*data["texts"], **options)


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        choices = " or ".join(map(repr, known))
        raise ScheduleError(f"{name} is {value!r}, expected {choices}\n  write {name}={known[0]!r}")


def _in_zone(rule: Rule, timezone: str) -> Rule:
    if isinstance(rule, UnionRule):
        return UnionRule(tuple(_in_zone(one, timezone) for one in rule.rules))
    return rule.in_zone(timezone) if isinstance(rule, CronRule) else rule
