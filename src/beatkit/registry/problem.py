"""How a problem with an entry reads: what is wrong, where it was declared, what to write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from beatkit.entry import Source
from beatkit.errors import DeclarationError
from beatkit.settings.redaction import redact


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one entry.

    Attributes:
        what: The subject, the offending value by repr, what was expected. Further lines
            point into it.
        write: What to write instead.
    """

    what: str
    write: str

    @classmethod
    def from_error(cls, error: Exception) -> Problem:
        """Take over an error's text, whose last line is the remedy unless it is the first."""
        what, _, last = str(error).rpartition("\n")
        return cls(what, last.strip()) if what else cls(str(error), "")


def render(problem: Problem, *, entry: str, source: Source | None, where: str = "") -> str:
    """Return the whole message about one problem of one entry.

    Args:
        problem: What is wrong.
        entry: The entry's name, as far as it is known.
        source: Where a decorator declared it.
        where: Where it came from if no decorator did, such as "beat_schedule".
    """
    lines = [f"Entry {entry!r}: {problem.what}"]
    if source or where:
        lines.append(f"  declared in {source or where}")
    if problem.write:
        lines.append(f"  {problem.write}")
    return "\n".join(lines)


def shown(value: object, name: str = "") -> str:
    """Return a value's repr with every secret in it hidden.

    Args:
        value: Anything that a message quotes.
        name: Its key, if it has one; some keys say that the value is a secret.
    """
    return repr(redact(value, name))


def error_listing(messages: Iterable[str]) -> DeclarationError:
    """Return one error that lists all messages."""
    listed = list(messages)
    if len(listed) == 1:
        return DeclarationError(listed[0])
    return DeclarationError(f"{len(listed)} problems in the schedule\n\n" + "\n\n".join(listed))
