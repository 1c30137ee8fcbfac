"""What the value of a setting may be: one converter for each kind of value.

A converter takes what the user wrote, often text from the environment, and returns what
Celery should get, or raises `Unfit`, which says what was expected. Celery itself checks
nothing: 'false' is true to it, '4' a pool size that fails at the first publish.
"""

from __future__ import annotations

import json
import logging
import re
import ssl
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import is_dataclass
from datetime import timedelta
from typing import Any

from beatkit.settings.problems import Flaw, Unfit
from beatkit.settings.urls import redact

_TRUE = frozenset({"true", "yes", "on", "1", "t", "y"})
_FALSE = frozenset({"false", "no", "off", "0", "f", "n"})
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2})")
_ISO = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.IGNORECASE,
)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt])(i?)b?", re.IGNORECASE)
_CERTIFICATES = {"CERT_REQUIRED": "required", "CERT_OPTIONAL": "optional", "CERT_NONE": "none"}
_RATE = re.compile(r"\d+(\.\d+)?(/[smh])?")


def shown(value: object, width: int = 70) -> str:
    """Return the value's repr for a message: redacted, on one line, not too long."""
    text = repr(redact(value))
    return text if len(text) <= width else f"{text[: width - 4]} ..."


def unfit(value: object, expected: str, remedy: str = "") -> Unfit:
    """Return the error of a value that is not what was expected."""
    return Unfit(Flaw(f"is {shown(value)}, expected {expected}", remedy=remedy))


def plain(value: Any) -> Any:
    """Unwrap pydantic's secrets and URLs, and trim text: ' True ' is 'True'."""
    reveal = getattr(value, "get_secret_value", None)
    if callable(reveal):
        value = reveal()
    if type(value).__module__.startswith("pydantic") and hasattr(value, "unicode_string"):
        value = str(value)
    if type(value) is list or type(value) is tuple:
        return type(value)(plain(item) for item in value)
    return value.strip() if isinstance(value, str) else value


def flag(value: Any) -> bool:
    """True or false; the usual words for them; 0 and 1."""
    value = plain(value)
    word = value.lower() if isinstance(value, str) else value
    if isinstance(word, int | float) and word in (True, False):
        return bool(word)
    if isinstance(word, str) and word in _TRUE | _FALSE:
        return word in _TRUE
    raise unfit(value, "true or false")


def number(value: Any) -> float:
    """Any finite or infinite number, or text that is one."""
    value = plain(value)
    if isinstance(value, str):
        with suppress(ValueError):
            value = int(value) if re.fullmatch(r"[+-]?\d+", value) else float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise unfit(value, "a number")
    return value


def whole(
    least: int, most: int | None = None, words: Collection[str] = (), expected: str = ""
) -> Callable[[Any], Any]:
    """Return the converter of whole numbers between `least` and `most`, or given words."""
    limit = f"of at least {least}" if most is None else f"from {least} to {most}"
    named = "".join(f" or {word!r}" for word in words)
    expected = expected or f"a whole number {limit}{named}"

    def convert(value: Any) -> Any:
        value = plain(value)
        if isinstance(value, str) and value in words:
            return value
        try:
            amount = number(value)
        except Unfit:
            raise unfit(value, expected) from None
        if amount % 1 or amount < least or (most is not None and amount > most):
            raise unfit(value, expected)
        return int(amount)

    return convert


def seconds(value: Any) -> float:
    """A duration in seconds: a number, a timedelta, ISO 8601 (PT1H) or a clock (1:30:00)."""
    value = plain(value)
    amount: Any = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(amount, str):
        amount = _duration(amount)
    try:
        amount = number(amount)
    except Unfit:
        amount = -1
    if amount < 0:
        raise unfit(
            value,
            "a duration: a number of seconds from 0 upwards, a timedelta, "
            "or text like '90', 'PT1H30M', '1:30:00'",
        )
    return int(amount) if amount not in (float("inf"),) and amount % 1 == 0 else float(amount)


def _duration(text: str) -> Any:
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, secs = (int(part or 0) for part in clock.groups())
        return hours * 3600 + minutes * 60 + secs
    iso = _ISO.fullmatch(text)
    if iso and any(iso.groups()):
        parts = {unit: float(amount) for unit, amount in iso.groupdict(default="0").items()}
        return timedelta(**parts).total_seconds()
    return text


def kibibytes(value: Any) -> int:
    """A whole number of kibibytes. A size with a unit is refused: its meaning is unsure."""
    value = plain(value)
    size = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if size:
        amount, unit, binary = size.groups()
        power = "kmgt".index(unit.lower()) + 1
        bytes_ = float(amount) * (1024 if binary else 1000) ** power
        raise unfit(value, "a number of kibibytes without a unit", f"write {round(bytes_ / 1024)}")
    return int(whole(1, expected="a whole number of kibibytes, at least 1")(value))


