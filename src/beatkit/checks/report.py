"""What `check` answers: findings, each with its severity, its place and its remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from beatkit.entry import Entry, Source

Severity = Literal["error", "warning", "note"]

Rule = Literal[
    "unknown-task",
    "duplicate-name",
    "arguments",
    "serialisation",
    "declaration",
    "never-fires",
    "schedule-raises",
    "every-minute",
    "both-days",
    "uneven-step",
    "all-hours",
    "misread",
    "clock-change",
    "elapsed-days",
    "no-deadline",
    "jitter-past-deadline",
    "overlapping",
    "redelivered",
    "own-publishing",
    "store",
    "unknown-queue",
    "crowd",
    "eager",
    "dropped",
    "two-spellings",
    "shared-registry",
    "policy-unused",
    "flattened",
    "setting",
]
"""Names of what is looked for; docs/how-to/check-in-ci.md says what each finds."""

ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}

_NAMED = re.compile(r"Entry '([^']*)'")
_PLACE = re.compile(r"(.*?), line (\d+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a schedule, or worth knowing about it.

    Attributes:
        rule: What was looked for; these names stay.
        severity: "error": it cannot work as it stands. "warning": it works, and probably not
            as meant. "note": it works as said, and may surprise.
        message: What is wrong, with the value; begins with the entry where there is one.
        remedy: What to write instead; "" where the message says it.
        entry: The entry's name; None for what concerns the whole schedule.
        source: Where the entry was declared; None for settings.
        owner: Of the entry: "code", or "runtime" for one that was added while running.
    """

    rule: Rule
    severity: Severity
    message: str
    remedy: str = ""
    entry: str | None = None
    source: Source | None = None
    owner: Literal["code", "runtime"] = "code"

    def __str__(self) -> str:
        place = f"{self.source.file}:{self.source.line}: " if self.source else ""
        if self.owner == "runtime":
            place = "runtime-owned: "
        lines = [f"{self.severity}: {self.message}", f"  {place}{self.rule}"]
        return "\n".join(lines + [f"  {self.remedy}"] * bool(self.remedy))


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about one app, the gravest first.

    Attributes:
        findings: In order: by severity, then by entry.
        entries: How many entries were looked at.
    """

    findings: tuple[Finding, ...]
    entries: int

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings and notes there may be."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that cannot work as they stand."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that probably do not work as meant."""
        return self._of("warning")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that may surprise."""
        return self._of("note")

    def _of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == severity)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.findings), self.summary])

    @property
    def summary(self) -> str:
        """One line: `12 entries: 1 error, 2 warnings, 0 notes`."""
        counts = (
            ("error", len(self.errors)),
            ("warning", len(self.warnings)),
            ("note", len(self.notes)),
        )
        listed = ", ".join(f"{count} {word}{'s' * (count != 1)}" for word, count in counts)
        return f"{self.entries} {'entry' if self.entries == 1 else 'entries'}: {listed}"


def about(entry: Entry, rule: Rule, severity: Severity, what: str, remedy: str = "") -> Finding:
    """Return a finding about one entry; `what` goes on after `Entry 'x': `."""
    return Finding(
        rule, severity, f"Entry {entry.name!r}: {what}", remedy, entry.name, entry.source
    )


def from_message(message: str, rule: Rule, severity: Severity = "error") -> Finding:
    """Take a whole message of the registry apart: subject, place, remedy."""
    subject, marker, rest = message.partition("\n  declared in ")
    if not marker:
        subject, _, rest = message.partition("\n  ")
        return Finding(rule, severity, subject, rest.strip())
    place, _, remedy = rest.partition("\n")
    where = _PLACE.match(place)
    named = _NAMED.match(subject)
    _, twice, elsewhere = place.partition(", and in ")
    return Finding(
        rule,
        severity,
        f"{subject}; the other one stands in {elsewhere}" if twice else subject,
        remedy.strip(),
        named and named[1],
        Source(where[1], int(where[2])) if where else None,
    )
