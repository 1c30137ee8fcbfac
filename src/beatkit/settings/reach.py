"""What a look at a server found: `Reach`, and the error it can be turned into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from beatkit.errors import BeatkitError

__all__ = ["Reach", "Stage", "Unreachable"]

Stage = Literal["off", "settings", "connect", "read", "write"]
"""How far a look got, or where it failed; "off": there is nothing to look at."""


class Unreachable(BeatkitError, ConnectionError):
    """A broker or result backend cannot be used now: away, silent, or it refuses."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a look at a server found.

    Attributes:
        what: "broker" or "result backend".
        url: Its URL without secrets.
        source: The setting that names it.
        ok: It can be used, as far as was looked.
        stage: The last stage that was passed if `ok`, else the one that failed: "settings"
            (the URL cannot work; nothing was sent), "connect" (TLS and login included),
            "read" or "write".
        elapsed: Seconds from the start of the look to its end.
        server: The server's name and version, as in "valkey 9.0.1"; "" where it does not say.
        said: What is wrong; "" if nothing is.
        hint: What to do about it; also what else is worth knowing if `ok`.
    """

    what: str
    url: str
    source: str
    ok: bool
    stage: Stage
    elapsed: float
    server: str = ""
    said: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """Say it to people: one sentence, then its source and the remedy."""
        lines = [self.sentence]
        if not self.ok and self.stage != "settings":
            lines.append(f"  from {self.source}")
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)

    @property
    def sentence(self) -> str:
        """What was found, in one sentence without a full stop."""
        name = self.what[0].upper() + self.what[1:]
        if self.stage == "off":
            return f"{name}: there is none, so results are dropped"
        if self.stage == "settings":
            return f"{self.source} {self.said}"
        if not self.ok:
            return f"{name} {self.url!r} {self.said}"
        by = f" ({self.server})" if self.server else ""
        able = {"read": " and can be read", "write": " and can be written to"}
        return f"{name} {self.url!r}{by} answers{able.get(self.stage, '')}"

    def raise_for_status(self) -> None:
        """Return if it can be used.

        Raises:
            Unreachable: It cannot. The message is the text of this object.
        """
        if not self.ok:
            raise Unreachable(str(self))