def text(value: Any) -> str:
    """Text. Numbers become text; paths too."""
    value = plain(value)
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if hasattr(value, "__fspath__"):
        return str(value.__fspath__())
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise unfit(value, "text")
    return str(value)


def password(value: Any) -> Any:
    """Text or bytes."""
    value = plain(value)
    if not isinstance(value, str | bytes):
        raise Unfit(Flaw(f"is a {type(value).__name__}, expected text or bytes"))
    return value


def one_of(*choices: Any) -> Callable[[Any], Any]:
    """Return the converter of a closed list of words or numbers."""

    def convert(value: Any) -> Any:
        value = plain(value)
        for choice in choices:
            if str(value).lower() == str(choice).lower() and not isinstance(value, bool):
                return choice
        raise unfit(value, " or ".join(map(repr, choices)))

    return convert


def names(value: Any) -> list[str]:
    """A list of names; text with commas, or a JSON list, is one too."""
    value = plain(value)
    if isinstance(value, str):
        value = _json(value, list) if value.startswith("[") else value.split(",")
    if not isinstance(value, Iterable) or isinstance(value, Mapping | bytes):
        raise unfit(value, "a list of names")
    found = list(value)
    if not all(isinstance(item, str) for item in found):
        raise unfit(value, "a list of names")
    stripped = [item.strip() for item in found]
    return [item for item in stripped if item]


def options(value: Any) -> dict[str, Any]:
    """A mapping; JSON text of one is one too."""
    value = plain(value)
    if isinstance(value, str) and value.startswith("{"):
        value = _json(value, dict)
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        value = dump()
    if not isinstance(value, Mapping):
        raise unfit(value, "a mapping")
    return dict(value)


def _json(source: str, shape: type) -> Any:
    what = "list" if shape is list else "mapping"
    try:
        value = json.loads(source)
    except ValueError:
        raise unfit(source, f"a {what}, as JSON") from None
    if not isinstance(value, shape):
        raise unfit(source, f"a {what}, as JSON")
    return value


def tls(value: Any) -> Any:
    """A mapping of certificate options, or true or false."""
    value = plain(value)
    if isinstance(value, Mapping) or (isinstance(value, str) and value.startswith("{")):
        found = options(value)
        wanted = found.get("ssl_cert_reqs")
        if isinstance(wanted, str):  # CERT_... is Celery's spelling, which redis-py refuses
            found["ssl_cert_reqs"] = _CERTIFICATES.get(wanted, wanted)
        wanted = found.get("cert_reqs")
        if isinstance(wanted, str):  # AMQP's name for it, of which text is a TypeError
            mode = _CERTIFICATES.get(wanted, wanted).upper()
            found["cert_reqs"] = getattr(ssl, f"CERT_{mode}", wanted)
        return found
    try:
        return flag(value)
    except Unfit:
        raise unfit(value, "a mapping of certificate options, or true or false") from None


def rate(value: Any) -> Any:
    """Runs per second, minute or hour: 10, "10/s", "10/m", "10/h"."""
    value = plain(value)
    if isinstance(value, str) and _RATE.fullmatch(value):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return value
    expected = "a rate like '10/s', '100/m' or '1000/h'"
    raise unfit(value, expected, "the unit after the slash is s, m or h")


def reference(value: Any) -> Any:
    """A name or dotted path, a class, or another object that Celery takes instead."""
    value = plain(value)
    if isinstance(value, str) or callable(value) or is_dataclass(value):
        return value
    if isinstance(value, bool | int | float | Mapping | Sequence):
        raise unfit(value, "a name, a dotted path or a class")
    return value


def identity(value: Any) -> Any:
    """A user or group: its name or number."""
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise unfit(value, "a name or a number")
    return value


def mode(value: Any) -> Any:
    """A file mode mask: a number, or octal digits as text."""
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise unfit(value, "a file mode mask like 0o022 or '022'")
    if isinstance(value, str) and not re.fullmatch(r"(0o)?[0-7]{1,4}", value):
        raise unfit(value, "a file mode mask like 0o022 or '022'")
    return value


def level(value: Any) -> Any:
    """A log level: its name or number."""
    value = plain(value)
    known = logging.getLevelNamesMapping()
    if isinstance(value, str) and value.upper() in known:
        return value.upper()
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise unfit(value, f"a log level: {', '.join(known)}")
