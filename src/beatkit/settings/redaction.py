"""Hide secrets, by the shape of a value first and by its name second.

Looking at names alone leaks: Celery's own report prints the password of every broker URL
under a namespace. So whatever looks like `user:password@`, `password=...` or a query
parameter of that kind is hidden wherever it stands: in lists, mappings, broken URLs. A
broken URL hides too much rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MASK = "***"

_SECRET_WORD = (
    r"password|passwd|passphrase|pass|pwd|secret|token|credential|credentials|"
    r"secret_?(?:access_?)?key|access_?key|account_?key|api_?key|private_?key|"
    r"shared_?access_?(?:key|signature)|sig|auth"
)
_SECRET_NAME = re.compile(rf"(?:^|.*[_\-. ])(?:{_SECRET_WORD})$", re.IGNORECASE)
_PAIR = re.compile(
    rf"""(?<![A-Za-z])((?:[A-Za-z0-9]+[_-])*(?:{_SECRET_WORD})["']?\s*[=:]\s*["']?)([^;&\s"',}}]+)""",
    re.IGNORECASE,
)
_NEXT_URL = re.compile(r"([;,\s]+)(?=[A-Za-z][\w+.\-]*://)")
# redis://cache:secret/0 forgot the @: what stands where a port should and is none.
_NO_PORT = re.compile(r"(//[^/:?#\[\]\s]*:)(?!\d{1,5}(?:[/?#;,\s]|$))[^/?#\s]+")
_SCHEME = re.compile(r"(.*?[A-Za-z][\w+.\-]*:/{1,2})(.*)", re.DOTALL)


class Masked(str):
    """Text that holds a secret: works as text everywhere, and shows none in its repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(redact(str(self)))

    def __reduce__(self) -> tuple[type[Masked], tuple[str]]:
        return Masked, (str(self),)


class Secret(Masked):
    """Text that is a secret from end to end."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)

    def __reduce__(self) -> tuple[type[Masked], tuple[str]]:
        return Secret, (str(self),)


def redact(value: Any, name: str = "") -> Any:
    """Return the value with every secret in it replaced by `***`.

    Mappings and sequences keep their shape; an object that is none of the known kinds
    becomes its repr, redacted.

    Args:
        value: Anything.
        name: The value's key, if it has one: "redis_password" hides all of it.
    """
    if name and is_secret_name(name) and value is not None and not isinstance(value, bool):
        return MASK
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | bytes):
        text = value if isinstance(value, str) else value.decode(errors="replace")
        return MASK if isinstance(value, Secret) else _text(str(text))
    if isinstance(value, Mapping):
        return {redact(key): redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = (redact(item) for item in value)
        plain = next(kind for kind in (list, tuple, set, frozenset) if isinstance(value, kind))
        return plain(items)
    return _Shown(_text(repr(value)))


def brief(name: str, value: Any) -> str:
    """Return a setting's value for a listing: its repr, redacted.

    Of a schedule only the names of entries are shown: it is long, and arguments may hold
    anything.
    """
    if name == "beat_schedule" and isinstance(value, Mapping):
        return f"{{{', '.join(f'{entry!r}: ...' for entry in value)}}}"
    return repr(redact(value, name))


class _Shown(str):
    """The repr of an object, which is shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a value under this key is a secret from end to end."""
    return _SECRET_NAME.match(name) is not None


def guard(value: Any, name: str = "") -> Any:
    """Return the value with the same content, whose repr shows no secret.

    Text with a secret becomes a `Masked` or `Secret` string; mappings and lists are
    copied; all else stays as it is.
    """
    if isinstance(value, str) and value:
        if name and is_secret_name(name):
            return Secret(value)
        return Masked(value) if type(value) is str and _text(value) != value else value
    if type(value) is dict:
        return {key: guard(item, str(key)) for key, item in value.items()}
    if type(value) is list or type(value) is tuple:
        return type(value)(guard(item) for item in value)
    return value


def _text(text: str) -> str:
    # Every shape of a secret has one of these; a schedule of 100,000 entries has few.
    if "@" not in text and "=" not in text and ":" not in text:
        return text
    pieces = _NEXT_URL.split(text)
    return "".join(piece if index % 2 else _url(piece) for index, piece in enumerate(pieces))


def _url(text: str) -> str:
    found = _SCHEME.match(text)
    if found and "@" in found[2]:
        start, rest = found[1], found[2]
        userinfo, _, host = rest.rpartition("@")
        return f"{start}{_userinfo(userinfo)}@{_PAIR.sub(_hide, host)}"
    if found:
        return _PAIR.sub(_hide, _NO_PORT.sub(rf"\1{MASK}", text))
    if "@" in text and ":" in text[: text.rindex("@")]:
        return f"{MASK}@{text[text.rindex('@') + 1 :]}"
    return _PAIR.sub(_hide, text)


def _userinfo(userinfo: str) -> str:
    user, colon, _ = userinfo.partition(":")
    # Without a colon the only part may be a password, misplaced: a usual slip with Redis.
    broken = re.search(r"[/?#@]", user)
    return MASK if not colon or broken else f"{user}:{MASK}"


def _hide(pair: re.Match[str]) -> str:
    return f"{pair[1]}{MASK}"
